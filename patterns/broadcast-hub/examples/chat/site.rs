//! What the chat answers over HTTP: the page, and the door to the room.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::connection::{self, LONGEST_FRAME};
use super::room::Room;

/// The page runs its own script and style, and talks to its own server: nothing else, whatever
/// somebody may have smuggled into it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The site of a room.
pub(crate) fn site(room: Arc<Room>) -> Router {
    Router::new()
        .route("/", get(file("text/html", include_str!("page.html"))))
        .route("/page.css", get(file("text/css", include_str!("page.css"))))
        .route("/page.js", get(file("text/javascript", include_str!("page.js"))))
        .route("/room", get(enter))
        .with_state(room)
}

fn file(kind: &str, text: &'static str) -> impl IntoResponse + Clone {
    let headers: [(HeaderName, String); 4] = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (headers, text)
}

async fn enter(
    State(room): State<Arc<Room>>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    if !is_from_here(&headers) {
        return (StatusCode::FORBIDDEN, "only the chat's own page may come in").into_response();
    }
    let socket = socket.max_frame_size(LONGEST_FRAME).max_message_size(LONGEST_FRAME);
    socket.on_upgrade(|socket| connection::serve(socket, room))
}

/// Browsers let any page open a WebSocket to any server, and say which page it was.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true, // no browser
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|it| it.1 == host),
        (Some(_), None) => false,
    }
}
