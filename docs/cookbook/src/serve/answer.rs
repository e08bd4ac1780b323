//! What the server says to a request.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Response, StatusCode, Uri};

use crate::book::{Site, content_security_policy};

/// The book as the server sees it.
///
/// All files are held in memory (a few MB): a path of a request is looked up in this map as it
/// stands and never reaches the file system, so no encoding, link or `..` escapes the book.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    files: HashMap<String, Bytes>,
    policy: HeaderValue,
    port: u16,
}

impl Answers {
    pub(super) fn new(site: Site, port: u16) -> Self {
        let policy = content_security_policy(&site);
        Self {
            files: site
                .into_files()
                .map(|(path, bytes)| (format!("/{path}"), Bytes::from(bytes)))
                .collect(),
            policy: HeaderValue::from_str(&policy).expect("a policy is ASCII"),
            port,
        }
    }

    pub(super) fn into_router(self) -> Router {
        let answers = std::sync::Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let answers = answers.clone();
            async move { Ok::<_, Infallible>(answers.to(&request)) }
        })
    }

    fn to(&self, request: &Request) -> Response<Body> {
        let mut response = if !self.is_for_us(request.uri(), request.headers()) {
            text(StatusCode::MISDIRECTED_REQUEST, "This server answers to its own address only.\n")
        } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
            refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            refusal
        } else {
            self.file(request.uri().path())
        };
        for (name, value) in SECURITY {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        response
    }

    /// A page of another site can have its name point at 127.0.0.1 and then read what is served
    /// here as its own (DNS rebinding); but it cannot change the name its browser sends.
    fn is_for_us(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let host = host.to_str().unwrap_or_default();
        let named = uri.authority().map_or(host, |authority| authority.as_str());
        let is_ours = |name: &str| {
            ["127.0.0.1", "localhost", "[::1]"].into_iter().any(|ours| {
                name.strip_prefix(ours).is_some_and(|port| {
                    port == format!(":{}", self.port) || (port.is_empty() && self.port == 80)
                })
            })
        };
        is_ours(host) && is_ours(named)
    }

    fn file(&self, path: &str) -> Response<Body> {
        let index = if path.ends_with('/') { "index.html" } else { "" };
        let path = format!("{path}{index}");
        let (status, path) = if self.files.contains_key(&path) {
            (StatusCode::OK, path.as_str())
        } else {
            (StatusCode::NOT_FOUND, "/404.html")
        };
        let body = self.files.get(path).cloned().unwrap_or_default();
        respond(status, content_type(path), body)
    }
}

const SECURITY: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    // Tomorrow another book may be served on this port.
    (header::CACHE_CONTROL, "no-cache"),
];

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    respond(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
