//! An API on loopback that counts strictly: so many requests in any window, and no more.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use reqwest::Url;
use tokio::net::TcpListener;

/// What any window of the past may hold.
pub(crate) struct Window {
    limit: usize,
    length: Duration,
    /// When requests of the last `length` were answered.
    answered: VecDeque<Instant>,
    pub(crate) refused: usize,
}

impl Window {
    pub(crate) fn new(limit: usize, length: Duration) -> Self {
        Self { limit, length, answered: VecDeque::new(), refused: 0 }
    }

    /// Whether a request may be answered now. One that is refused does not count.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        while self.answered.front().is_some_and(|&then| now.duration_since(then) >= self.length) {
            self.answered.pop_front();
        }
        let admits = self.answered.len() < self.limit;
        if admits {
            self.answered.push_back(now);
        } else {
            self.refused += 1;
        }
        admits
    }
}

/// It runs as long as the runtime does.
pub(crate) struct Server {
    address: SocketAddr,
    window: Arc<Mutex<Window>>,
}

impl Server {
    pub(crate) async fn start(limit: usize, length: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let window = Arc::new(Mutex::new(Window::new(limit, length)));
        let router = Router::new().route("/", get(answer)).with_state(Arc::clone(&window));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, window })
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}/", self.address).parse().expect("a URL")
    }

    /// How many requests it has refused so far.
    pub(crate) fn refused(&self) -> usize {
        self.window.lock().unwrap_or_else(PoisonError::into_inner).refused
    }
}

async fn answer(State(window): State<Arc<Mutex<Window>>>) -> Result<&'static str, StatusCode> {
    let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
    if window.admits(Instant::now()) { Ok("an answer") } else { Err(StatusCode::TOO_MANY_REQUESTS) }
}
