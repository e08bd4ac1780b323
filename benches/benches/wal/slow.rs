//! Both variants on a disk in memory, one fsync of which takes a second.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../../../consensus/wal/src/channel.rs"]
#[allow(dead_code)]
pub(crate) mod channel;
#[path = "../../../consensus/wal/src/checksum.rs"]
#[allow(unused_imports)]
mod checksum;
#[path = "../../../consensus/wal/tests/shared/disk.rs"]
#[allow(dead_code, unused_imports)]
mod disk;
#[path = "../../../consensus/wal/src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../../../consensus/wal/src/format.rs"]
mod format;
#[path = "../../../consensus/wal/src/group.rs"]
#[allow(unused_imports)]
mod group;
#[path = "../../../consensus/wal/src/lock.rs"]
#[allow(dead_code)]
pub(crate) mod lock;
#[path = "../../../consensus/wal/src/record.rs"]
#[allow(dead_code)]
mod record;
#[path = "../../../consensus/wal/src/recover.rs"]
mod recover;
#[path = "../../../consensus/wal/src/segment.rs"]
mod segment;
#[path = "../../../consensus/wal/tests/shared/surface.rs"]
#[allow(dead_code)]
mod surface;
#[path = "../../../consensus/wal/src/sync.rs"]
mod sync;

use surface::Log;

mod under_test {
    pub(crate) use super::error::*;
    pub(crate) use super::record::*;
    pub(crate) use super::{channel, lock};
}

/// One at a time: there is but one slow disk.
static TURN: Mutex<()> = Mutex::new(());
static IS_SLOW: AtomicBool = AtomicBool::new(false);
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

/// What the disk does before each call.
fn pause(what: &str) {
    if what == "sync" && IS_SLOW.swap(false, SeqCst) {
        HAS_BEGUN.store(true, SeqCst);
        #[expect(clippy::disallowed_methods, reason = "the disk takes its time")]
        thread::sleep(slowness());
    }
}

fn slowness() -> Duration {
    Duration::from_millis(if benches::is_test() { 10 } else { 1000 })
}

const BODY: [u8; 64] = [7; 64];

/// Does something as soon as the slow fsync has begun.
fn meanwhile<L: Log, R>(work: impl FnOnce(&L) -> R) -> R {
    let _turn = TURN.lock().expect("nothing panics under this mutex");
    let disk = disk::Disk::new();
    let options = under_test::Options { segment_bytes: 1 << 20, ..under_test::Options::new(1) };
    let (log, _) = L::open(disk.path(), &options, |_| ()).expect("it is new");
    HAS_BEGUN.store(false, SeqCst);
    IS_SLOW.store(true, SeqCst);
    thread::scope(|scope| {
        scope.spawn(|| {
            log.force(&[under_test::Record::new(1, &BODY)]).expect("it is slow, and well")
        });
        while !HAS_BEGUN.load(SeqCst) {
            thread::yield_now();
        }
        work(&log)
    })
}

/// The slowest append and look, in microseconds.
pub(crate) fn append<L: Log>() -> f64 {
    let slowest = meanwhile(|log: &L| {
        let once = || {
            let start = Instant::now();
            log.append_lazy(&[under_test::Record::new(1, &BODY)]).expect("there is room");
            let _ = log.durable();
            start.elapsed()
        };
        (0..1000).map(|_| once()).max()
    });
    slowest.unwrap_or_default().as_secs_f64() * 1e6
}

/// How long the last waits, in milliseconds.
pub(crate) fn force<L: Log>(writers: usize) -> f64 {
    let last = meanwhile(|log: &L| {
        thread::scope(|scope| {
            let once = || {
                let start = Instant::now();
                log.force(&[under_test::Record::new(1, &BODY)]).expect("it is slow, and well");
                start.elapsed()
            };
            let all: Vec<_> = (0..writers).map(|_| scope.spawn(once)).collect();
            all.into_iter().map(|it| it.join().expect("no panic")).max()
        })
    });
    last.unwrap_or_default().as_secs_f64() * 1e3
}
