//! Connections of clients: not too many, none that says nothing for ever, and an end for all.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// More wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// The first line and the headers of a request are here by then, or the connection ends.
const SLOWEST_HEAD: Duration = Duration::from_secs(30);
/// Requests that are under way when the node stops have so long.
const LAST: Duration = Duration::from_secs(6);

/// Serves until `stop` ends, and then what is under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = graceful.watch(connection(stream, router.clone()));
                tokio::spawn(async move {
                    let _permit = permit;
                    // A client that goes away is none of our errors.
                    let _ = connection.await;
                });
            }
            Err(error) => pause(&error).await,
        }
    }
    let _ = timeout(LAST, graceful.shutdown()).await;
}

fn connection(
    stream: TcpStream,
    router: Router,
) -> http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    let _ = stream.set_nodelay(true);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when there are file handles again")]
/// There are no more file handles, or the client went away first: neither is worth a busy loop.
async fn pause(error: &io::Error) {
    if error.kind() != io::ErrorKind::ConnectionAborted {
        sleep(Duration::from_millis(100)).await;
    }
}
