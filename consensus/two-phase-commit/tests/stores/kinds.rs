//! What the tests need of a kind of store.

use std::io::Write as _;
use std::sync::Mutex;

use two_phase_commit::Tx;
use two_phase_commit::branches::Part;
use two_phase_commit::record::Branched;
use two_phase_commit::store::Store;

/// A place for stores with two accounts of 100 each, `ann` and `bob`, which cannot fall below zero.
pub(crate) trait Kind: Sized {
    type Store: Store + 'static;

    /// A place that nobody else has. `None` if there is no server for it, which is said.
    fn new() -> Option<Self>;

    /// The store of this name in it, with what it held when it was dropped.
    fn open(&self, name: &str) -> Self::Store;

    /// A part that changes an account by so much.
    fn change(&self, account: &str, by: i64) -> Vec<u8>;

    /// A part that reads an account.
    fn reading(&self, account: &str) -> Vec<u8>;

    /// What is in an account, as others see it.
    fn balance(&self, store: &Self::Store, account: &str) -> i64;
}

pub(crate) const START: i64 = 100;

pub(crate) fn part(redo: Vec<u8>) -> Part {
    Part { peers: vec![7], redo }
}

/// A transaction of a coordinator that is in the upper half of what there is.
pub(crate) const fn tx(sequence: u64) -> Tx {
    Tx { coordinator: u64::MAX - 1, epoch: 1, sequence }
}

/// What is promised and open.
pub(crate) fn promised(store: &impl Store) -> Vec<Tx> {
    let found = store.recover().expect("it can be read");
    let promises = found.iter().filter(|it| matches!(it, Branched::Prepared { .. }));
    let mut promised: Vec<_> = promises.filter_map(Branched::tx).collect();
    promised.sort_unstable();
    promised
}

/// What is noted.
pub(crate) fn noted(store: &impl Store) -> Vec<Branched> {
    let mut found = store.recover().expect("it can be read");
    found.retain(|it| !matches!(it, Branched::Prepared { .. }));
    found
}

/// Says once why a server's tests did nothing.
pub(crate) fn skip(name: &'static str, reason: &str) {
    static SAID: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().expect("nobody panics with it");
    if !said.contains(&name) {
        said.push(name);
        writeln!(std::io::stderr(), "SKIP {name}: {reason}").expect("stderr is there");
    }
}
