//! Readers that serve, a writer that edits, and what each request must have seen.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::routes::{Config, Route};
use super::stores::Store;

pub(crate) const READERS: usize = 3;
pub(crate) const VERSIONS: u64 = 30;

/// Every backend is named after the version, so that a torn configuration shows.
fn routes(version: u64) -> Config {
    let route = |path: &str| Route { path: path.to_owned(), backend: format!("backend-{version}") };
    Config { routes: ["/", "/api", "/api/users", "/img"].map(route).into() }
}

/// Serves by one version after the other, and counts the requests.
pub(crate) fn run<S: Store>() -> u64 {
    let (store, published) = (S::new(routes(0)), AtomicU64::new(0));
    let (stop, (tell, told)) = (AtomicBool::new(false), sync_channel(READERS));
    let serve = |tell: &SyncSender<u64>| {
        let (mut requests, mut newest) = (0, 0);
        while !stop.load(SeqCst) {
            let out = published.load(SeqCst);
            let version = serve_one(&store);
            assert!(version >= out, "served by version {version} after {out} was out");
            assert!(version >= newest, "back from version {newest} to {version}");
            if version > newest {
                tell.send(version).expect("the writer listens");
            }
            (requests, newest) = (requests + 1, version);
        }
        requests
    };
    thread::scope(|scope| {
        let readers = [&tell; READERS].map(|tell| scope.spawn(|| serve(tell)));
        for version in 1..=VERSIONS {
            store.edit(|config| edit(config, version));
            published.store(version, SeqCst);
            // The next waits until each reader has served by this one.
            told.iter().take(READERS).for_each(|seen| assert_eq!(seen, version));
        }
        stop.store(true, SeqCst);
        readers.map(|reader| reader.join().expect("its checks hold")).iter().sum()
    })
}

/// Names backends after `version`, one after the other. In between, the configuration is torn.
fn edit(config: &mut Config, version: u64) {
    for route in &mut config.routes {
        thread::yield_now(); // a reader would come in, if it could
        route.backend = format!("backend-{version}");
    }
}

/// Looks two backends up, as a page with a picture needs. Both must be of one version: this.
fn serve_one(store: &impl Store) -> u64 {
    let backends = store.read(|config| {
        ["/api/users/7", "/img/7.png"].map(|request| config.backend(request).map(str::to_owned))
    });
    let [page, picture] = backends.map(|backend| backend.expect("there is a route for it"));
    assert_eq!(page, picture, "torn: two versions in one look");
    page.trim_start_matches("backend-").parse().expect("the version")
}
