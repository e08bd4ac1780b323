//! The two threads that work for the owner.

use crate::desk::{self, Job};
use crate::node::{Bytes, Disk, Machine};
use crate::saves::Save;
use crate::sync::{Instant, JoinHandle, Receiver, Sender, thread};
use crate::types::{Index, Snapshot};

/// For the disk.
pub(super) enum Work {
    Write(Vec<Save>),
    Keep(Snapshot, Bytes),
}

/// For the machine.
pub(super) enum Task<M: Machine> {
    Do(Job<M>),
    /// Say all that it knows.
    Snapshot(Snapshot),
}

/// What a worker says when its work is done. There is always room for it.
pub(super) enum Word {
    /// All saves up to this one are safe, and with them this snapshot is whole.
    Saved(u64, Option<(Snapshot, Bytes)>),
    Kept(Snapshot, Bytes),
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

pub(super) fn disk(
    mut disk: impl Disk,
    todo: Receiver<Work>,
    tell: Sender<Word>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let ends = Ends(tell);
        let mut incoming = Vec::new();
        for work in todo {
            let word = match work {
                Work::Write(saves) => {
                    let Some(last) = saves.last().map(|save| save.seq) else { continue };
                    let whole = desk::assemble(&mut incoming, &saves);
                    disk.write(saves).map(|()| Word::Saved(last, whole))
                }
                Work::Keep(snapshot, bytes) => {
                    disk.keep(&snapshot, &bytes).map(|()| Word::Kept(snapshot, bytes))
                }
            };
            // Nobody knows what is on the disk after an error: the node ends.
            let Ok(word) = word else { return };
            let _ = ends.0.try_send(word);
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
