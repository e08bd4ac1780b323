//! How a server with streams that never end by themselves begins and ends.

use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::arguments::Refusal;
use super::signals::Signals;

/// How long the end may take.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Says why there is nothing to do.
pub(crate) fn refuse(refusal: Refusal, usage: &str) -> ExitCode {
    match refusal {
        Refusal::Help => {
            println!("{usage}");
            ExitCode::SUCCESS
        }
        Refusal::Mistake(what) => {
            eprintln!("{what}\n{usage}");
            ExitCode::from(2)
        }
    }
}

/// Listens, or says why it cannot and what to do.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is in use. Say where else to listen, as in `serve {}:0`, which takes any \
             free port.",
            address.ip()
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} is no address of this machine. `serve 127.0.0.1:0` always is.")
        }
        io::ErrorKind::PermissionDenied => {
            format!("Port {} takes more rights than you have. Take one above 1023.", address.port())
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// Answers when it is time to stop.
pub(crate) type Told = oneshot::Receiver<()>;

/// Serves `app` until it is `told` to stop. Then `close` has to end what would go on for ever: a graceful
/// shutdown waits for open streams, and one idle reader would hold it up to its deadline. Whether
/// everything ended before that, `rest` too, is returned.
pub(crate) async fn serve_until(
    listener: TcpListener,
    app: Router,
    told: Told,
    close: impl FnOnce(),
    rest: impl Future<Output = ()>,
) -> bool {
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = listener.tap_io(|stream| {
        // A message is small and somebody waits for it.
        let _ = stream.set_nodelay(true);
    });
    let server = axum::serve(listener, app);
    let server = server.with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());
    let _ = told.await;
    close();
    drop(stop);
    let ended = timeout(GRACE, async {
        rest.await;
        server.await
    });
    ended.await.is_ok()
}

/// Listens, prints the address, and has `serve` run until Ctrl-C. What it gets is over when it is time
/// to stop.
pub(crate) async fn until_ended<S, F>(address: SocketAddr, serve: S) -> io::Result<ExitCode>
where
    S: FnOnce(TcpListener, Told) -> F,
    F: Future<Output = bool> + Send + 'static,
{
    let listener = match listen(address).await {
        Ok(listener) => listener,
        Err(why) => {
            eprintln!("{why}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let mut signals = Signals::new()?;
    println!("http://{}/", listener.local_addr()?);
    eprintln!("Ctrl-C ends it.");
    let (told, is_told) = oneshot::channel();
    let mut running = tokio::spawn(serve(listener, is_told));
    let ended = tokio::select! {
        () = signals.next() => {
            drop(told);
            // Who presses Ctrl-C again does not want to wait for anybody.
            tokio::select! {
                ended = &mut running => ended?,
                () = signals.next() => false,
            }
        }
        ended = &mut running => ended?,
    };
    if !ended {
        eprintln!("Not everybody was gone when the time was up.");
    }
    Ok(if ended { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
