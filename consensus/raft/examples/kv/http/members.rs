//! Who takes part.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use raft::NodeId;
use raft::core::ChangeRefused;
use raft::membership::Change;
use serde_json::Value;

use super::{App, Shared, later, plain, wait};
use crate::command::{Command, Place};

/// A learner that has not caught up by then stays one; ask again.
const CATCH_UP: Duration = Duration::from_mins(1);
/// So long somebody who left is told so. Whoever is down hears it when it comes back, from nobody.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// A learner that lacks no more entries than this becomes a voter.
const NEAR: u64 = 64;

/// `POST /members` with `{"id": 4, "raft": "host:port", "http": "host:port"}`.
pub(crate) async fn add(State(app): Shared, uri: Uri, body: Bytes) -> Response {
    let Some((id, place)) = parse(&body) else {
        let form = "send {\"id\": 4, \"raft\": \"HOST:PORT\", \"http\": \"HOST:PORT\"}";
        return plain(StatusCode::BAD_REQUEST, form);
    };
    let done = wait(&app, move |app| app.take_in(id, &place, &uri).err());
    done.await.map_or_else(|refused| refused, |refused| refused.unwrap_or_else(ok))
}

/// `DELETE /members/ID`.
pub(crate) async fn remove(State(app): Shared, uri: Uri, Path(id): Path<NodeId>) -> Response {
    let done = wait(&app, move |app| app.let_go(id, &uri).err());
    done.await.map_or_else(|refused| refused, |refused| refused.unwrap_or_else(ok))
}

fn moved(id: NodeId, at: &Place) -> Response {
    let raft = &at.raft;
    let text = format!("node {id} takes part at {raft}: let it go before you take it in elsewhere");
    plain(StatusCode::CONFLICT, &text)
}

fn ok() -> Response {
    StatusCode::OK.into_response()
}

fn parse(body: &[u8]) -> Option<(NodeId, Place)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let address = |name: &str| {
        let address = body.get(name)?.as_str()?;
        let port = address.rsplit_once(':')?.1.parse::<u16>().ok()?;
        (port > 0).then(|| address.to_owned())
    };
    let id = body.get("id")?.as_u64().filter(|id| *id > 0)?;
    Some((id, Place { raft: address("raft")?, http: address("http")? }))
}

impl App {
    /// First the others must know where it is, then it gets the log, and in the end a vote.
    fn take_in(&self, id: NodeId, place: &Place, uri: &Uri) -> Result<(), Response> {
        let known = self.node.read(|store| store.places().clone());
        let known = known.map_err(|error| self.unread(error, uri))?;
        if let Some(at) = self.place(id).filter(|_| self.is_voter(id)) {
            return if at.raft == place.raft { Ok(()) } else { Err(moved(id, &at)) };
        }
        let founders = self.founders.keys().filter(|id| !known.contains_key(id));
        let unknown = founders.filter_map(|id| Some((*id, self.place(*id)?)));
        for (id, place) in unknown.chain([(id, place.clone())]) {
            self.say(&Command::Place { id, place: Some(place) }, uri)?;
        }
        if !self.is_member(id) {
            self.alter(Change::Learner(id), uri)?;
        }
        let end = Instant::now() + CATCH_UP;
        while !self.has_caught_up(id) {
            if Instant::now() > end {
                return Err(later("it is a learner and has not caught up yet; ask again"));
            }
            look_again_soon();
        }
        self.alter(Change::Voter(id), uri)
    }

    fn let_go(&self, id: NodeId, uri: &Uri) -> Result<(), Response> {
        self.alter(Change::Remove(id), uri)?;
        let end = Instant::now() + LAST_WORDS;
        while self.is_being_told(id) && Instant::now() < end {
            look_again_soon();
        }
        // Whoever leads after its own removal says so.
        self.say(&Command::Place { id, place: None }, uri)
            .or_else(|refused| if id == self.id { Ok(()) } else { Err(refused) })
    }

    fn is_voter(&self, id: NodeId) -> bool {
        self.node.status().is_some_and(|status| status.members.is_voter(id))
    }

    fn is_member(&self, id: NodeId) -> bool {
        self.node.status().is_some_and(|status| status.members.contains(id))
    }

    /// The leader forgets who left when it knows that.
    fn is_being_told(&self, id: NodeId) -> bool {
        self.node.status().is_some_and(|status| status.matched.contains_key(&id))
    }

    /// Nothing of its log is known to match as long as it has not answered: however short the log is, who
    /// is not there gets no vote.
    fn has_caught_up(&self, id: NodeId) -> bool {
        let is_near = |matched: u64, last| matched > 0 && matched + NEAR > last;
        self.node.status().is_some_and(|status| {
            status.matched.get(&id).is_some_and(|matched| is_near(*matched, status.last.index))
        })
    }

    fn say(&self, command: &Command, uri: &Uri) -> Result<(), Response> {
        self.propose(command).map(drop).map_err(|error| self.failed(&error, uri))
    }

    fn alter(&self, change: Change, uri: &Uri) -> Result<(), Response> {
        let changed = self.node.change(change).map_err(|refused| match refused {
            ChangeRefused::NotLeader { leader } => self.elsewhere(leader, uri),
            ChangeRefused::TooSoon | ChangeRefused::HandingOver => later(&refused.to_string()),
            ChangeRefused::Busy | ChangeRefused::Never(_) => {
                plain(StatusCode::CONFLICT, &refused.to_string())
            }
        })?;
        changed.map_err(|error| self.failed(&error, uri))
    }
}

#[expect(clippy::disallowed_methods, reason = "a node does not call who waits for a peer's log")]
fn look_again_soon() {
    std::thread::sleep(Duration::from_millis(20));
}
