//! A server on loopback that misbehaves on request.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use futures_util::stream::{self, StreamExt as _};
use reqwest::Url;
use tokio::net::{TcpListener, TcpSocket};

/// It runs as long as the runtime does.
pub(crate) struct Server {
    address: SocketAddr,
    /// Has an address, but does not listen there: whoever connects is refused.
    deaf: TcpSocket,
}

impl Server {
    /// `/page/N` takes a while and sometimes fails, as `seed` decides. The others do what they are
    /// called after.
    pub(crate) async fn start(seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let deaf = TcpSocket::new_v4()?;
        deaf.bind("127.0.0.1:0".parse().expect("an address"))?;
        let router = Router::new()
            .route("/page/{number}", get(move |Path(number)| page(seed, number)))
            .route("/ok", get(async || "all is well"))
            .route("/moved", get(async || Redirect::temporary("/ok")))
            .route("/circle", get(async || Redirect::temporary("/circle")))
            .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/silent", get(pending::<()>))
            .route(
                "/stuck",
                get(async || Body::from_stream(drops().take(1).chain(stream::pending()))),
            )
            .route("/endless", get(async || Body::from_stream(drops())));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, deaf })
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        at(self.address, path)
    }

    /// A page where nobody listens.
    pub(crate) fn refused(&self) -> io::Result<Url> {
        Ok(at(self.deaf.local_addr()?, "/"))
    }
}

fn at(address: SocketAddr, path: &str) -> Url {
    format!("http://{address}{path}").parse().expect("a URL")
}

/// A body without end.
fn drops() -> impl stream::Stream<Item = Result<Vec<u8>, Infallible>> {
    stream::repeat_with(|| Ok(vec![b'.'; 4096]))
}

async fn page(seed: u64, number: u64) -> Result<String, StatusCode> {
    let (delay, fails) = fate(seed, number);
    #[expect(clippy::disallowed_methods, reason = "stands for a slow network")]
    tokio::time::sleep(delay).await;
    if fails { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok("page ".repeat(number as usize)) }
}

/// How long a page takes and whether it fails: the same for the same seed.
pub(crate) fn fate(seed: u64, number: u64) -> (Duration, bool) {
    let mut dice = seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    dice = (dice ^ (dice >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    dice ^= dice >> 29;
    (Duration::from_millis(dice % 60), dice.is_multiple_of(8))
}
