//! What the disk does, whichever thread it does it in.

use std::io;

use crate::node::{Bytes, Disk};
use crate::saves::Save;
use crate::types::Snapshot;

/// What the disk has to do next.
pub(crate) enum Work {
    Write(Vec<Save>),
    /// A snapshot of the own machine.
    Keep(Snapshot, Bytes),
}

/// What is safe now.
pub(crate) enum Safe {
    /// All saves up to this one are safe, and with them this snapshot is whole.
    Written(u64, Option<(Snapshot, Bytes)>),
    Kept(Snapshot, Bytes),
}

/// The disk, and what only whoever writes needs to know.
pub(crate) struct Writer {
    disk: Box<dyn Disk>,
    /// The pieces so far of a snapshot that a leader sends.
    incoming: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(disk: impl Disk) -> Self {
        Self { disk: Box::new(disk), incoming: Vec::new() }
    }

    pub(crate) fn is_instant(&self) -> bool {
        self.disk.is_instant()
    }

    /// No lock may be held. After an error nobody knows what is on the disk: the node ends.
    pub(crate) fn work(&mut self, work: Work) -> io::Result<Safe> {
        match work {
            Work::Write(saves) => {
                let last = saves.last().map_or(0, |save| save.seq);
                let whole = assemble(&mut self.incoming, &saves);
                self.disk.write(saves)?;
                Ok(Safe::Written(last, whole))
            }
            Work::Keep(snapshot, bytes) => {
                self.disk.keep(&snapshot, &bytes)?;
                Ok(Safe::Kept(snapshot, bytes))
            }
        }
    }
}

/// Puts together the pieces that saves bring, and gives what becomes whole with them.
fn assemble(incoming: &mut Vec<u8>, saves: &[Save]) -> Option<(Snapshot, Bytes)> {
    let mut whole = None;
    for piece in saves.iter().filter_map(|save| save.piece.as_ref()) {
        incoming.truncate(piece.offset as usize);
        incoming.extend(&piece.bytes);
        if piece.is_last() {
            whole = Some((piece.snapshot.clone(), Bytes::from(std::mem::take(incoming))));
        }
    }
    whole
}
