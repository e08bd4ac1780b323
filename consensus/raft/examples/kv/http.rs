//! What clients may ask.
//!
//! 503 says that nothing was done and nothing will be; 504 that nobody knows.

mod members;
mod values;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use raft::NodeId;
use raft::core::{RoleName, TransferError, Why};
use raft::node::{ProposeError, ReadError};
use raft::storage::Meter;
use raft::transport::Wire;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::any::Node;
use crate::command::{Command, Place};
use crate::store::{Outcome, Places, Store};

/// Whoever waits longer for a write is told that nobody knows.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many requests wait for the cluster at once; the next are turned away.
pub(crate) const AT_ONCE: usize = 512;

/// So many KiB of bodies are held at once; who brings more is turned away.
pub(crate) const BODIES: usize = 256 << 10;

/// All that an answer is made from.
pub(crate) struct App {
    pub(crate) id: NodeId,
    pub(crate) own: Place,
    /// As the command line has them.
    pub(crate) founders: Places,
    pub(crate) node: Arc<Node>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) meter: Meter,
    pub(crate) room: Semaphore,
    /// For the bodies of requests, in KiB.
    pub(crate) bodies: Semaphore,
}

type Shared = State<Arc<App>>;

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .route("/backup", get(backup))
        .route("/members", post(members::add))
        .route("/members/{id}", delete(members::remove))
        .route("/transfer/{id}", post(transfer))
        .fallback(values::any)
        .with_state(app)
}

/// Has something done that waits, beside the threads that serve connections.
async fn wait<R: Send + 'static>(
    app: &Arc<App>,
    act: impl FnOnce(&App) -> R + Send + 'static,
) -> Result<R, Response> {
    let Ok(_room) = app.room.try_acquire() else {
        return Err(later("too many requests wait; try again"));
    };
    let inner = Arc::clone(app);
    spawn_blocking(move || act(&inner)).await.map_err(|_| unknown())
}

impl App {
    fn propose(&self, command: &Command) -> Result<Outcome, ProposeError> {
        self.node.propose(command.encode(), PATIENCE)
    }

    /// Where a node is found, as the log says, or the command line.
    fn place(&self, id: NodeId) -> Option<Place> {
        let places = self.node.read_stale(|store| store.places().clone()).unwrap_or_default();
        let founder = || self.founders.get(&id).cloned();
        let mut place = places.get(&id).map_or_else(founder, |placed| placed.place.clone());
        if let (Some(place), Some(http)) = (&mut place, self.wire.info(id)) {
            place.http = http;
        }
        if id == self.id { Some(self.own.clone()) } else { place }
    }

    /// Ask the leader; or later, while there is none.
    fn elsewhere(&self, leader: Option<NodeId>, uri: &Uri) -> Response {
        let place = leader.filter(|id| *id != self.id).and_then(|id| self.place(id));
        match place.filter(|place| !place.http.is_empty()) {
            Some(Place { http, .. }) => {
                let location = format!("http://{http}{uri}");
                (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()
            }
            None => later("no leader is known; try again"),
        }
    }

    /// What a client is told whose command has no answer.
    fn failed(&self, error: &ProposeError, uri: &Uri) -> Response {
        match error {
            ProposeError::Dropped(dropped) => match dropped.why {
                Why::NotLeader { leader } => self.elsewhere(leader, uri),
                why => later(&why.to_string()),
            },
            ProposeError::Superseded => later("another write was committed in its place"),
            ProposeError::Unknown => unknown(),
        }
    }

    fn unread(&self, error: ReadError, uri: &Uri) -> Response {
        match error {
            ReadError::NotLeader { leader } => self.elsewhere(leader, uri),
            ReadError::Lost => later("the lead was lost; try again"),
        }
    }
}

fn plain(status: StatusCode, text: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], format!("{text}\n")).into_response()
}

/// It was not done, and will not be.
fn later(text: &str) -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    response
}

/// Nobody knows whether it was done, or will be.
fn unknown() -> Response {
    plain(
        StatusCode::GATEWAY_TIMEOUT,
        "nobody knows whether it was done: read before you repeat it",
    )
}

async fn transfer(State(app): Shared, uri: Uri, Path(id): Path<NodeId>) -> Response {
    let done = wait(&app, move |app| match app.node.transfer(id) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(TransferError::NotLeader { leader }) => app.elsewhere(leader, &uri),
        Err(error) => plain(StatusCode::CONFLICT, &error.to_string()),
    });
    done.await.unwrap_or_else(|refused| refused)
}

fn role(role: RoleName) -> &'static str {
    match role {
        RoleName::Follower => "follower",
        RoleName::Candidate => "candidate",
        RoleName::Leader => "leader",
        RoleName::Learner => "learner",
    }
}

async fn status(State(app): Shared) -> Response {
    wait(&app, App::describe).await.map_or_else(
        |refused| refused,
        |text| ([(header::CONTENT_TYPE, "application/json")], Body::from(text)).into_response(),
    )
}

/// As of now: every write that was answered before is in it.
async fn backup(State(app): Shared, uri: Uri) -> Response {
    let told = wait(&app, move |app| {
        let told = app.node.read(Store::backup).map_err(|error| app.unread(error, &uri))?;
        Ok::<_, Response>(crate::backup::pack(&told))
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    match told.await {
        Ok(Ok(bytes)) => (kind, bytes).into_response(),
        Ok(Err(refused)) | Err(refused) => refused,
    }
}

async fn metrics(State(app): Shared) -> Response {
    wait(&app, App::measure).await.map_or_else(
        |refused| refused,
        |text| ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
    )
}

impl App {
    fn describe(&self) -> String {
        let Some(status) = self.node.status() else {
            return json!({ "id": self.id, "role": "stopped" }).to_string();
        };
        let peers = status.members.nodes().into_iter().map(|id| {
            let place = self.place(id).unwrap_or(Place { raft: String::new(), http: String::new() });
            let matched = if id == self.id { Some(status.last.index) } else { None };
            let matched = matched.or_else(|| status.matched.get(&id).copied());
            let voter = status.members.is_voter(id);
            json!({ "id": id, "raft": place.raft, "http": place.http, "match": matched, "voter": voter })
        });
        let all = json!({
            "id": self.id,
            "role": role(status.role),
            "term": status.term,
            "leader": status.leader,
            "commit": status.commit,
            "applied": status.applied,
            "last_index": status.last.index,
            "peers": peers.collect::<Vec<Value>>(),
        });
        format!("{all}\n")
    }

    /// The text form of Prometheus.
    fn measure(&self) -> String {
        let counts = self.meter.counts();
        let status = self.node.status();
        let of = |field: fn(&raft::node::Status) -> u64| status.as_ref().map_or(0, field);
        let roles = ["follower", "candidate", "leader", "learner"].map(|name| {
            let is = status.as_ref().is_some_and(|status| role(status.role) == name);
            format!("raft_role{{role=\"{name}\"}} {}\n", u8::from(is))
        });
        let guests = self.wire.guests();
        let waiting = AT_ONCE - self.room.available_permits();
        let keys = self.node.read_stale(Store::len).unwrap_or(0);
        let figures = [
            ("raft_up", "gauge", f64::from(u8::from(status.is_some()))),
            ("raft_term", "counter", of(|it| it.term) as f64),
            ("raft_commit_index", "counter", of(|it| it.commit) as f64),
            ("raft_applied_index", "counter", of(|it| it.applied) as f64),
            ("raft_uncommitted_entries", "gauge", of(|it| it.last.index - it.commit) as f64),
            ("raft_unapplied_entries", "gauge", of(|it| it.commit - it.applied) as f64),
            ("raft_fsyncs_total", "counter", counts.syncs as f64),
            ("raft_fsync_seconds_total", "counter", counts.syncing.as_secs_f64()),
            ("raft_connections_in", "gauge", (guests.0 + guests.1) as f64),
            ("kv_requests_waiting", "gauge", waiting as f64),
            ("kv_keys", "gauge", keys as f64),
        ];
        let line = |(name, kind, value): (&str, &str, f64)| {
            format!("# TYPE {name} {kind}\n{name} {value}\n")
        };
        let figures: String = figures.into_iter().map(line).collect();
        format!("{figures}# TYPE raft_role gauge\n{}", roles.concat())
    }
}
