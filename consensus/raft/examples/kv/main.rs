//! A replicated key-value store: three of these, and what one of them acknowledged survives any one.
//!
//! Run it with `cargo run --release -p raft --example kv -- --help`. One node of three, in one of three
//! terminals:
//!
//! ```text
//! cargo run --release -p raft --example kv -- --id 1 --listen 127.0.0.1:7101 --http 127.0.0.1:8101 \
//!     --peers 1=127.0.0.1:7101,2=127.0.0.1:7102,3=127.0.0.1:7103 --data /tmp/kv1
//! curl -L -X PUT --data hello http://127.0.0.1:8101/kv/word
//! ```
//!
//! With `--tls-cert node-1.pem --tls-key node-1.key --tls-ca ca.pem` for node 1, and theirs for the others,
//! nodes prove to each other who they are; the crate's page says how such files are made.

mod any;
mod args;
mod backup;
mod command;
mod here;
#[expect(clippy::result_large_err, reason = "a refusal is a whole answer, and made once a request")]
mod http;
mod identity;
mod server;
mod store;

use std::error::Error;
use std::io::{self, ErrorKind, stderr};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser as _, error};
use raft::Config;
use raft::storage::Folder;
use raft::transport::{Bound, Options};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use any::Node;
use args::{Args, Peers};
use command::Place;
use here::Here;
use http::App;
use store::{Places, Store};

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(wrong) = args.check() {
        Args::command().error(error::ErrorKind::ValueValidation, wrong).exit();
    }
    tracing_subscriber::fmt().with_max_level(args.log).with_writer(stderr).init();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kv: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let (founders, tls) = (founders(args), identity::tls(args)?);
    // Before anything is written: who mistyped an address takes another, and the same folder.
    for address in [args.listen, args.http] {
        std::net::TcpListener::bind(address).map_err(|error| unbound(address, &error))?;
    }
    let backup = args.restore.as_deref().map(backup::read).transpose()?;
    if let Some(backup) = &backup {
        backup.found(&args.data, args.id, &founders)?;
    }
    let mark = backup.map(|backup| backup.mark);
    let identity = Arc::new(identity::read(&args.data, args.id, &founders, mark)?);
    let (disk, found) = Folder::open(args.data.join("log"), args.id)?;
    let meter = disk.meter();
    let mut options = Options::new(identity.cluster(), args.id, identity.store);
    (options.info, options.tls) = (args.advertised(), tls);
    let bound = Bound::new(options, args.listen).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => error.to_string(),
        _ => unbound(args.listen, &error),
    })?;
    let wire = bound.wire();
    let config = if args.join {
        Config::joining(args.id)?
    } else {
        Config::new(args.id, founders.keys().copied())?
    };
    for (id, place) in &founders {
        wire.connect(*id, &place.raft);
    }
    for (id, place) in store::announced(&found.stored.entries) {
        match place {
            Some(place) => wire.connect(id, place.raft),
            None => wire.disconnect(id),
        }
    }
    let (net, known) = (wire.clone(), Arc::clone(&identity));
    let store = Store::new(Arc::new(move |places| here::follow(places, &net, &known)));
    let network = wire.clone();
    let node = Arc::new(Node::start(args.variant, config, found, store, disk, network)?);
    let here = Arc::new(Here { node: Arc::clone(&node), wire: wire.clone(), identity });
    let tcp = bound.serve(&here);
    let own = Place { raft: args.listen.to_string(), http: args.advertised() };
    let (room, bodies) = (Semaphore::new(http::AT_ONCE), Semaphore::new(http::BODIES));
    let app =
        App { id: args.id, own, founders, node: Arc::clone(&node), wire, meter, room, bodies };
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(http::AT_ONCE)
        .enable_all()
        .build()?;
    let served = clients(&runtime, args, app);
    node.close();
    tcp.shutdown();
    runtime.shutdown_background();
    served
}

/// Serves clients until it is told to stop, or the node has.
fn clients(runtime: &Runtime, args: &Args, app: App) -> Result<(), Box<dyn Error>> {
    runtime.block_on(async {
        let listener = TcpListener::bind(args.http).await;
        let listener = listener.map_err(|error| unbound(args.http, &error))?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        println!("Node {} serves clients at http://{}", args.id, listener.local_addr()?);
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            println!("Node {} ends; requests under way have a few seconds", args.id);
        };
        tokio::spawn(here::report(Arc::clone(&app.node), Arc::clone(&app.wire)));
        server::serve(listener, http::router(Arc::new(app)), stop).await;
        Ok(())
    })
}

fn unbound(address: SocketAddr, error: &io::Error) -> String {
    format!("cannot listen on {address}: {error}")
}

/// As the command line has them. Their HTTP addresses come with their greetings.
fn founders(args: &Args) -> Places {
    let peers = args.peers.iter().flat_map(|Peers(peers)| peers);
    peers.map(|(id, raft)| (*id, Place { raft: raft.clone(), http: String::new() })).collect()
}
