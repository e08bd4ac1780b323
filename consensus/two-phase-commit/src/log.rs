//! Where a coordinator, or a store of ours, keeps what it must not forget.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use wal::lock::Wal;
use wal::{OpenError, Options, Record};

/// A log. Whatever is in it is read once, when it is opened.
pub trait Log: Send + Sync {
    /// When this returns, these are safe, and all that was written before. The place of the last one.
    ///
    /// # Errors
    ///
    /// Nobody knows then whether it is safe. The log takes nothing more.
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed>;

    /// It becomes safe with the next that is forced.
    ///
    /// # Errors
    ///
    /// When the log takes nothing more.
    fn write(&self, line: Line) -> Result<(), LogFailed>;

    /// What was written before this place is not needed any more.
    ///
    /// # Errors
    ///
    /// When the system refuses it; nothing is lost.
    fn release(&self, before: u64) -> Result<(), LogFailed>;
}

/// A record, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Needed until it is released.
    Plain(Vec<u8>),
    /// The last one is never released.
    Carried(Vec<u8>),
}

/// A log that takes nothing more.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the log takes nothing more: {0}")]
pub struct LogFailed(Arc<dyn Error + Send + Sync>);

impl LogFailed {
    /// For this reason.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(why.into()))
    }
}

/// A log as it was opened: with what is in it, each with its place.
#[derive(Debug)]
pub struct Opened<L> {
    /// For what is to come.
    pub log: L,
    /// Oldest first.
    pub lines: Vec<(u64, Vec<u8>)>,
}

/// A log on a disk: a [`Wal`], whose callers share each fsync.
#[derive(Debug)]
pub struct Durable(Wal);

const PLAIN: u8 = 1;
const CARRIED: u8 = 2;

impl Durable {
    /// In this folder, which is made if it is not there. One that holds the log of another is refused.
    ///
    /// # Errors
    ///
    /// As [`Wal::open`]: when somebody has it open, when it is another's, and when it is damaged.
    pub fn open(folder: impl AsRef<Path>, name: u64) -> Result<Opened<Self>, OpenError> {
        let mut lines = Vec::new();
        let keep = |entry: wal::Entry<'_>| lines.push((entry.sequence, entry.body.to_vec()));
        let (wal, _) = Wal::open(folder, &Options::new(name), keep)?;
        Ok(Opened { log: Self(wal), lines })
    }

    /// How often the disk was asked to make something safe, and more.
    pub fn counts(&self) -> wal::Counts {
        self.0.counts()
    }
}

impl Log for Durable {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        let records: Vec<_> = lines.iter().map(record).collect();
        self.0.force(&records).map_err(LogFailed::new)
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        self.0.append_lazy(&[record(&line)]).map_err(LogFailed::new)
    }

    fn release(&self, before: u64) -> Result<(), LogFailed> {
        self.0.release(before).map(drop).map_err(LogFailed::new)
    }
}

fn record(line: &Line) -> Record<'_> {
    match line {
        Line::Plain(bytes) => Record::new(PLAIN, bytes),
        Line::Carried(bytes) => Record::carried(CARRIED, bytes),
    }
}

/// A log in memory: it survives who writes it, and not the process. Clones are the same log.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    kept: Vec<(u64, Line)>,
    last: u64,
}

impl Memory {
    /// What is in it, for who comes next.
    pub fn open(&self) -> Opened<Self> {
        let lines = &self.0.lock().kept;
        let bytes = |(place, line): &(u64, Line)| match line {
            Line::Plain(bytes) | Line::Carried(bytes) => (*place, bytes.clone()),
        };
        Opened { log: self.clone(), lines: lines.iter().map(bytes).collect() }
    }
}

impl Log for Memory {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        let Lines { kept, last } = &mut *self.0.lock();
        for line in lines {
            *last += 1;
            kept.push((*last, line.clone()));
        }
        Ok(*last)
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        self.force(&[line]).map(drop)
    }

    fn release(&self, before: u64) -> Result<(), LogFailed> {
        let kept = &mut self.0.lock().kept;
        let is_carried = |line: &Line| matches!(line, Line::Carried(_));
        let carried = kept.iter().rposition(|(_, line)| is_carried(line));
        let carried = carried.map_or(0, |index| kept[index].0);
        kept.retain(|(place, _)| *place >= before || *place == carried);
        Ok(())
    }
}
