//! Every crash point.

use super::memory::disk::{Disk, Trouble};
use super::memory::script::{History, STEPS, Step, options};
use super::memory::surface::Log;
use super::{is_deep, say};

#[derive(Default)]
struct Tally {
    points: usize,
    disks: usize,
    again: usize,
    torn: usize,
    lost: usize,
}

/// Runs the steps on a disk that dies at this call.
fn run<L: Log>(dies: usize) -> (Disk, History) {
    let (disk, mut history) = (Disk::new(), History::default());
    disk.troubled(Trouble::Dies(dies));
    if let Ok((log, _)) = L::open(disk.path(), &options(), |_| panic!("it is new")) {
        history.run(log, 1, STEPS);
    }
    (disk, history)
}

/// The calls of a run in which nothing happens.
fn calls<L: Log>() -> Vec<&'static str> {
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = L::open(disk.path(), &options(), |_| ()).unwrap();
    assert!(!history.run(log, 1, STEPS), "nothing fails");
    let calls = disk.calls();
    for what in ["write", "sync", "create", "rename", "remove", "sync folder"] {
        assert!(calls.contains(&what), "nothing of this is tried: {what}");
    }
    calls
}

impl Tally {
    /// The log is opened on what a crash left, used again, and opened again.
    fn next_life<L: Log>(&mut self, disk: &Disk, mut history: History) {
        let before = history.written.clone();
        let opened = history.reopen::<L>(disk);
        let (log, recovery) = opened.unwrap_or_else(|error| panic!("{error}"));
        self.torn += usize::from(recovery.cut.is_some());
        self.lost += before.len() - history.written.len();
        // As long as the first that was lost, so that what stood behind it would fit again.
        let lost = before.get(history.written.len());
        history.next(2, lost.map_or(3, |it| it.body.len()), false);
        let body = &history.written.last().unwrap().body;
        let kind = history.written.last().unwrap().kind;
        let record = super::memory::under_test::Record::new(kind, body);
        log.force(&[record]).unwrap_or_else(|error| panic!("{error}"));
        history.acknowledged = history.written.len();
        // A crash right then; all is safe, so that there is but one outcome.
        let disk = disk.crashed(|_| false);
        drop(log);
        let written = history.written.len();
        history.reopen::<L>(&disk).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(history.written.len(), written, "nothing is lost");
    }

    /// The power goes again while the log is opened, at every call.
    fn dies_again<L: Log>(&mut self, disk: &Disk, history: &History) {
        for call in 0.. {
            let again = disk.copy();
            again.troubled(Trouble::Dies(call));
            let opened = L::open(again.path(), &options(), |_| ());
            if opened.is_ok() {
                break; // it had fewer calls
            }
            for disk in again.crashes() {
                self.again += 1;
                self.next_life::<L>(&disk, history.clone());
            }
        }
    }
}

fn enumerate<L: Log>() {
    let mut tally = Tally::default();
    let sparse = if is_deep() { 1 } else { 23 };
    for (call, what) in calls::<L>().into_iter().enumerate() {
        if matches!(what, "open" | "list" | "read" | "open file") {
            continue;
        }
        tally.points += 1;
        let (disk, history) = run::<L>(call);
        for disk in disk.crashes() {
            tally.disks += 1;
            if tally.disks % sparse == 0 {
                tally.dies_again::<L>(&disk.copy(), &history);
            }
            tally.next_life::<L>(&disk, history.clone());
        }
    }
    let Tally { points, disks, again, torn, lost } = tally;
    assert!(points > 50 && disks > 2000 && again > 2000, "{points}, {disks}, {again}");
    assert!(torn > 100 && lost > 100, "so few torn ends show nothing: {torn}, {lost}");
    let variant = L::VARIANT;
    say(&format!("COUNT wal_{variant}_crash_points={points}"));
    say(&format!("COUNT wal_{variant}_disks_after_a_crash={disks}"));
    say(&format!("COUNT wal_{variant}_disks_after_a_second_crash={again}"));
    say(&format!("COUNT wal_{variant}_torn_ends={torn}"));
}

macro_rules! crash_points {
    ($variant:ident) => {
        mod $variant {
            #[test]
            fn whatever_a_crash_leaves_every_acknowledged_record_is_there() {
                super::enumerate::<crate::memory::$variant::Wal>();
            }
            #[test]
            fn a_log_that_was_shut_down_has_no_torn_end() {
                super::clean_end::<crate::memory::$variant::Wal>();
            }
        }
    };
}
crash_points!(channel);
crash_points!(lock);

/// What was shut down is safe to the last record, and who damages it is told.
fn clean_end<L: Log>() {
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = L::open(disk.path(), &options(), |_| ()).unwrap();
    assert!(!history.run(log, 1, &[Step::Force(&[80, 190]), Step::Lazy(&[300])]));
    assert_eq!(disk.unsafe_things(), 0);
    let name = "00000000000000000001.wal";
    // The header, the carried records, of which there are none, and two batches.
    for byte in (0..48).chain(512..544).chain(1024..1338).chain(1536..1874) {
        let damaged = disk.copy();
        damaged.edit(name, |bytes| bytes[byte] ^= 4);
        let error = history.clone().reopen::<L>(&damaged).map(drop);
        assert!(error.is_err(), "a wrong bit in byte {byte} passes");
    }
    let (_, recovery) = history.reopen::<L>(&disk).unwrap();
    assert_eq!((recovery.last, recovery.cut), (3, None));
}
