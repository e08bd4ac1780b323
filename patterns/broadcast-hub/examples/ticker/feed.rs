//! A feed of prices over server-sent events. A client that lost its connection says in
//! `Last-Event-ID` what it saw last, and gets what came after, as far as the hub still has it.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use broadcast_hub::lock::{Hub, Subscriber};
use broadcast_hub::{RecvError, Slow, Start};
use futures_util::stream::{self, Stream};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How often an idle stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A price, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick(pub(crate) u32);

/// The site of a feed: the stream under `/ticks`.
pub(crate) fn site(hub: Hub<Tick>) -> Router {
    let about = "Prices are under /ticks: try curl -N with this address, and ticks behind it.\n";
    Router::new()
        .route("/", get(move || async move { about }))
        .route("/ticks", get(ticks))
        .with_state(hub)
}

async fn ticks(State(hub): State<Hub<Tick>>, headers: HeaderMap) -> Response {
    let start = match headers.get(LAST_EVENT_ID) {
        None => Start::Now,
        Some(id) => match id.to_str().ok().and_then(|id| id.parse().ok()) {
            Some(id) => Start::After(id),
            None => return (StatusCode::BAD_REQUEST, "Last-Event-ID: no number\n").into_response(),
        },
    };
    // Who is slow loses old prices, not the connection: only the last one matters.
    let Ok(subscriber) = hub.subscribe_from(Slow::DropOldest, start) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the feed is closed\n").into_response();
    };
    let events = Sse::new(events(subscriber)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    ([(header::CACHE_CONTROL, "no-store")], events).into_response()
}

/// Ends when the hub is closed and everything was read.
fn events(subscriber: Subscriber<Tick>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(subscriber, |mut subscriber| async {
        let event = match subscriber.recv().await {
            Ok(Tick(cents)) => Event::default()
                .id(subscriber.last_seq().to_string())
                .data(format!("{}.{:02}", cents / 100, cents % 100)),
            Err(RecvError::Lagged(missed)) => {
                Event::default().event("missed").data(missed.to_string())
            }
            Err(RecvError::Evicted | RecvError::Closed) => return None,
        };
        Some((Ok(event), subscriber))
    })
}
