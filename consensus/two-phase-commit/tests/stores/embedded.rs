//! Our own store, in memory and on a disk.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tempfile::TempDir;
use two_phase_commit::embedded::{Embedded, Resource};
use two_phase_commit::log::{Durable, Memory};
use two_phase_commit::store::StoreFailed;
use two_phase_commit::{Tx, Vote};

use crate::kinds::{Kind, START};

/// Accounts. A part is the name of one, and by how much to change it if it is to be changed.
#[derive(Debug)]
pub(crate) struct Accounts {
    balances: BTreeMap<String, i64>,
    locks: BTreeMap<String, Tx>,
}

impl Accounts {
    fn new() -> Self {
        let balances = ["ann", "bob"].map(|name| (name.to_owned(), START)).into();
        Self { balances, locks: BTreeMap::new() }
    }
}

fn read(part: &[u8]) -> (&str, Option<i64>) {
    let text = str::from_utf8(part).expect("parts are text");
    match text.split_once(' ') {
        Some((account, by)) => (account, Some(by.parse().expect("a number"))),
        None => (text, None),
    }
}

impl Resource for Accounts {
    fn lock(&mut self, tx: Tx, part: &[u8]) -> Vote {
        let (account, Some(by)) = read(part) else { return Vote::ReadOnly };
        let is_locked = self.locks.get(account).is_some_and(|owner| *owner != tx);
        if is_locked || self.balances[account] + by < 0 {
            return Vote::No;
        }
        self.locks.insert(account.to_owned(), tx);
        Vote::Yes
    }

    fn apply(&mut self, tx: Tx, part: &[u8]) {
        let (account, by) = read(part);
        *self.balances.get_mut(account).expect("it is there") += by.unwrap_or(0);
        self.unlock(tx, part);
    }

    fn unlock(&mut self, _: Tx, part: &[u8]) {
        self.locks.remove(read(part).0);
    }

    fn picture(&self) -> Vec<u8> {
        let line = |(name, balance): (&String, &i64)| format!("{name} {balance}\n");
        self.balances.iter().map(line).collect::<String>().into_bytes()
    }

    fn become_as(&mut self, picture: &[u8]) -> Result<(), StoreFailed> {
        let text = str::from_utf8(picture).map_err(StoreFailed::new)?;
        for line in text.lines() {
            let (name, balance) = read(line.as_bytes());
            self.balances.insert(name.to_owned(), balance.unwrap_or(0));
        }
        self.locks.clear();
        Ok(())
    }
}

/// The logs stay when the stores are dropped.
#[derive(Debug, Default)]
pub(crate) struct InMemory(RefCell<BTreeMap<String, Memory>>);

impl Kind for InMemory {
    type Store = Embedded<Accounts, Memory>;

    fn new() -> Option<Self> {
        Some(Self::default())
    }

    fn open(&self, name: &str) -> Self::Store {
        let mut logs = self.0.borrow_mut();
        let log = logs.entry(name.to_owned()).or_default();
        Embedded::open(log.open(), Accounts::new()).expect("the log is ours")
    }

    fn change(&self, account: &str, by: i64) -> Vec<u8> {
        format!("{account} {by}").into_bytes()
    }

    fn reading(&self, account: &str) -> Vec<u8> {
        account.into()
    }

    fn balance(&self, store: &Self::Store, account: &str) -> i64 {
        store.read(|accounts| accounts.balances[account])
    }
}

#[derive(Debug)]
pub(crate) struct OnDisk(TempDir);

impl Kind for OnDisk {
    type Store = Embedded<Accounts, Durable>;

    fn new() -> Option<Self> {
        Some(Self(TempDir::new().expect("there is room for a folder")))
    }

    fn open(&self, name: &str) -> Self::Store {
        let log = Durable::open(self.0.path().join(name), 7).expect("nobody else has it");
        // So often that what is promised and noted goes through pictures.
        Embedded::open(log, Accounts::new()).expect("the log is ours").picture_every(2)
    }

    fn change(&self, account: &str, by: i64) -> Vec<u8> {
        format!("{account} {by}").into_bytes()
    }

    fn reading(&self, account: &str) -> Vec<u8> {
        account.into()
    }

    fn balance(&self, store: &Self::Store, account: &str) -> i64 {
        store.read(|accounts| accounts.balances[account])
    }
}
