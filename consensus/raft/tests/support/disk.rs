//! A disk in memory that outlives its node, and can be held, slow or broken.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use raft::node::{Disk, Found};
use raft::{Save, Snapshot};

use crate::running::durable::Place;
use crate::running::news::{News, lock};

/// What a disk holds.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) found: Arc<Mutex<Found>>,
    pub(crate) brake: Arc<Brake>,
    /// Of the folder beside it, if the test wants one.
    pub(crate) place: Place,
    /// Whether the node is told that it waits for nothing.
    pub(crate) is_instant: bool,
    incoming: Vec<u8>,
}

/// Stops whoever works: a disk, or a machine.
#[derive(Default)]
pub(crate) struct Brake {
    pedal: Mutex<Pedal>,
    moved: Condvar,
    news: Arc<News>,
    /// What is done whenever somebody comes by.
    errand: Mutex<Option<Errand>>,
}

pub(crate) type Errand = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Pedal {
    mode: Mode,
    waits: bool,
    passed: u64,
}

/// What comes of the next piece of work, and of those after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Works,
    /// It does not return until it is released.
    Waits,
    Fails,
    Panics,
}

impl Memory {
    pub(crate) fn new(news: &Arc<News>) -> Self {
        Self { brake: Arc::new(Brake::new(news)), ..Self::default() }
    }
}

impl Brake {
    pub(crate) fn new(news: &Arc<News>) -> Self {
        Self { news: Arc::clone(news), ..Self::default() }
    }

    pub(crate) fn set(&self, mode: Mode) {
        lock(&self.pedal).mode = mode;
        self.moved.notify_all();
    }

    /// Lets go of whoever waits.
    pub(crate) fn release(&self) {
        self.set(Mode::Works);
    }

    /// Whether somebody works and does not come on.
    pub(crate) fn holds(&self) -> bool {
        lock(&self.pedal).waits
    }

    /// How often somebody came through.
    pub(crate) fn passed(&self) -> u64 {
        lock(&self.pedal).passed
    }

    pub(crate) fn send_on(&self, errand: impl Fn() + Send + Sync + 'static) {
        *lock(&self.errand) = Some(Arc::new(errand));
    }

    pub(crate) fn pass(&self) -> io::Result<()> {
        let errand = lock(&self.errand).clone();
        if let Some(errand) = errand {
            errand();
        }
        let mut pedal = lock(&self.pedal);
        while pedal.mode == Mode::Waits {
            pedal.waits = true;
            self.news.tell();
            pedal = self.moved.wait(pedal).unwrap();
        }
        pedal.waits = false;
        pedal.passed += 1;
        match pedal.mode {
            Mode::Works | Mode::Waits => Ok(()),
            Mode::Fails => Err(io::Error::other("the test wants it so")),
            Mode::Panics => {
                drop(pedal);
                panic!("the test wants it so")
            }
        }
    }
}

impl Disk for Memory {
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()> {
        self.brake.pass()?;
        let mut found = lock(&self.found);
        for save in saves {
            if let Some(piece) = &save.piece {
                self.incoming.truncate(piece.offset as usize);
                self.incoming.extend(&piece.bytes);
                if piece.is_last() {
                    found.snapshot = std::mem::take(&mut self.incoming);
                }
            }
            found.stored.keep(save);
        }
        Ok(())
    }

    fn keep(&mut self, snapshot: &Snapshot, bytes: &[u8]) -> io::Result<()> {
        self.brake.pass()?;
        let mut found = lock(&self.found);
        found.stored.compact(snapshot.clone());
        found.snapshot = bytes.to_vec();
        Ok(())
    }

    fn is_instant(&self) -> bool {
        self.is_instant
    }
}
