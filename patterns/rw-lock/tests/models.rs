//! Every schedule with few preemptions: the textbook versions fail, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives instead of std's. The
//! checker knows one order of all operations; what weaker orderings may do beyond that is for
//! `orderings.rs`. Time-outs end when a scenario moves the clock.

#![expect(unreachable_pub, reason = "public items are private here")]
#![expect(clippy::reversed_empty_ranges, reason = "nobody looks twice")]

use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

use interleave::{bound, fails, holds, note};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::thread::{self, JoinHandle};

#[path = "models/textbook.rs"]
mod textbook;

#[path = "models/world.rs"]
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
mod job;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/owner.rs"]
mod owner;
#[path = "../src/sharded.rs"]
#[allow(dead_code)]
mod sharded;
#[path = "../src/word.rs"]
mod word;

/// On the checker's clock: a nanosecond.
const LIMIT: Duration = Duration::from_nanos(1);

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_rw_lock_{name}={schedules}").expect("stderr");
}

/// Joins all, and returns what they return.
fn join<T>(threads: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|it| it.join().expect("no panic")).collect()
}

#[test]
fn two_writers_share_a_flag_and_one_sleeps_for_ever() {
    let schedule = fails(|| {
        let lock = Arc::new(textbook::RwLock::default());
        lock.read();
        note!("reads");
        let writers = [1, 2].map(|_| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                note!("wants to write");
                lock.write();
                note!("writes");
                lock.write_unlock();
                note!("is out");
            })
        });
        lock.read_unlock();
        note!("is out");
        join(writers);
    });
    schedule.matches("tests/schedules/textbook_lost_wake_up.txt");
}

#[test]
fn a_reader_comes_in_past_a_writer_whose_flag_was_cleared() {
    let schedule = fails(|| {
        let lock = Arc::new(textbook::RwLock::default());
        let waiting = Arc::new(AtomicUsize::new(0));
        lock.read();
        let writers = [1, 2].map(|_| {
            let (lock, waiting) = (Arc::clone(&lock), Arc::clone(&waiting));
            thread::spawn(move || {
                waiting.fetch_add(1, SeqCst);
                note!("wants to write");
                lock.write();
                waiting.fetch_sub(1, SeqCst);
                note!("writes");
                lock.write_unlock_waking_all();
            })
        });
        let reader = {
            let (lock, waiting) = (Arc::clone(&lock), Arc::clone(&waiting));
            thread::spawn(move || {
                let before_me = waiting.load(SeqCst);
                note!("wants to read after {before_me} writers");
                lock.read();
                let still = waiting.load(SeqCst);
                note!("reads, writers that wait: {still}");
                assert!(before_me < 2 || still == 0, "a reader came in past a waiting writer");
                lock.read_unlock();
            })
        };
        lock.read_unlock();
        join(writers);
        join([reader]);
    });
    schedule.matches("tests/schedules/textbook_reader_passes.txt");
}

#[test]
fn writers_that_keep_coming_starve_a_reader() {
    let schedule = fails(|| {
        let lock = Arc::new(textbook::WritersFirst::default());
        let passed = Arc::new(AtomicUsize::new(0));
        let writers = [1, 2].map(|_| {
            let (lock, passed) = (Arc::clone(&lock), Arc::clone(&passed));
            thread::spawn(move || {
                for _ in 0..2 {
                    let readers = lock.write();
                    note!("writes, readers that wait: {readers}");
                    let before = passed.fetch_add(readers, SeqCst);
                    assert!(before + readers < 3, "three writers passed a waiting reader");
                    lock.write_unlock();
                }
            })
        });
        lock.read();
        lock.read_unlock();
        join(writers);
    });
    schedule.matches("tests/schedules/writers_first.txt");
}

#[test]
fn a_reader_that_reads_again_meets_a_writer_that_waits() {
    let schedule = fails(|| {
        let lock = Arc::new(lock::RwLock::new(0));
        let writer = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                note!("wants to write");
                lock.write(|n| *n += 1);
            })
        };
        let outer = lock.read_guard();
        note!("reads");
        let inner = lock.read_guard();
        note!("reads again");
        drop((inner, outer));
        join([writer]);
    });
    schedule.matches("tests/schedules/recursive_read.txt");
}

/// What all variants do with closures.
macro_rules! models {
    ($module:ident, $variant:ident, $bound:literal, $crowd:literal) => {
        mod $module {
            use super::*;
            use crate::$variant::RwLock;

            fn name(scenario: &str) -> String {
                format!("{}_{scenario}", stringify!($variant))
            }

            fn write(lock: &Arc<RwLock<usize>>) -> JoinHandle<()> {
                let lock = Arc::clone(lock);
                thread::spawn(move || lock.write(|n| *n += 1))
            }

            fn read(lock: &Arc<RwLock<usize>>) -> JoinHandle<usize> {
                let lock = Arc::clone(lock);
                thread::spawn(move || lock.read(|n| *n))
            }

            #[test]
            fn a_writer_is_alone() {
                let schedules = holds(bound($bound), || {
                    let lock = Arc::new(RwLock::new(0));
                    let writer = write(&lock);
                    let before = lock.read(|n| *n);
                    lock.write(|n| *n += 1);
                    let after = lock.read(|n| *n);
                    assert!(before < after && after <= 2, "{before}, then {after}");
                    join([writer]);
                    assert_eq!(lock.try_read(|n| *n).expect("free"), 2);
                });
                count(name("alone"), schedules);
            }

            #[test]
            fn everybody_who_waits_gets_in() {
                let schedules = holds(bound($crowd), || {
                    let lock = Arc::new(RwLock::new(0));
                    let (reader, writers) = (read(&lock), [write(&lock), write(&lock)]);
                    lock.read(|n| assert!(*n <= 2));
                    join(writers);
                    join([reader]);
                    assert_eq!(lock.try_write(|n| *n).expect("all are out"), 2);
                });
                count(name("crowd"), schedules);
            }

            #[test]
            fn a_try_leaves_nothing_behind() {
                let schedules = holds(bound($bound), || {
                    let lock = Arc::new(RwLock::new(0));
                    let writer = write(&lock);
                    let wrote = usize::from(lock.try_write(|n| *n += 1).is_ok());
                    if let Ok(n) = lock.try_read(|n| *n) {
                        assert!(n == wrote || n == wrote + 1);
                    }
                    join([writer]);
                    assert_eq!(lock.try_write(|n| *n).expect("free"), 1 + wrote);
                });
                count(name("try"), schedules);
            }

            #[test]
            fn a_try_never_waits_for_who_is_inside() {
                let schedules = holds(bound($bound), || {
                    let lock = Arc::new(RwLock::new(0));
                    let tried = Arc::new(AtomicUsize::new(0));
                    let writer = {
                        let (lock, tried) = (Arc::clone(&lock), Arc::clone(&tried));
                        let stay = move |n: &mut usize| {
                            while tried.load(SeqCst) == 0 {
                                thread::yield_now();
                            }
                            *n += 1;
                        };
                        thread::spawn(move || lock.write(stay))
                    };
                    assert_eq!(lock.try_read(|n| *n).unwrap_or_default(), 0);
                    let wrote = usize::from(lock.try_write(|n| *n += 1).is_ok());
                    tried.store(1, SeqCst); // it gets here while the writer is inside, or before
                    join([writer]);
                    assert_eq!(lock.try_read(|n| *n).expect("free"), 1 + wrote);
                });
                count(name("try_inside"), schedules);
            }

            #[test]
            fn a_wait_may_end_at_any_moment() {
                let schedules = holds(bound($crowd), || {
                    let lock = Arc::new(RwLock::new(0));
                    let clock = thread::spawn(sync::tick);
                    let (late, writer) = (Arc::clone(&lock), write(&lock));
                    let late = thread::spawn(move || {
                        let wrote = late.write_timeout(LIMIT, |n| *n += 1).is_ok();
                        let _ = late.read_timeout(LIMIT, |n| assert!(*n <= 2));
                        usize::from(wrote)
                    });
                    lock.read(|n| assert!(*n <= 2));
                    join([clock, writer]);
                    let wrote = join([late])[0];
                    assert_eq!(lock.try_write(|n| *n).expect("all are out"), 1 + wrote);
                });
                count(name("late"), schedules);
            }
        }
    };
}

models!(channel_models, channel, 1, 0);
models!(lock_models, lock, 4, 2);
models!(sharded_models, sharded, 3, 2);

/// What only guards can do.
macro_rules! guards {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use crate::$variant::{RwLock, WriteGuard};

            fn name(scenario: &str) -> String {
                format!("{}_{scenario}", stringify!($variant))
            }

            #[test]
            fn downgrade_lets_no_writer_in_between() {
                let schedules = holds(bound(2), || {
                    let lock = Arc::new(RwLock::new(0));
                    let (writer, reader) = (Arc::clone(&lock), Arc::clone(&lock));
                    let writer = thread::spawn(move || writer.write(|n| *n += 1));
                    let reader = thread::spawn(move || reader.read(|n| *n));
                    let mut writing = lock.write_guard();
                    let mine = *writing + 10;
                    *writing = mine;
                    let reading = WriteGuard::downgrade(writing);
                    thread::yield_now();
                    assert_eq!(*reading, mine, "a writer came in between");
                    drop(reading);
                    join([writer]);
                    join([reader]);
                    assert_eq!(*lock.try_read_guard().expect("all are out"), 11);
                });
                count(name("downgrade"), schedules);
            }

            #[test]
            fn a_writer_that_gives_up_lets_the_readers_in() {
                let schedules = holds(bound(2), || {
                    let lock = Arc::new(RwLock::new(0));
                    let reading = lock.read_guard();
                    let (late, behind) = (Arc::clone(&lock), Arc::clone(&lock));
                    let gone = Arc::new(AtomicUsize::new(0));
                    let late = {
                        let gone = Arc::clone(&gone);
                        thread::spawn(move || {
                            let refused = late.write_timeout(LIMIT, |n| *n += 1).is_err();
                            gone.store(1, SeqCst);
                            refused
                        })
                    };
                    let behind = thread::spawn(move || behind.read(|n| *n));
                    // We stay inside until both are through: the writer in vain.
                    while gone.load(SeqCst) == 0 {
                        sync::tick();
                        thread::yield_now();
                    }
                    assert_eq!(join([late]), [true]);
                    assert_eq!(join([behind]), [0]);
                    drop(reading);
                    *lock.try_write_guard().expect("all are out") += 1;
                });
                count(name("give_up"), schedules);
            }

            #[test]
            fn a_writer_behind_one_that_gives_up_still_gets_in() {
                let schedules = holds(bound(2), || {
                    let lock = Arc::new(RwLock::new(0));
                    let reading = lock.read_guard();
                    let clock = thread::spawn(sync::tick);
                    let (late, stays) = (Arc::clone(&lock), Arc::clone(&lock));
                    let late =
                        thread::spawn(move || late.write_timeout(LIMIT, |n| *n += 1).is_ok());
                    let stays = thread::spawn(move || stays.write(|n| *n += 1));
                    drop(reading);
                    join([clock, stays]);
                    let wrote = usize::from(join([late])[0]);
                    assert_eq!(*lock.try_read_guard().expect("all are out"), 1 + wrote);
                });
                count(name("behind"), schedules);
            }

            #[test]
            fn readers_inside_never_see_a_write() {
                let schedules = holds(bound(2), || {
                    let lock = Arc::new(RwLock::new(0));
                    let writer = Arc::clone(&lock);
                    let writer = thread::spawn(move || writer.write(|n| *n += 1));
                    let readers = [(); 2].map(|()| {
                        let lock = Arc::clone(&lock);
                        thread::spawn(move || {
                            let reading = lock.read_guard();
                            let first = *reading;
                            thread::yield_now();
                            assert_eq!(*reading, first, "a writer came in");
                        })
                    });
                    join(readers);
                    join([writer]);
                });
                count(name("readers"), schedules);
            }
        }
    };
}

guards!(lock_guards, lock);
guards!(sharded_guards, sharded);

#[test]
fn the_owner_comes_to_its_end_and_gives_the_value_back() {
    let schedules = holds(bound(2), || {
        let lock = channel::RwLock::new(1);
        lock.write(|n| *n += 1);
        assert_eq!(lock.into_inner(), 2);
        drop(channel::RwLock::new(()));
    });
    count("channel_end", schedules);
}
