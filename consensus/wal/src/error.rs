//! What can go wrong.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The disk refused something, or the thread that wrote panicked, and the log takes nothing more.
///
/// It is final. After a failed fsync nobody knows what is on the disk: the system may have dropped the
/// pages, and a second fsync would return without an error. Open the log again instead; what was
/// acknowledged is there.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}; the log takes nothing more: mend the cause and open it again", .0.what)]
pub struct Failed(Arc<Cause>);

#[derive(Debug)]
struct Cause {
    what: String,
    error: Option<io::Error>,
}

impl Failed {
    /// `action` is a verb with what it needs, such as `sync`.
    pub(crate) fn new(action: &str, file: &str, error: io::Error) -> Self {
        let what = format!("cannot {action} {file}: {error}");
        Self(Arc::new(Cause { what, error: Some(error) }))
    }

    /// Whoever wrote to the disk panicked.
    pub(crate) fn panicked() -> Self {
        let what = "the thread that wrote to the disk panicked".to_owned();
        Self(Arc::new(Cause { what, error: None }))
    }

    /// What the system said, such as [`io::ErrorKind::StorageFull`]; `None` after a panic.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.error.as_ref()
    }
}

/// The log was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The options contradict each other.
    #[error("{0}")]
    Options(&'static str),
    /// Somebody has it open.
    #[error("{} is open already: one log has one owner; close the other first", .0.display())]
    InUse(PathBuf),
    /// It is the log of somebody else.
    #[error(
        "{file} belongs to log {found:#x}, not to {wanted:#x}: give the folder of the right one"
    )]
    OtherLog {
        /// The segment that says so.
        file: String,
        /// The id in its header.
        found: u64,
        /// The id in the options.
        wanted: u64,
    },
    /// A later version of this program wrote it.
    #[error(
        "{file} is written in version {found} and this program reads up to {known}: take a newer one"
    )]
    FutureVersion {
        /// The segment that says so.
        file: String,
        /// Its version.
        found: u32,
        /// The greatest version that is known here.
        known: u32,
    },
    /// What was safe on the disk is damaged. Nothing was changed.
    #[error(
        "{file} is damaged at byte {offset}: {why}; restore it from a copy, for records may be lost"
    )]
    Corrupt {
        /// The segment.
        file: String,
        /// Where the damage begins.
        offset: u64,
        /// What is wrong there.
        why: &'static str,
    },
    /// The system refused something.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Records were not taken: none of them will be in the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// No try succeeds with this record.
    #[error(
        "a record of {bytes} bytes is over the limit of {limit}: split it, or raise max_record"
    )]
    TooLarge {
        /// The length of its body.
        bytes: usize,
        /// What the options allow.
        limit: usize,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The log has failed.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Records were not taken at once: none of them will be in the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TryAppendError {
    /// So many appends wait for the disk that this one would have to wait for room.
    #[error("too many appends wait for the disk; wait for one of them")]
    Full,
    /// It would not be taken later either.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Records are not known to be safe, or not yet.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WaitError<T> {
    /// The time was up first; here is your ticket back.
    #[error("the disk has not said yet that it is safe")]
    TimedOut(T),
    /// The log has failed. Whether they are on the disk shows when it is opened again.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Nothing was released.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReleaseError {
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The log has failed.
    #[error(transparent)]
    Failed(#[from] Failed),
}
