//! The thread that waits for the disk, so that the owner of the transactions does not have to.

use super::owner::Word;
use crate::log::{Line, Log, LogFailed};
use crate::sync::{Receiver, Sender};
use crate::types::Tx;

/// What the owner wants of the log.
pub(super) enum Job {
    /// The decision on a transaction; the owner hears when it is safe.
    Force(Tx, Line),
    /// Whenever it suits.
    Write(Line),
    /// What is before this place is not needed any more.
    Release(u64),
}

/// The most decisions that share an fsync: enough for any rate, and none waits long for the others' bytes.
const MOST: usize = 1_024;

/// Until the owner is gone. All decisions that came while the disk was busy are written together.
pub(super) fn run(log: &impl Log, jobs: &Receiver<Job>, done: &Sender<Word>) {
    while let Ok(job) = jobs.recv() {
        let mut job = Some(job);
        let (mut txs, mut lines) = (Vec::new(), Vec::new());
        while let Some(next) = job {
            match next {
                Job::Force(tx, line) => {
                    txs.push(tx);
                    lines.push(line);
                }
                Job::Write(line) => check(log.write(line)),
                Job::Release(before) => check(log.release(before)),
            }
            job = if lines.len() < MOST { jobs.try_recv().ok() } else { None };
        }
        if lines.is_empty() {
            continue;
        }
        let written = log.force(&lines).inspect_err(|error| {
            tracing::error!(%error, "cannot write decisions");
        });
        // The owner may be gone: then nobody waits.
        let _ = done.send(Word::Written { txs, last: written.ok() });
    }
}

/// Neither is waited for: what fails here is written again, or released later.
fn check(done: Result<(), LogFailed>) {
    if let Err(error) = done {
        tracing::error!(%error, "the log stays longer than it must");
    }
}
