//! Keys and values.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::{App, Shared, later, plain, wait};
use crate::command::{Command, Write};
use crate::store::{Outcome, Store};

const LONGEST_KEY: usize = 4096;
const LONGEST_VALUE: usize = 1 << 20;
/// Two values as base64, and the rest.
const LONGEST_SWAP: usize = 3 * LONGEST_VALUE;
const KIB: usize = 1 << 10;
/// Whose body is not here by then is cut off.
const SLOWEST_BODY: Duration = Duration::from_secs(30);

/// `/kv/KEY`, and `/kv/KEY/cas`.
pub(crate) async fn any(State(app): Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let done = route(&app, parts.method, parts.uri, &parts.headers, body).await;
    done.unwrap_or_else(|refused| refused)
}

async fn route(
    app: &Arc<App>,
    method: Method,
    uri: Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let Some(path) = uri.path().strip_prefix("/kv/") else {
        return Err(plain(
            StatusCode::NOT_FOUND,
            "there is /kv/KEY, /status, /metrics and more: see --help",
        ));
    };
    let name = headers.get("idempotency-key").map(|name| name.as_bytes().to_vec());
    if let Some(key) = path.strip_suffix("/cas").filter(|_| method == Method::POST) {
        let key = key_of(key)?;
        let (_room, body) = read_body(app, body, LONGEST_SWAP).await?;
        let swap = swap(key, &body)?;
        return write(app, uri, name, swap, StatusCode::OK).await;
    }
    let key = key_of(path)?;
    let (_room, value) = match method {
        Method::GET => return read(app, uri, key).await,
        Method::PUT => {
            let (room, value) = read_body(app, body, LONGEST_VALUE).await?;
            (Some(room), Some(value))
        }
        Method::DELETE => (None, None),
        _ => {
            let allow = [(header::ALLOW, "GET, PUT, DELETE; POST to /kv/KEY/cas")];
            return Err((StatusCode::METHOD_NOT_ALLOWED, allow).into_response());
        }
    };
    write(app, uri, name, Write::Set { key, value }, StatusCode::NO_CONTENT).await
}

fn key_of(path: &str) -> Result<Vec<u8>, Response> {
    let key: Vec<u8> = percent_decode_str(path).collect();
    match key.len() {
        0 => Err(plain(StatusCode::BAD_REQUEST, "the key is empty: ask for /kv/KEY")),
        1..=LONGEST_KEY => Ok(key),
        _ => Err(plain(StatusCode::URI_TOO_LONG, "a key has at most 4,096 bytes")),
    }
}

/// With the room that its bytes take until the request is answered.
async fn read_body(
    app: &App,
    body: Body,
    most: usize,
) -> Result<(SemaphorePermit<'_>, Vec<u8>), Response> {
    let long = body.size_hint().upper().map_or(most, |upper| most.min(upper as usize));
    let Ok(room) = app.bodies.try_acquire_many((long / KIB) as u32 + 1) else {
        return Err(later("too many values are on their way; try again"));
    };
    match timeout(SLOWEST_BODY, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok((room, bytes.into())),
        // A body that breaks off is answered to nobody.
        Ok(Err(_)) => Err(plain(StatusCode::PAYLOAD_TOO_LARGE, "a value has at most 1 MiB")),
        Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT, "the body did not come within 30 s")),
    }
}

async fn read(app: &Arc<App>, uri: Uri, key: Vec<u8>) -> Result<Response, Response> {
    let is_stale = uri.query().is_some_and(|query| query.split('&').any(|it| it == "stale=1"));
    let found = wait(app, move |app| {
        let get = move |store: &Store| store.get(&key).cloned();
        if !is_stale {
            return app.node.read(get).map_err(|error| app.unread(error, &uri));
        }
        let known = move |store: &Store| (!store.is_blank()).then(|| get(store));
        let found = app.node.read_stale(known).map_err(|error| app.unread(error, &uri))?;
        found.ok_or_else(|| later("this node was told nothing since it started; ask again"))
    });
    match found.await?? {
        Some(value) => {
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], value).into_response())
        }
        None => Err(plain(StatusCode::NOT_FOUND, "there is no such key")),
    }
}

async fn write(
    app: &Arc<App>,
    uri: Uri,
    name: Option<Vec<u8>>,
    write: Write,
    done: StatusCode,
) -> Result<Response, Response> {
    let command = Command::Write { name, write };
    let answer =
        wait(app, move |app| app.propose(&command).map_err(|error| app.failed(&error, &uri)));
    Ok(match answer.await?? {
        Outcome::Done => done.into_response(),
        Outcome::Differs => plain(StatusCode::CONFLICT, "the present value is another"),
        Outcome::Reused => plain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this Idempotency-Key was given to another write: give each its own",
        ),
    })
}

/// `{"expect": .., "value": ..}`: text, `null` for absent, or base64 under `expect_base64` and
/// `value_base64`.
fn swap(key: Vec<u8>, body: &[u8]) -> Result<Write, Response> {
    let wrong = |what: &str| plain(StatusCode::BAD_REQUEST, what);
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Err(wrong("the body is no JSON object: send {\"expect\": .., \"value\": ..}"));
    };
    let side = |name: &str| match (body.get(name), body.get(&format!("{name}_base64"))) {
        (Some(Value::Null), None) => Ok(None),
        (Some(Value::String(text)), None) => Ok(Some(text.clone().into_bytes())),
        (None, Some(Value::String(text))) => STANDARD
            .decode(text)
            .map(Some)
            .map_err(|error| wrong(&format!("{name}_base64: {error}"))),
        _ => Err(wrong(&format!("give `{name}` as text or null, or `{name}_base64`"))),
    };
    let (expect, value) = (side("expect")?, side("value")?);
    if [&expect, &value].into_iter().flatten().any(|it| it.len() > LONGEST_VALUE) {
        return Err(plain(StatusCode::PAYLOAD_TOO_LARGE, "a value has at most 1 MiB"));
    }
    Ok(Write::Swap { key, expect, value })
}
