//! Readers serve requests by a configuration that is edited under way.
//!
//! Run it with `cargo run -p rw-lock --example config_snapshot`. Three readers serve while a writer
//! edits every route, thirty times over: once in an RW lock and, beside it, once behind a pointer to
//! a snapshot (arc-swap). It checks that no request saw half of an edit, that none was served by an
//! older version than was out when it began, and that each version reached each reader. Then it
//! shows what decides between the two: whether an edit gets through while somebody reads.
//!
//! Your own routes: `.. --example config_snapshot -- routes.txt`, a line such as `/api 10.0.0.7:80`
//! for each. Type requests such as `/api/users`, and edit the file meanwhile: a good edit is served
//! from then on, a bad one is told and changes nothing.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::{io, thread};

use arc_swap::ArcSwap;
use rw_lock::sharded::RwLock;

#[path = "config/arguments.rs"]
pub(crate) mod arguments;
#[path = "config/live.rs"]
pub(crate) mod live;
#[path = "config/routes.rs"]
pub(crate) mod routes;
#[path = "config/stores.rs"]
pub(crate) mod stores;
#[path = "config/traffic.rs"]
pub(crate) mod traffic;

use arguments::{Refusal, USAGE};
use routes::Config;
use stores::Store as _;
use traffic::{READERS, VERSIONS};

fn main() -> ExitCode {
    let problem = match arguments::read(std::env::args_os().skip(1)) {
        Ok(None) => {
            demonstrate();
            return ExitCode::SUCCESS;
        }
        Ok(Some(file)) => match serve_by(&file) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => format!("{}: {error}", file.display()),
        },
        Err(Refusal::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(Refusal::Mistake(what)) => format!("{what}\n{USAGE}"),
    };
    eprintln!("{problem}");
    ExitCode::from(2)
}

/// The same traffic over both, and then what becomes of an edit while somebody reads.
fn demonstrate() {
    for (name, requests) in [
        ("lock", traffic::run::<RwLock<Config>>()),
        ("snapshot", traffic::run::<ArcSwap<Config>>()),
    ] {
        println!(
            "{name:>8}: {VERSIONS} versions, {READERS} readers, {requests} requests, none torn"
        );
    }
    let config = || Config::parse("/ backend").expect("a route");
    assert!(!RwLock::new(config()).lets_edits_pass_readers());
    assert!(ArcSwap::from_pointee(config()).lets_edits_pass_readers());
    println!(
        "While somebody reads, the lock makes an edit wait: when it returns, nobody uses the old\n\
         version. The snapshot lets it through, and who reads ends on the old version.\n\
         Take the snapshot if readers are slow or must never wait. Take the lock if the old version\n\
         must be out of use by then, or is too large to copy for every edit."
    );
}

/// Serves what comes in by the routes in `file`, and watches it.
fn serve_by(file: &Path) -> Result<(), Box<dyn Error>> {
    let store = &RwLock::new(Config::load(file)?);
    let (go_on, end) = mpsc::sync_channel::<()>(0);
    thread::scope(move |scope| {
        scope.spawn(move || live::watch(store, file, &end));
        let served = live::serve(store, io::stdin().lock(), |answer| println!("{answer}"));
        drop(go_on);
        Ok(served?)
    })
}
