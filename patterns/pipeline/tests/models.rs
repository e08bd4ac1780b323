//! Every schedule with few preemptions: the textbook versions fail, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives instead of std's. The
//! bounded channel is a model of its own. The checker knows one order of all operations: what a
//! weaker ordering may do beyond that, it does not see.

#![expect(
    unreachable_pub,
    clippy::reversed_empty_ranges,
    reason = "public items are private here, and threads do not spin"
)]

use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

use interleave::{bound, fails, holds};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::thread;

#[path = "models/textbook.rs"]
mod textbook;

#[path = "models/bounded.rs"]
mod bounded;
#[path = "models/naps.rs"]
mod naps;

mod sync {
    pub(crate) use super::bounded::{Receiver, Sender, bounded};
    pub(crate) use super::naps::{Condvar, Mutex, MutexGuard};
    pub(crate) use shuttle::sync::Arc;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
    pub(crate) use shuttle::thread;

    /// Looking again is a schedule again, and shows nothing new.
    pub(crate) const SPINS: u32 = 0;
    pub(crate) const YIELDS: u32 = 0;
    pub(crate) const WORTH: usize = 1;
    /// Never over by itself: `naps` ends it, and parked threads need none in one order of all.
    pub(crate) const NAP: super::Duration = super::Duration::from_hours(1);
}

#[path = "../src/bell.rs"]
mod bell;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/control.rs"]
mod control;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../src/flow.rs"]
mod flow;
#[path = "../src/hop.rs"]
mod hop;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/look.rs"]
mod look;
#[path = "../src/order.rs"]
mod order;
#[path = "../src/outlet.rs"]
mod outlet;
#[path = "../src/ring.rs"]
mod ring;
#[path = "../src/spsc.rs"]
#[allow(dead_code)]
mod spsc;
#[path = "../src/stage.rs"]
mod stage;
#[path = "../src/threads.rs"]
mod threads;

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_pipeline_{name}={schedules}").expect("stderr");
}

#[test]
fn all_jobs_before_the_first_result_is_a_deadlock() {
    let schedule = fails(|| {
        let results = textbook::all_jobs_first(4, 1, 1, |job| job * 2);
        assert_eq!(results.len(), 4);
    });
    schedule.matches("tests/schedules/textbook_all_jobs_first.txt");
}

#[test]
fn a_loader_that_fails_leaves_its_extractor_blocked() {
    let schedule = fails(|| textbook::extract_and_load(3));
    schedule.matches("tests/schedules/textbook_loader_fails.txt");
}

#[test]
fn a_slot_taken_before_the_turn_is_a_deadlock() {
    let schedule = fails(|| {
        let stage = Arc::new(textbook::SlotFirst::new(1));
        let workers = [0, 1].map(|_| {
            let stage = Arc::clone(&stage);
            thread::spawn(move || stage.work())
        });
        for worker in workers {
            worker.join().expect("no panic");
        }
    });
    schedule.matches("tests/schedules/textbook_slot_first.txt");
}

macro_rules! models {
    ($module:ident, $variant:ident, $bound:literal, $crowd:literal) => {
        mod $module {
            use super::*;
            use crate::$variant::Pipeline;

            fn numbers(end: u64) -> impl Iterator<Item = Result<u64, String>> + Send {
                (0..end).map(Ok)
            }

            #[test]
            fn every_item_goes_through_once() {
                for capacity in [1, 2] {
                    let schedules = holds(bound($bound), move || {
                        let mut seen = Vec::new();
                        let run = Pipeline::new(capacity).source(numbers(4)).sink("see", |n| {
                            seen.push(n);
                            Ok(())
                        });
                        assert_eq!(run.run().expect("a clean end").items("see"), 4);
                        assert_eq!(seen, [0, 1, 2, 3]);
                    });
                    count(format!("{}_clean_{capacity}", stringify!($variant)), schedules);
                }
            }

            #[test]
            fn two_workers_share_what_comes() {
                let schedules = holds(bound($crowd), || {
                    let run = Pipeline::new(1).source(numbers(2)).stage("work", 2, Ok);
                    let mut seen: Vec<_> = run.outlet().map(Result::unwrap).collect();
                    seen.sort_unstable();
                    assert_eq!(seen, [0, 1]);
                });
                count(concat!(stringify!($variant), "_two_workers"), schedules);
            }

            #[test]
            fn an_ordered_stage_keeps_the_order() {
                let schedules = holds(bound($crowd), || {
                    let run = Pipeline::new(1).source(numbers(2)).stage_ordered("work", 2, Ok);
                    assert!(run.outlet().map(Result::unwrap).eq(0..2));
                });
                count(concat!(stringify!($variant), "_ordered"), schedules);
            }

            #[test]
            fn the_first_error_stops_every_stage() {
                let schedules = holds(bound($crowd), || {
                    let check = |n| if n == 1 { Err("bad".to_owned()) } else { Ok(n) };
                    let run = Pipeline::new(1).source(numbers(4)).stage("check", 1, check);
                    let stopped = run.sink("none", |_| Ok(())).run().expect_err("it fails");
                    assert_eq!(stopped.to_string(), "stage `check` stopped at item 1: bad");
                });
                count(concat!(stringify!($variant), "_error"), schedules);
            }

            #[test]
            fn an_error_frees_those_who_wait_behind_it() {
                let schedules = holds(bound($crowd), || {
                    let check = |n| if n == 0 { Err("bad".to_owned()) } else { Ok(n) };
                    let run = Pipeline::new(1).source(numbers(3)).stage_ordered("check", 2, check);
                    let stopped = run.outlet().last().expect("the cause").expect_err("it fails");
                    assert_eq!(stopped.position, 0);
                });
                count(concat!(stringify!($variant), "_ordered_error"), schedules);
            }

            #[test]
            fn dropping_the_outlet_wakes_and_ends_every_stage() {
                let schedules = holds(bound($crowd), || {
                    let alive = Arc::new(());
                    let held = Arc::clone(&alive);
                    let source = (0..).map(move |n: u64| {
                        let _ = &held;
                        shuttle::thread::yield_now(); // endless, so it must let others run
                        Ok::<_, String>(n)
                    });
                    let mut results = Pipeline::new(1).source(source).stage("pass", 1, Ok).outlet();
                    assert!(matches!(results.next(), Some(Ok(0))));
                    drop(results);
                    assert_eq!(Arc::strong_count(&alive), 1, "the source is gone");
                });
                count(concat!(stringify!($variant), "_outlet"), schedules);
            }
        }
    };
}

models!(channel_models, channel, 3, 1);
models!(lock_models, lock, 3, 1);
models!(spsc_models, spsc, 2, 1);

/// Never more in the ring than it has room for, and what is never taken is dropped once.
#[test]
fn a_ring_holds_no_more_than_its_capacity() {
    use hop::{Give, Take};
    let schedules = holds(bound(3), || {
        let (mut give, mut take) = ring::ring(2);
        let taken = Arc::new(AtomicUsize::new(0));
        let giver = {
            let taken = Arc::clone(&taken);
            thread::spawn(move || {
                for n in 0..4 {
                    give.give(std::sync::Arc::new(n));
                    let inside = n + 1 - taken.load(SeqCst).min(n + 1);
                    assert!(inside <= 2 + 1, "two in the ring, and one just taken");
                }
            })
        };
        let mut last = None;
        for n in 0..4 {
            last = take.take();
            taken.fetch_add(1, SeqCst);
            assert_eq!(last.as_deref(), Some(&n));
        }
        giver.join().expect("no panic");
        assert_eq!(std::sync::Arc::strong_count(&last.expect("an item")), 1);
        assert!(take.take().is_none());
    });
    count("ring", schedules);
}

/// A giver's nap ends while others come and go: it must not take the count of one who still sleeps.
#[test]
fn a_giver_who_wakes_by_itself_takes_nobody_else_off_the_count() {
    use hop::{Give, Hop, Take};
    let schedules = holds(bound(1), || {
        naps::time_passes(); // whoever still naps is of an earlier schedule
        let (gives, mut takes) = lock::Lock::ends(1, 2, 1);
        let clock = thread::spawn(naps::time_passes);
        let givers: Vec<_> = gives
            .into_iter()
            .map(|mut give| thread::spawn(move || (0..2).for_each(|n| give.give(n))))
            .collect();
        let mut take = takes.pop().expect("one end was asked for");
        for _ in 0..4 {
            take.take().expect("four are given");
        }
        assert!(take.take().is_none());
        for giver in givers {
            giver.join().expect("no panic");
        }
        clock.join().expect("no panic");
    });
    count("lock_naps", schedules);
}

/// What the channel variant uses of the bounded channel, on the model and on the real one.
macro_rules! channel_keeps_its_word {
    ($module:path) => {{
        use $module as channel;
        let (sender, receiver) = channel::bounded(2);
        let other = sender.clone();
        sender.send(1).expect("open");
        other.send(2).expect("open");
        assert_eq!(receiver.clone().recv().ok(), Some(1));
        drop(sender);
        other.send(3).expect("open");
        drop(other);
        assert_eq!(receiver.recv().ok(), Some(2), "what was sent still comes");
        assert_eq!(receiver.recv().ok(), Some(3));
        assert!(receiver.recv().is_err(), "and then the end");
        let (sender, receiver) = channel::bounded(1);
        drop(receiver);
        assert!(sender.send(1).is_err(), "nobody is there");
    }};
}

#[test]
fn the_model_of_the_channel_does_what_the_real_one_does() {
    channel_keeps_its_word!(crossbeam_channel);
    assert_eq!(holds(0, || channel_keeps_its_word!(crate::bounded)), 1);
}
