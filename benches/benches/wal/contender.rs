//! What is measured: something that makes a record safe.

use std::path::Path;
use std::time::Duration;

pub(crate) trait Contender: Sync + Sized {
    /// In a new folder.
    fn open(folder: &Path) -> Self;

    /// Returns when the record is safe.
    fn force(&self, body: &[u8]);

    /// How many fsyncs there were so far and how long they took, if that is known.
    fn syncs(&self) -> Option<(u64, Duration)>;

    /// Between two heats: what was written is no longer needed.
    fn forget(&self) {}
}
