//! Serves the book on loopback.

mod answer;

use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::sync::oneshot;

use self::answer::Answers;
use crate::book::{self, Site};
use crate::workspace::Workspace;

/// How many ports after a taken one are tried.
const MORE_PORTS: u16 = 20;

/// How long open connections may hold up the end.
const GRACE: Duration = Duration::from_secs(2);

/// How to serve.
#[derive(Debug)]
pub struct Options {
    /// The port on 127.0.0.1, or the next free one if it is taken.
    pub port: u16,
    /// Whether to open the book in the default browser.
    pub open: bool,
}

/// Builds the book and serves it on 127.0.0.1 until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// When the book cannot be built, or no port can be had.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    eprintln!("Building the book");
    let site = book::render(workspace)?;
    let listener = listen(options.port)?;
    let port = listener.local_addr()?.port();
    if port != options.port && options.port != 0 {
        eprintln!("Port {} is taken, so this is {port}", options.port);
    }
    eprintln!("Serving {} pages; Ctrl-C ends it", site.pages().count());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(
        listener,
        site,
        options.open,
    ))
}

fn listen(first: u16) -> anyhow::Result<TcpListener> {
    let last = first.saturating_add(MORE_PORTS);
    for port in first..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot listen on port {port}: choose another with --port")
                });
            }
        }
    }
    bail!("the ports {first} to {last} are all taken: choose another with --port")
}

async fn serve(listener: TcpListener, site: Site, open: bool) -> anyhow::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let port = listener.local_addr()?.port();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, Answers::new(site, port).into_router())
        .with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());
    let mut signals = Signals::new()?;
    announce(&format!("http://127.0.0.1:{port}/"), open)?;
    signals.next().await;
    drop(stop);
    // A client that never finishes its request must not keep the program alive, nor a reader
    // who presses Ctrl-C again.
    tokio::select! {
        _ = tokio::time::timeout(GRACE, server) => {}
        () = signals.next() => {}
    }
    Ok(())
}

/// Says where the book is, on a line of its own: programs that start this one wait for it.
fn announce(address: &str, open: bool) -> anyhow::Result<()> {
    println!("{address}");
    std::io::stdout().flush()?;
    if open {
        open_browser(address);
    }
    Ok(())
}

/// What ends the server: Ctrl-C, and SIGTERM where there are such signals.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}

/// Opens the address in a browser; without one, the reader has the printed line.
fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let started =
        Command::new(program).arg(address).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if let Err(error) = started {
        eprintln!("cannot start {program} ({error}): open the address by hand");
    }
}
