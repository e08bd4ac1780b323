//! The suite that openraft publishes for log storages, on a storage over each variant.
//!
//! After every write the storage is closed, forgotten and opened again, so that each answer comes from
//! the disk.

#[path = "openraft/machine.rs"]
mod machine;
#[path = "openraft/store.rs"]
mod store;
#[path = "shared/surface.rs"]
#[allow(dead_code)]
mod surface;

use std::io::{Cursor, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use openraft::StorageError;
use openraft::testing::{StoreBuilder, Suite};
use tempfile::TempDir;
use wal as under_test;

use machine::Machine;
use store::Store;
use surface::Log;

openraft::declare_raft_types!(
    /// The least that the suite takes.
    pub(crate) Types: D = u64, R = u64, SnapshotData = Cursor<Vec<u8>>,
);

/// Counts the cases: each has a storage of its own.
struct Builder(AtomicUsize);

impl<L: Log> StoreBuilder<Types, Store<L>, Machine, TempDir> for &Builder {
    async fn build(&self) -> Result<(TempDir, Store<L>, Machine), StorageError<u64>> {
        self.0.fetch_add(1, SeqCst);
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let store = Store::open(folder.path());
        Ok((folder, store, Machine::default()))
    }
}

fn passes<L: Log>() {
    let builder = Builder(AtomicUsize::new(0));
    Suite::<Types, Store<L>, Machine, &Builder, TempDir>::test_all(&builder).unwrap();
    let cases = builder.0.into_inner();
    assert!(cases >= 35, "the suite has shrunk: {cases}");
    let variant = L::VARIANT;
    writeln!(std::io::stderr(), "COUNT wal_{variant}_openraft_cases={cases}").expect("stderr");
}

#[test]
fn the_suite_of_openraft_passes_over_the_channel() {
    passes::<wal::channel::Wal>();
}

#[test]
fn the_suite_of_openraft_passes_over_the_lock() {
    passes::<wal::lock::Wal>();
}
