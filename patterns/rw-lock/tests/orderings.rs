//! What has orderings of its own, under weak orderings: loom tries what the processor and the compiler
//! may do, not only every schedule, and sees each access to the value that is not ordered.
//!
//! Of each access that is marked weaker than `SeqCst` loom takes the mark at its word. But it takes
//! `SeqCst` accesses for `AcqRel` ones: it does not know the one order in which they all are. What it
//! knows are `SeqCst` fences. We need that one order between a write and a read after it, on both
//! sides:
//!
//! - a reader marks its slot, then looks at the word; a writer claims the word, then looks at the slots;
//! - a client fills its tray, then looks whether the owner sleeps; an owner goes to sleep, then looks
//!   at the trays.
//!
//! So `world.rs` puts a fence between a thread's `SeqCst` write and its next `SeqCst` read, and
//! nowhere else. It is there only if both are marked `SeqCst`: mark one of them weaker and the fence is
//! gone, and a test fails.
//!
//! What stays unseen: a fence orders what stands around it as well, and the two accesses alone do not.
//! Nor does loom let a read see what is written later, which the language would allow.

#![expect(unreachable_pub, reason = "public items are private here")]
#![expect(clippy::reversed_empty_ranges, reason = "nobody looks twice")]

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

#[path = "orderings/world.rs"]
#[allow(dead_code)]
mod sync;

#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/guarded.rs"]
#[allow(dead_code)]
mod guarded;
#[path = "../src/job.rs"]
#[allow(dead_code)]
mod job;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/owner.rs"]
#[allow(dead_code)]
mod owner;
#[path = "../src/sharded.rs"]
#[allow(dead_code)]
mod sharded;
#[path = "../src/word.rs"]
mod word;

use sharded::{RwLock, WriteGuard};

/// Runs the scenario under every order with so many preemptions, and under how many there are.
fn explore(name: &str, preemptions: usize, scenario: impl Fn() + Sync + Send + 'static) {
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interleave::bound(preemptions));
    model.check(move || {
        counted.fetch_add(1, Relaxed);
        scenario();
    });
    let runs = runs.load(Relaxed);
    assert!(runs > 20, "{name}: {runs} runs are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT orderings_rw_lock_{name}={runs}").expect("stderr");
}

type Shared = Arc<RwLock<usize>>;

fn shared() -> Shared {
    Arc::new(RwLock::new(0))
}

fn start<R: 'static>(
    lock: &Shared,
    f: impl FnOnce(&RwLock<usize>) -> R + 'static,
) -> JoinHandle<R> {
    let lock = Arc::clone(lock);
    thread::spawn(move || f(&lock))
}

fn join<R>(thread: JoinHandle<R>) -> R {
    thread.join().expect("no panic")
}

fn write(lock: &RwLock<usize>) {
    lock.write(|n| *n += 1);
}

/// Looks at the value when it comes in and before it goes out.
fn read(lock: &RwLock<usize>) -> usize {
    let reading = lock.read_guard();
    let first = *reading;
    assert_eq!(*reading, first, "a writer came in");
    first
}

#[test]
fn a_reader_in_a_slot_and_a_writer_see_each_other() {
    explore("slot", 4, || {
        let lock = shared();
        let reader = start(&lock, read);
        write(&lock);
        assert!(join(reader) <= 1);
        assert_eq!(read(&lock), 1);
    });
}

#[test]
fn two_readers_in_slots_and_a_writer_see_each_other() {
    explore("slots", 1, || {
        let lock = shared();
        let readers = [start(&lock, read), start(&lock, read)];
        write(&lock);
        for reader in readers {
            assert!(join(reader) <= 1);
        }
        assert_eq!(read(&lock), 1);
    });
}

#[test]
fn a_slot_that_was_opened_again_shows_what_was_written() {
    explore("opened_again", 1, || {
        let lock = shared();
        let writer = start(&lock, write);
        let reader = start(&lock, |lock| (read(lock), read(lock)));
        assert!(read(&lock) <= 1);
        let (first, second) = join(reader);
        assert!(first <= second, "the value went back");
        join(writer);
    });
}

#[test]
fn writers_and_a_reader_in_line_see_each_other() {
    explore("line", 2, || {
        let lock = shared();
        let writer = start(&lock, write);
        let reader = start(&lock, read);
        write(&lock);
        join(writer);
        assert!(join(reader) <= 2);
        assert_eq!(lock.try_write(|n| *n).expect("all are out"), 2);
    });
}

#[test]
fn a_writer_after_one_that_gave_up_misses_no_reader() {
    explore("gave_up", 2, || {
        let lock = shared();
        let reader = start(&lock, read);
        let late = start(&lock, |lock| lock.write_timeout(Duration::ZERO, |n| *n += 1).is_ok());
        write(&lock);
        join(reader);
        let wrote = usize::from(join(late));
        assert_eq!(lock.try_write(|n| *n).expect("all are out"), 1 + wrote);
    });
}

#[test]
fn readers_who_give_up_leave_nothing_behind() {
    explore("reader_gave_up", 2, || {
        let lock = shared();
        let late = start(&lock, |lock| lock.read_timeout(Duration::ZERO, |n| *n).is_ok());
        let writer = start(&lock, write);
        write(&lock);
        join(writer);
        join(late);
        assert_eq!(lock.try_write(|n| *n).expect("all are out"), 2);
    });
}

#[test]
fn a_downgrade_shows_what_was_written_and_keeps_writers_out() {
    explore("downgrade", 2, || {
        let lock = shared();
        let reader = start(&lock, read);
        let writer = start(&lock, write);
        let mut writing = lock.write_guard();
        *writing += 10;
        let reading = WriteGuard::downgrade(writing);
        let seen = *reading;
        assert_eq!(*reading, seen, "a writer came in between");
        drop(reading);
        join(reader);
        join(writer);
        assert_eq!(read(&lock), 11);
    });
}

#[test]
fn a_try_sees_what_was_written() {
    explore("try", 4, || {
        let lock = shared();
        let writer = start(&lock, |lock| lock.try_write(|n| *n += 1).is_ok());
        let seen = lock.try_read(|n| *n);
        let wrote = lock.try_write(|n| *n += 1).is_ok();
        let both = usize::from(join(writer)) + usize::from(wrote);
        assert!(seen.is_err() || seen.is_ok_and(|n| n <= both));
        assert_eq!(lock.try_read(|n| *n).expect("all are out"), both);
    });
}

#[test]
fn the_owner_hears_of_a_job_before_it_sleeps() {
    explore("owner", 3, || {
        let lock = channel::RwLock::new(0);
        lock.write(|n| *n += 1);
        assert_eq!(lock.read(|n| *n), 1);
        assert_eq!(lock.into_inner(), 1, "it hears of the end as well");
    });
}
