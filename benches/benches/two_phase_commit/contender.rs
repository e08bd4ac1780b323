//! What is timed: transfers between two stores.

use std::time::Duration;

/// Where the logs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scene {
    /// In memory, and safe at once.
    Memory,
    /// In folders on one disk.
    Durable,
}

/// What it did since it was started.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Did {
    /// Messages, to and fro.
    pub(crate) messages: u64,
    /// Records that somebody had to wait for.
    pub(crate) forced: u64,
    pub(crate) syncs: u64,
    pub(crate) syncing: Duration,
}

pub(crate) trait Contender: Sync + Sized {
    /// With an account for each client in either store.
    fn start(scene: Scene, clients: usize) -> Self;

    /// Returns when it is decided that one unit goes from the client's account in one store to that in
    /// the other, and this is safe.
    fn transfer(&self, client: usize);

    /// Returns when nothing is under way any more.
    fn settle(&self);

    /// The stores have done so many transfers, and nothing else.
    fn check(&self, transfers: u64);

    fn did(&self) -> Did;
}

impl Did {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            messages: self.messages - before.messages,
            forced: self.forced - before.forced,
            syncs: self.syncs - before.syncs,
            syncing: self.syncing.saturating_sub(before.syncing),
        }
    }
}
