//! The thread that waits for the disk, so that the owner of the transactions does not have to.

use super::owner::Word;
use crate::log::{Line, Log, LogFailed};
use crate::sync::{Receiver, Sender};
use crate::types::Tx;

/// All that came up while the disk was busy with the batch before.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Decisions. They share an fsync.
    pub(super) decided: Vec<(Tx, Line)>,
    /// Whenever it suits.
    pub(super) lazy: Vec<Line>,
    /// What is before this place is not needed any more.
    pub(super) release: Option<u64>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.decided.is_empty() && self.lazy.is_empty() && self.release.is_none()
    }
}

/// Until the owner is gone.
pub(super) fn run(log: &impl Log, batches: &Receiver<Batch>, done: &Sender<Word>) {
    while let Ok(Batch { decided, lazy, release }) = batches.recv() {
        for line in lazy {
            check(log.write(line));
        }
        let (txs, lines): (Vec<_>, Vec<_>) = decided.into_iter().unzip();
        let last = if lines.is_empty() { None } else { check(log.force(&lines)) };
        if let Some(before) = release {
            check(log.release(before));
        }
        // The owner may be gone: then nobody waits.
        let _ = done.send(Word::Written { txs, last });
    }
}

fn check<T>(done: Result<T, LogFailed>) -> Option<T> {
    done.inspect_err(|error| tracing::error!(%error, "the coordinator's log")).ok()
}
