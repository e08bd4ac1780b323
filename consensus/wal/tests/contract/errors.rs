//! What the system refuses, at every call.

use std::io::ErrorKind;

use super::memory::disk::{Disk, Trouble};
use super::memory::script::{History, STEPS, Step, options};
use super::memory::surface::{Log, Receipt as _};
use super::memory::under_test::{AppendError, Failed, OpenError, Record};
use super::say;

/// What happens to a log in which one call fails.
fn run<L: Log>(trouble: Trouble) -> (Disk, History, Option<OpenError>) {
    let (disk, mut history) = (Disk::new(), History::default());
    disk.troubled(trouble);
    let opened = L::open(disk.path(), &options(), |_| ());
    let refused = opened.map(|(log, _)| assert!(history.run(log, 1, STEPS), "it must fail")).err();
    (disk, history, refused)
}

fn calls<L: Log>() -> usize {
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = L::open(disk.path(), &options(), |_| ()).unwrap();
    history.run(log, 1, STEPS);
    disk.calls().len()
}

fn every_call_fails_once<L: Log>() {
    let (mut failures, mut disks) = (0, 0);
    for call in 0..calls::<L>() {
        for kind in [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem] {
            let (disk, mut history, refused) = run::<L>(Trouble::Fails(call, kind));
            assert!(refused.is_none_or(|it| failed(&it).io_error().unwrap().kind() == kind));
            failures += 1;
            // The process is started anew while the system is up: what it reads may be in memory alone.
            let (log, _) = history.reopen::<L>(&disk.copy()).unwrap();
            drop(log);
            // Or the power goes right after it was opened, when whoever opened it has seen its records.
            let up = disk.copy();
            let (log, _) = history.reopen::<L>(&up).unwrap();
            for disk in up.crashes() {
                disks += 1;
                history.clone().reopen::<L>(&disk).unwrap();
            }
            drop(log);
        }
    }
    say(&format!("COUNT wal_{}_calls_that_failed={failures}", L::VARIANT));
    assert!(failures > 150 && disks >= failures);
}

fn failed(error: &OpenError) -> &Failed {
    match error {
        OpenError::Failed(failed) => failed,
        other => panic!("{other}"),
    }
}

/// A log whose next commit meets this trouble, at its write or at its sync.
fn about_to<L: Log>(trouble: Trouble) -> (Disk, History, L) {
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = history.reopen::<L>(&disk).unwrap();
    disk.troubled(trouble);
    (disk, history, log)
}

const WRITE: usize = 0;
const SYNC: usize = 1;

fn an_error_is_final<L: Log>() {
    for call in [WRITE, SYNC] {
        let (disk, mut history, log) = about_to::<L>(Trouble::Fails(call, ErrorKind::Other));
        let record = [Record::new(1, b"lost")];
        let ticket = log.append(&record).unwrap();
        let failed = ticket.wait().unwrap_err();
        let action = ["cannot write to", "cannot sync"][call];
        assert!(failed.to_string().starts_with(action), "{failed}");
        let calls = disk.calls().len();
        assert!(matches!(log.force(&record), Err(AppendError::Failed(_))));
        assert!(log.append_lazy(&record).is_err() && log.try_append(&record).is_err());
        assert!(log.release(1).is_err() && log.is_closed());
        assert_eq!((log.durable(), log.counts().syncs), (0, 0));
        assert!(log.shutdown().is_err());
        assert_eq!(disk.calls().len(), calls, "it touched the disk after it had failed");
        // The folder is free, and what was acknowledged is there: nothing, or what was written.
        history.next(0, 4, false);
        history.written[0] =
            super::memory::script::Written { kind: 1, is_carried: false, body: b"lost".to_vec() };
        history.reopen::<L>(&disk).unwrap();
        assert_eq!(history.written.len(), call);
    }
}

fn a_panic_is_a_failure<L: Log>() {
    for call in [WRITE, SYNC] {
        let (_, _, log) = about_to::<L>(Trouble::Panics(call));
        let (one, two) = (log.append(&[]), log.append(&[Record::new(1, b"a")]));
        assert!(two.unwrap().wait().unwrap_err().io_error().is_none());
        drop(one);
        assert!(matches!(log.append(&[]), Err(AppendError::Failed(_))));
        assert!(log.shutdown().is_err());
    }
}

fn a_failed_log_lets_go_of_its_folder<L: Log>() {
    let (disk, mut history, log) = about_to::<L>(Trouble::Fails(SYNC, ErrorKind::Other));
    assert!(matches!(L::open(disk.path(), &options(), |_| ()), Err(OpenError::InUse(_))));
    disk.troubled(Trouble::Fails(SYNC, ErrorKind::Other));
    history.next(0, 0, false);
    history.written[0].kind = 1;
    log.force(&[Record::new(1, b"")]).unwrap_err();
    history.reopen::<L>(&disk).unwrap().0.force(&[]).unwrap();
    drop(log);
}

/// A disk that is full when the next segment is made.
fn a_full_disk_loses_nothing<L: Log>() {
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = history.reopen::<L>(&disk).unwrap();
    disk.limit(Some(10_000));
    let mut rounds = 0;
    let log = loop {
        rounds += 1;
        history.next(1, 200, false);
        let last = history.written.last().unwrap();
        let said = log.force(&[Record::new(last.kind, &last.body)]);
        history.acknowledged += usize::from(said.is_ok());
        if let Err(error) = said {
            let AppendError::Failed(failed) = error else { panic!("{error}") };
            assert_eq!(failed.io_error().unwrap().kind(), ErrorKind::StorageFull);
            break log;
        }
    };
    drop(log);
    assert_eq!((rounds, history.acknowledged), (13, 12), "two segments of six");
    // Opened again it can be read, and there is room for nothing but what the last segment holds.
    let (log, _) = history.reopen::<L>(&disk).unwrap();
    assert_eq!(history.written.len(), 12);
    assert!(log.force(&[Record::new(1, &[0; 1000])]).is_err());
    // Space is made outside, or by letting go of old segments.
    let (log, _) = history.reopen::<L>(&disk).unwrap();
    assert_eq!(log.release(7).unwrap(), 1);
    assert_eq!(log.force(&[Record::new(1, &[0; 1000])]).unwrap(), 13);
}

macro_rules! errors {
    ($variant:ident) => {
        mod $variant {
            type Wal = crate::memory::$variant::Wal;

            #[test]
            fn whatever_call_fails_nothing_acknowledged_is_lost() {
                super::every_call_fails_once::<Wal>();
            }
            #[test]
            fn an_error_is_final_and_the_disk_is_not_touched_again() {
                super::an_error_is_final::<Wal>();
            }
            #[test]
            fn a_panic_while_writing_is_a_failure_that_all_are_told() {
                super::a_panic_is_a_failure::<Wal>();
            }
            #[test]
            fn a_failed_log_lets_go_of_its_folder() {
                super::a_failed_log_lets_go_of_its_folder::<Wal>();
            }
            #[test]
            fn a_full_disk_is_told_and_loses_nothing() {
                super::a_full_disk_loses_nothing::<Wal>();
            }
        }
    };
}
errors!(channel);
errors!(lock);

#[test]
fn a_log_that_cannot_be_read_is_not_opened() {
    type Wal = super::memory::lock::Wal;
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = history.reopen::<Wal>(&disk).unwrap();
    assert!(!history.run(log, 1, &[Step::Force(&[10])]));
    let calls = disk.copy();
    history.reopen::<Wal>(&calls).unwrap();
    for (call, what) in calls.calls().into_iter().enumerate().take(6) {
        let copy = disk.copy();
        copy.troubled(Trouble::Fails(call, ErrorKind::Other));
        let error = history.clone().reopen::<Wal>(&copy).map(drop).unwrap_err().to_string();
        assert!(error.starts_with("cannot "), "{what}: {error}");
        copy.troubled(Trouble::None);
        history.reopen::<Wal>(&copy).unwrap();
    }
}
