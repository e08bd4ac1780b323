//! What is explored: a body for each scenario.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use interleave::models::clock;
use interleave::note;
use shuttle::thread;

use super::disk::{Disk, Trouble};
use super::surface::{Log, Receipt as _};
use super::under_test::{AppendError, Options, Record, WaitError};

fn options(room: usize) -> Options {
    Options { segment_bytes: 4096, room, ..Options::new(1) }
}

/// A log whose disk has this trouble, counted from now.
fn opened<L: Log>(room: usize, trouble: Trouble) -> (Disk, L) {
    let disk = Disk::new();
    let (log, _) = L::open(disk.path(), &options(room), |_| ()).expect("it is new");
    disk.troubled(trouble);
    (disk, log)
}

fn record(kind: u8) -> Record<'static> {
    Record::new(kind, b"")
}

/// The kinds of all records on the disk after a crash, in order.
fn safe(disk: &Disk) -> Vec<u8> {
    let (mut kinds, after) = (Vec::new(), disk.crashed(|_| false));
    // The one without a thread.
    super::lock::Wal::open(after.path(), &options(1), |entry| kinds.push(entry.kind))
        .expect("it is whole");
    kinds
}

const WRITE: usize = 0;
const SYNC: usize = 1;

static SYNCS: [[AtomicUsize; 3]; 2] = [const { [const { AtomicUsize::new(0) }; 3] }; 2];

/// How often so many syncs were enough for two callers of this variant.
pub(crate) fn enough(variant: &str, syncs: u64) -> &'static AtomicUsize {
    &SYNCS[usize::from(variant == "lock")][syncs as usize]
}

pub(crate) fn whoever_is_told_is_safe<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::None);
    let force = |kind| {
        let sequence = log.force(&[record(kind)]).expect("nothing fails");
        note!("{kind} is told that {sequence} is safe");
        assert!(log.durable() >= sequence);
        assert!(safe(&disk).contains(&kind), "it was told too early");
    };
    thread::scope(|scope| {
        scope.spawn(|| force(1));
        force(2);
    });
    enough(L::VARIANT, log.counts().syncs).fetch_add(1, SeqCst);
    log.shutdown().expect("nothing fails");
    assert_eq!(safe(&disk).len(), 2);
}

pub(crate) fn three_callers_all_get_their_answer<L: Log>() {
    let (_, log) = opened::<L>(8, Trouble::None);
    thread::scope(|scope| {
        for kind in 0..2 {
            let log = &log;
            scope.spawn(move || log.force(&[record(kind)]).expect("nothing fails"));
        }
        log.force(&[record(2)]).expect("nothing fails");
    });
    log.shutdown().expect("nothing fails");
}

fn all_are_told<L: Log>(trouble: Trouble) {
    let (_, log) = opened::<L>(1, trouble);
    let force = |kind| {
        let said = log.force(&[record(kind)]);
        assert!(matches!(said, Err(AppendError::Failed(_))), "{said:?}");
        note!("{kind} is told");
    };
    thread::scope(|scope| {
        scope.spawn(|| force(1));
        force(2);
    });
    assert!(log.durable() == 0 && log.is_closed());
    assert!(log.shutdown().is_err());
}

pub(crate) fn a_committer_that_dies_leaves_nobody_waiting<L: Log>() {
    all_are_told::<L>(Trouble::Panics(SYNC));
}

pub(crate) fn a_write_that_fails_leaves_nobody_waiting<L: Log>() {
    all_are_told::<L>(Trouble::Fails(WRITE, ErrorKind::Other));
}

pub(crate) fn a_close_during_a_commit_loses_nothing<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::None);
    let taken = thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let ticket = log.append(&[record(1)]).ok()?;
            note!("1 is taken");
            Some(ticket.wait().expect("what is taken is committed"))
        });
        let lazy = scope.spawn(|| log.append_lazy(&[record(2)]).is_ok());
        log.close();
        note!("closed");
        assert!(matches!(log.append(&[]).map(drop), Err(AppendError::Closed)));
        usize::from(waits.join().expect("no panic").is_some())
            + usize::from(lazy.join().expect("no panic"))
    });
    log.shutdown().expect("nothing fails");
    assert_eq!(safe(&disk).len(), taken);
}

pub(crate) fn who_waits_for_room_gets_in_or_is_turned_away<L: Log>() {
    let (disk, log) = opened::<L>(1, Trouble::None);
    let taken = thread::scope(|scope| {
        let lazy = |kind| usize::from(log.append_lazy(&[record(kind)]).is_ok());
        let first = scope.spawn(move || lazy(1) + lazy(2));
        let second = scope.spawn(move || lazy(3));
        log.close();
        first.join().expect("no panic") + second.join().expect("no panic")
    });
    log.shutdown().expect("nothing fails");
    assert_eq!(safe(&disk).len(), taken);
}

pub(crate) fn a_room_of_one_holds_nobody_up_for_ever<L: Log>() {
    let (_, log) = opened::<L>(1, Trouble::None);
    thread::scope(|scope| {
        scope.spawn(|| {
            log.append_lazy(&[record(1)]).expect("nothing fails");
            log.append_lazy(&[record(1)]).expect("nothing fails");
        });
        log.force(&[record(2)]).expect("nothing fails");
    });
    log.shutdown().expect("nothing fails");
}

pub(crate) fn who_gives_up_leaves_the_others_served<L: Log>() {
    let (_, log) = opened::<L>(8, Trouble::None);
    let soon = Duration::from_millis(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            let ticket = log.append(&[record(1)]).expect("nothing fails");
            match ticket.wait_timeout(soon) {
                Ok(sequence) => assert!(log.durable() >= sequence),
                Err(WaitError::TimedOut(_)) => note!("gives up"),
                Err(WaitError::Failed(failed)) => panic!("{failed}"),
            }
        });
        scope.spawn(|| clock::advance(soon));
        log.force(&[record(2)]).expect("nothing fails");
        note!("served");
    });
    log.shutdown().expect("nothing fails");
}

pub(crate) fn a_release_and_a_commit_take_turns<L: Log>() {
    let (disk, log) = opened::<L>(8, Trouble::None);
    for _ in 0..2 {
        log.force(&[Record::new(1, &[0; 3000])]).expect("nothing fails");
    }
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(log.release(2).expect("nothing fails"), 1));
        log.force(&[record(3)]).expect("nothing fails");
    });
    drop(log);
    assert_eq!(safe(&disk), [1, 3]);
}
