//! The two threads that work for the owner.

use crate::desk::{Job, Safe, Work, Writer};
use crate::node::{Bytes, Machine};
use crate::sync::{Instant, JoinHandle, Receiver, Sender, thread};
use crate::types::{Index, Snapshot};

/// For the machine.
pub(super) enum Task<M: Machine> {
    Do(Job<M>),
    /// Say all that it knows.
    Snapshot(Snapshot),
}

/// What a worker says when its work is done. There is always room for it.
pub(super) enum Word {
    Safe(Safe),
    Applied(Index),
    /// What the machine knows.
    Snapshot(Snapshot, Bytes),
    /// The worker is at its end: the owner let go of it, it failed, or it panicked.
    Gone,
}

/// Says that its thread has ended, however that came about.
struct Ends(Sender<Word>);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.try_send(Word::Gone);
    }
}

pub(super) fn disk(mut writer: Writer, todo: Receiver<Work>, tell: Sender<Word>) -> JoinHandle<()> {
    thread::spawn(move || {
        let ends = Ends(tell);
        for work in todo {
            // Nobody knows what is on the disk after an error: the node ends.
            let Ok(safe) = writer.work(work) else { return };
            let _ = ends.0.try_send(Word::Safe(safe));
        }
    })
}

pub(super) fn applier<M: Machine>(
    mut machine: M,
    todo: Receiver<Task<M>>,
    tell: Sender<Word>,
    start: Instant,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let ends = Ends(tell);
        for task in todo {
            let word = match task {
                Task::Snapshot(snapshot) => {
                    let bytes = Bytes::from(machine.snapshot());
                    Word::Snapshot(Snapshot { size: bytes.len() as u64, ..snapshot }, bytes)
                }
                Task::Do(job) => Word::Applied(job.run(&mut machine, &|| start.elapsed())),
            };
            let _ = ends.0.try_send(word);
        }
    })
}
