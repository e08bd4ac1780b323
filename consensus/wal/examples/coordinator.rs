//! The log of a two-phase commit's coordinator: decisions are forced, ends are lazy, and segments go
//! once nothing in them is needed.
//!
//! Run it with `cargo run -p wal --example coordinator`.
//!
//! You will see that a lazy record costs no fsync, that old segments are removed, and that the epoch,
//! which was written first, is still there when the log is opened again.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs, process};

use wal::channel::Wal;
use wal::{Options, Record};

/// Which run of the coordinator it is. Carried: it must outlive its segment.
const EPOCH: u8 = 1;
/// Forced: from here on the transaction is committed, whoever crashes.
const COMMITTED: u8 = 2;
/// Lazy: all participants have acknowledged. If it is lost, they are told once more.
const END: u8 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("coordinator-{}", process::id()));
    let result = run(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let options = Options { segment_bytes: 16 << 10, ..Options::new(2) };
    let (log, _) = Wal::open(folder, &options, |_| ())?;
    log.force(&[Record::carried(EPOCH, &7_u64.to_le_bytes())])?;
    // Where the decision of each transaction stands that is not over.
    let mut open = BTreeMap::new();
    for transaction in 0..100_u64 {
        let decision = log.force(&[Record::new(COMMITTED, &transaction.to_le_bytes())])?;
        open.insert(transaction, decision);
        // The participants of the one before answer now. The last stays open.
        if let Some(over) = transaction.checked_sub(1) {
            log.append_lazy(&[Record::new(END, &over.to_le_bytes())])?;
            open.remove(&over);
        }
    }
    let counts = log.counts();
    println!("{} records are safe after {} fsyncs.", counts.durable, counts.syncs);
    assert_eq!(counts.syncs, 101, "the epoch and each decision; no end");
    let oldest = open.values().min().copied().unwrap_or(counts.durable);
    println!("{} segments are removed.", log.release(oldest)?);
    log.shutdown()?;

    let (mut epoch, mut open) = (None, Vec::new());
    let number = |body: &[u8]| body.try_into().map(u64::from_le_bytes);
    let (_, found) = Wal::open(folder, &options, |entry| match (entry.kind, number(entry.body)) {
        (EPOCH, Ok(number)) => epoch = Some(number),
        (COMMITTED, Ok(number)) => open.push(number),
        (END, Ok(number)) => open.retain(|it| *it != number),
        _ => panic!("record {} is of no kind of ours", entry.sequence),
    })?;
    println!("Opened again: epoch {epoch:?}, {} segments, to be told: {open:?}.", found.segments);
    assert_eq!(epoch, Some(7));
    assert!(open.contains(&99), "the last decision is there, and nobody was told");
    Ok(())
}
