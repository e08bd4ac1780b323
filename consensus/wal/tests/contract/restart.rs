//! What is there after a restart, on the real disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use super::surface::{Log, Receipt as _};
use super::under_test::{self, Options, Record};

fn options() -> Options {
    Options { segment_bytes: 64 << 10, ..Options::new(1) }
}

/// The bodies of all records, in order.
fn read<L: Log>(folder: &Path) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let (_, recovery) = L::open(folder, &options(), |entry| {
        assert_eq!(entry.sequence, bodies.len() as u64 + 1);
        bodies.push(entry.body.to_vec());
    })
    .unwrap();
    assert_eq!(recovery.last, bodies.len() as u64);
    assert_eq!(recovery.cut, None);
    bodies
}

/// Eight threads append pairs, and wait for some of them.
fn write<L: Log>(folder: &Path) -> u64 {
    let (log, _) = L::open(folder, &options(), |_| ()).unwrap();
    thread::scope(|scope| {
        for writer in 0..8_u8 {
            let log = &log;
            scope.spawn(move || {
                for count in 0..100_u8 {
                    let bodies = [[writer, count, 0], [writer, count, 1]];
                    let pair = bodies.each_ref().map(|body| Record::new(3, body));
                    match count % 4 {
                        0 => log.append_lazy(&pair).unwrap(),
                        1 => drop(log.append(&pair).unwrap()),
                        2 => _ = log.append(&pair).unwrap().wait().unwrap(),
                        _ => _ = log.force(&pair).unwrap(),
                    }
                }
            });
        }
    });
    let syncs = log.counts().syncs;
    assert_eq!(log.durable(), 1600);
    log.shutdown().unwrap();
    syncs
}

fn check(bodies: &[Vec<u8>]) {
    assert_eq!(bodies.len(), 1600);
    let mut next = BTreeMap::new();
    for pair in bodies.chunks(2) {
        let writer = pair[0][0];
        let count = next.entry(writer).or_insert(0);
        assert_eq!(pair, [[writer, *count, 0], [writer, *count, 1]], "neighbours, and in order");
        *count += 1;
    }
}

fn what_was_acknowledged_is_there_in_order<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let syncs = write::<L>(folder.path());
    assert!(syncs < 700, "nothing was committed together: {syncs}");
    check(&read::<L>(folder.path()));
}

#[test]
fn both_variants_keep_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    write::<under_test::channel::Wal>(folder.path());
    check(&read::<under_test::lock::Wal>(folder.path()));
    let folder = tempfile::tempdir().unwrap();
    write::<under_test::lock::Wal>(folder.path());
    check(&read::<under_test::channel::Wal>(folder.path()));
    // Byte for byte, when they are asked the same.
    let serial = |log: &dyn Fn(&[Record<'_>])| {
        (0..50).for_each(|count| log(&[Record::new(1, &[count]), Record::carried(2, b"vote")]));
    };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, _) = under_test::channel::Wal::open(folders[0].path(), &options(), |_| ()).unwrap();
    let (other, _) = under_test::lock::Wal::open(folders[1].path(), &options(), |_| ()).unwrap();
    serial(&|records| _ = one.force(records).unwrap());
    serial(&|records| _ = other.force(records).unwrap());
    one.shutdown().unwrap();
    other.shutdown().unwrap();
    let [one, other] = folders.each_ref().map(|folder| contents(folder.path()));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one == other, "the files differ");
}

fn contents(folder: &Path) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect()
}

fn a_log_goes_on_where_it_ended<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("made").join("on the way");
    for round in 0..5_u8 {
        let (log, recovery) = L::open(&deep, &options(), |_| ()).unwrap();
        assert_eq!(recovery.last, u64::from(round) * 2);
        log.append_lazy(&[Record::new(0, b"")]).unwrap();
        assert_eq!(log.force(&[Record::new(round, b"x")]).unwrap(), recovery.last + 2);
    }
    assert_eq!(read::<L>(&deep).len(), 10);
}

fn handles_may_be_shared_and_sent<L: Log>() {
    fn shared<T: Send + Sync + std::fmt::Debug>() {}
    shared::<under_test::channel::Wal>();
    shared::<under_test::lock::Wal>();
    shared::<under_test::lock::Ticket>();
    shared::<under_test::channel::Ticket>();
    shared::<under_test::Failed>();
    // A ticket outlives its log.
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = L::open(folder.path(), &options(), |_| ()).unwrap();
    let ticket = log.append(&[Record::new(1, b"a")]).unwrap();
    drop(log);
    assert_eq!(thread::spawn(|| ticket.wait().unwrap()).join().unwrap(), 1);
}

fn a_panic_of_replay_opens_nothing<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    write::<L>(folder.path());
    let open = || L::open(folder.path(), &options(), |_| panic!("on purpose")).map(drop);
    assert!(std::panic::catch_unwind(open).is_err());
    check(&read::<L>(folder.path()));
}

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            type Wal = crate::under_test::$variant::Wal;

            #[test]
            fn what_was_acknowledged_is_there_in_order() {
                super::what_was_acknowledged_is_there_in_order::<Wal>();
            }

            #[test]
            fn a_log_goes_on_where_it_ended() {
                super::a_log_goes_on_where_it_ended::<Wal>();
            }

            #[test]
            fn handles_may_be_shared_and_sent() {
                super::handles_may_be_shared_and_sent::<Wal>();
            }

            #[test]
            fn a_panic_of_replay_opens_nothing() {
                super::a_panic_of_replay_opens_nothing::<Wal>();
            }
        }
    };
}
contract!(channel);
contract!(lock);
