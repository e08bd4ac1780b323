//! The logs of coordinator and stores, which count what is forced.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use two_phase_commit::log::{Durable, Line, Log, LogFailed, Memory, Opened};

use super::contender::Scene;
use super::folders::Folders;

/// Clones are the same log.
#[derive(Clone)]
pub(crate) struct Book(Arc<Kept>);

struct Kept {
    paper: Paper,
    forced: AtomicU64,
}

enum Paper {
    Memory(Memory),
    Durable(Durable),
}

impl Book {
    /// An empty one, and a second hand at it.
    pub(crate) fn open(scene: Scene, folders: &Folders, name: u64) -> (Self, Opened<Self>) {
        let (paper, lines) = match scene {
            Scene::Memory => {
                let Opened { log, lines } = Memory::default().open();
                (Paper::Memory(log), lines)
            }
            Scene::Durable => {
                let opened = Durable::open(folders.of(name), name).expect("a new folder");
                (Paper::Durable(opened.log), opened.lines)
            }
        };
        let log = Self(Arc::new(Kept { paper, forced: AtomicU64::new(0) }));
        (log.clone(), Opened { log, lines })
    }

    /// Records that somebody had to wait for.
    pub(crate) fn forced(&self) -> u64 {
        self.0.forced.load(Relaxed)
    }

    /// How many fsyncs there were, and how long they took.
    pub(crate) fn syncs(&self) -> (u64, Duration) {
        match &self.0.paper {
            Paper::Memory(_) => (0, Duration::ZERO),
            Paper::Durable(log) => (log.counts().syncs, log.counts().syncing),
        }
    }

    fn log(&self) -> &dyn Log {
        match &self.0.paper {
            Paper::Memory(log) => log,
            Paper::Durable(log) => log,
        }
    }
}

impl Log for Book {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        self.0.forced.fetch_add(lines.len() as u64, Relaxed);
        self.log().force(lines)
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        self.log().write(line)
    }

    fn release(&self, before: u64) -> Result<(), LogFailed> {
        self.log().release(before)
    }
}
