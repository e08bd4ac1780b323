//! What callers may do while a sync takes its time.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use super::memory::disk::{Disk, Trouble};
use super::memory::script::{History, options};
use super::memory::surface::{Log, Receipt as _};
use super::memory::under_test::{AppendError, Options, Record, TryAppendError, WaitError};

const SYNC: usize = 1;

fn opened<L: Log>(room: usize, trouble: Trouble) -> (Disk, L) {
    let disk = Disk::new();
    let options = Options { room, ..options() };
    let (log, _) = L::open(disk.path(), &options, |_| ()).unwrap();
    disk.troubled(trouble);
    (disk, log)
}

fn record(kind: u8) -> Record<'static> {
    Record::new(kind, b"body")
}

/// The kinds of all records, in order.
fn kinds<L: Log>(disk: &Disk) -> Vec<u8> {
    let mut kinds = Vec::new();
    L::open(disk.path(), &options(), |entry| kinds.push(entry.kind)).unwrap();
    kinds
}

fn one_sync_serves_all_who_come_meanwhile<L: Log>() {
    let (disk, log) = opened::<L>(200, Trouble::Holds(SYNC, None));
    thread::scope(|scope| {
        let first = scope.spawn(|| log.force(&[record(0)]).unwrap());
        let held = disk.wait_held();
        let tickets: Vec<_> = (1..=100).map(|kind| log.append(&[record(kind)]).unwrap()).collect();
        assert_eq!((log.durable(), log.counts().syncs), (0, 0));
        drop(held);
        for (ticket, sequence) in tickets.into_iter().zip(2..) {
            assert_eq!(ticket.wait().unwrap(), sequence);
        }
        assert_eq!(first.join().unwrap(), 1);
    });
    assert_eq!((log.durable(), log.counts().syncs), (101, 2));
    log.shutdown().unwrap();
    assert!(kinds::<L>(&disk).into_iter().eq(0..=100));
}

fn try_append_never_waits<L: Log>() {
    let (disk, log) = opened::<L>(2, Trouble::Holds(SYNC, None));
    thread::scope(|scope| {
        let first = scope.spawn(|| log.force(&[record(0)]).unwrap());
        let held = disk.wait_held();
        let mut tickets = vec![];
        let full = loop {
            match log.try_append(&[record(1)]) {
                Ok(ticket) => tickets.push(ticket),
                Err(error) => break error,
            }
        };
        assert!(matches!(full, TryAppendError::Full), "{full}");
        assert_eq!(tickets.len(), 2, "it holds its room and no more");
        // Nor behind one who waits for room.
        let blocked = scope.spawn(|| log.force(&[record(2)]).unwrap());
        assert!(matches!(log.try_append(&[record(3)]), Err(TryAppendError::Full)));
        drop(held);
        assert!(tickets.into_iter().all(|ticket| ticket.wait().is_ok()));
        assert_eq!((first.join().unwrap(), blocked.join().unwrap()), (1, 4));
        log.try_append(&[record(3)]).unwrap().wait().unwrap();
    });
}

fn a_wait_ends_when_its_time_is_up<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::Holds(SYNC, None));
    thread::scope(|scope| {
        scope.spawn(|| log.force(&[record(0)]).unwrap());
        let held = disk.wait_held();
        let ticket = log.append(&[record(1)]).unwrap();
        let Err(WaitError::TimedOut(ticket)) = ticket.wait_timeout(Duration::from_millis(1)) else {
            panic!("nothing is safe yet")
        };
        // Whoever gives up takes nothing along.
        let given_up = log.append(&[record(2)]).unwrap();
        drop(given_up.wait_timeout(Duration::ZERO).unwrap_err());
        drop(held);
        assert_eq!(ticket.wait_timeout(Duration::from_mins(1)).unwrap(), 2);
    });
    log.shutdown().unwrap();
    assert_eq!(kinds::<L>(&disk), [0, 1, 2]);
}

fn a_close_during_a_commit_loses_nothing<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::Holds(SYNC, None));
    thread::scope(|scope| {
        let first = scope.spawn(|| log.force(&[record(0)]).unwrap());
        let held = disk.wait_held();
        let second = log.append(&[record(1)]).unwrap();
        log.append_lazy(&[record(2)]).unwrap();
        log.close();
        log.close();
        assert!(log.is_closed());
        for refused in [log.append(&[]).map(drop), log.append_lazy(&[record(3)])] {
            assert!(matches!(refused, Err(AppendError::Closed)));
        }
        assert!(log.try_append(&[record(3)]).is_err() && log.release(1).is_err());
        drop(held);
        assert_eq!((first.join().unwrap(), second.wait().unwrap()), (1, 2));
    });
    log.shutdown().unwrap();
    assert_eq!(kinds::<L>(&disk), [0, 1, 2]);
}

fn close_wakes_who_waits_for_room<L: Log>() {
    let (disk, log) = opened::<L>(1, Trouble::Holds(SYNC, None));
    let taken = thread::scope(|scope| {
        scope.spawn(|| log.force(&[record(0)]).unwrap());
        let held = disk.wait_held();
        while log.try_append(&[record(1)]).is_ok() {}
        let blocked: Vec<_> =
            (0..3).map(|_| scope.spawn(|| log.append_lazy(&[record(2)]))).collect();
        log.close();
        drop(held);
        blocked.into_iter().filter_map(|it| it.join().unwrap().ok()).count()
    });
    log.shutdown().unwrap();
    let mut kinds = kinds::<L>(&disk);
    kinds.retain(|kind| *kind == 2);
    assert_eq!(kinds.len(), taken);
}

fn a_failure_is_told_to_all_who_wait<L: Log>() {
    let (disk, log) = opened::<L>(2, Trouble::Holds(SYNC, Some(ErrorKind::Other)));
    thread::scope(|scope| {
        let first = scope.spawn(|| log.force(&[record(0)]));
        let held = disk.wait_held();
        let tickets: Vec<_> = (0..2).map(|_| log.append(&[record(1)]).unwrap()).collect();
        let tickets: Vec<_> =
            tickets.into_iter().map(|ticket| scope.spawn(move || ticket.wait())).collect();
        let late: Vec<_> = (0..2).map(|_| scope.spawn(|| log.force(&[record(2)]))).collect();
        let released = scope.spawn(|| log.release(5));
        drop(held);
        assert!(matches!(first.join().unwrap(), Err(AppendError::Failed(_))));
        assert!(tickets.into_iter().all(|it| it.join().unwrap().is_err()));
        assert!(late.into_iter().all(|it| it.join().unwrap().is_err()));
        assert!(released.join().unwrap().is_err());
    });
    assert_eq!(log.durable(), 0);
    assert!(log.shutdown().is_err());
}

fn a_lazy_record_goes_with_the_next_that_is_forced<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::None);
    log.append_lazy(&[record(0)]).unwrap();
    assert_eq!(log.force(&[record(1)]).unwrap(), 2);
    assert_eq!((log.durable(), log.counts().syncs), (2, 1));
    // A log that is dropped commits what is left.
    log.append_lazy(&[record(2)]).unwrap();
    drop(log);
    assert_eq!(kinds::<L>(&disk), [0, 1, 2]);
}

fn no_records_wait_for_all_before_them<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::None);
    assert_eq!(log.force(&[]).unwrap(), 0);
    assert_eq!(disk.calls().len(), 0, "there was nothing to do");
    log.append_lazy(&[record(0), record(1)]).unwrap();
    assert_eq!((log.force(&[]).unwrap(), log.durable()), (2, 2));
    assert_eq!(disk.calls(), ["write", "sync"]);
}

fn a_room_of_one_works<L: Log>() {
    let (disk, log) = opened::<L>(1, Trouble::None);
    thread::scope(|scope| {
        for kind in 0..4 {
            let log = &log;
            scope.spawn(move || {
                for _ in 0..50 {
                    log.append_lazy(&[record(kind)]).unwrap();
                    log.force(&[record(kind), record(kind)]).unwrap();
                }
            });
        }
    });
    assert_eq!(log.durable(), 600);
    log.shutdown().unwrap();
    let mut kinds = kinds::<L>(&disk);
    kinds.sort_unstable();
    assert!(kinds.chunk_by(|one, next| one == next).all(|same| same.len() == 150));
}

fn the_last_carried_record_survives_the_release_of_its_segment<L: Log>() {
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = history.reopen::<L>(&disk).unwrap();
    log.force(&[Record::carried(1, b"old"), Record::carried(2, b"other")]).unwrap();
    log.force(&[Record::carried(1, b"vote")]).unwrap();
    for _ in 0..20 {
        log.force(&[Record::new(9, &[0; 700])]).unwrap();
    }
    assert_eq!(log.release(0).unwrap(), 0);
    assert!(log.release(u64::MAX).unwrap() >= 4);
    assert_eq!(disk.names().len(), 1);
    log.shutdown().unwrap();
    let mut found = Vec::new();
    let (_, recovery) = L::open(disk.path(), &options(), |entry| {
        found.push((entry.sequence, entry.kind, entry.is_carried, entry.body.len()));
    })
    .unwrap();
    assert_eq!(found[..2], [(2, 2, true, 5), (3, 1, true, 4)], "as they were last, in order");
    assert_eq!(recovery.last, 23);
    assert!(found[2..].iter().all(|it| it.1 == 9) && found.last().unwrap().0 == 23);
}

macro_rules! held {
    ($variant:ident) => {
        mod $variant {
            type Wal = crate::memory::$variant::Wal;

            #[test]
            fn one_sync_serves_all_who_come_meanwhile() {
                super::one_sync_serves_all_who_come_meanwhile::<Wal>();
            }

            #[test]
            fn try_append_never_waits() {
                super::try_append_never_waits::<Wal>();
            }

            #[test]
            fn a_wait_ends_when_its_time_is_up() {
                super::a_wait_ends_when_its_time_is_up::<Wal>();
            }

            #[test]
            fn a_close_during_a_commit_loses_nothing() {
                super::a_close_during_a_commit_loses_nothing::<Wal>();
            }

            #[test]
            fn close_wakes_who_waits_for_room() {
                super::close_wakes_who_waits_for_room::<Wal>();
            }

            #[test]
            fn a_failure_is_told_to_all_who_wait() {
                super::a_failure_is_told_to_all_who_wait::<Wal>();
            }

            #[test]
            fn a_lazy_record_goes_with_the_next_that_is_forced() {
                super::a_lazy_record_goes_with_the_next_that_is_forced::<Wal>();
            }

            #[test]
            fn no_records_wait_for_all_before_them() {
                super::no_records_wait_for_all_before_them::<Wal>();
            }

            #[test]
            fn a_room_of_one_works() {
                super::a_room_of_one_works::<Wal>();
            }

            #[test]
            fn the_last_carried_record_survives_the_release_of_its_segment() {
                super::the_last_carried_record_survives_the_release_of_its_segment::<Wal>();
            }
        }
    };
}
held!(channel);
held!(lock);
