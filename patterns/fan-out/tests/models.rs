//! Every schedule with few preemptions: the textbook version fails, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives. What those lack, the
//! channels and rayon's scope, are models of their own. Time-outs cannot fire here, and a clock
//! that decides nothing is left as it is.

#![expect(unreachable_pub, reason = "public items are private here")]

use std::fmt::Display;
use std::future::poll_fn;
use std::io::Write;
use std::task::{Context, Poll, Waker};

use interleave::{bound, fails, holds, note};
use shuttle::future::{block_on, yield_now};
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

#[path = "models/stand_ins.rs"]
mod stand_ins;
#[path = "models/textbook.rs"]
mod textbook;

mod sync {
    pub(crate) use shuttle::future::{JoinHandle, spawn};
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard};
    pub(crate) use std::time::Instant;

    use std::cell::Cell;

    pub(crate) use super::stand_ins::{Timeout, in_place_scope, mpsc, queue, timeout};

    pub(crate) fn now() -> Instant {
        Instant::now()
    }

    thread_local! {
        /// How many more looks at the budget find none. A run of the checker has one thread.
        pub(crate) static REFUSALS: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn has_budget_remaining() -> bool {
        let left = REFUSALS.get();
        REFUSALS.set(left.saturating_sub(1));
        left == 0
    }

    pub(crate) fn current_num_threads() -> usize {
        3
    }

    /// Everything is worth sharing, and shared one by one.
    pub(crate) const WORTH_SHARING: std::time::Duration = std::time::Duration::ZERO;
    pub(crate) const WORTH_A_LOOK: std::time::Duration = std::time::Duration::ZERO;
    pub(crate) const LOOK_AGAIN: usize = 1;
    pub(crate) const LANES: usize = 2;
    pub(crate) const ROUNDS: usize = 1;
}

#[path = "../src/bells.rs"]
mod bells;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/cluster.rs"]
mod cluster;
#[path = "../src/cpu.rs"]
#[allow(dead_code)]
mod cpu;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../src/joined.rs"]
#[allow(dead_code)]
mod joined;
#[path = "../src/lane.rs"]
mod lane;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/outcomes.rs"]
mod outcomes;
#[path = "../src/slot.rs"]
mod slot;
#[path = "../src/surface.rs"]
mod surface;

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_fan_out_{name}={schedules}").expect("stderr");
}

/// Items at work.
#[derive(Default)]
struct Work {
    now: AtomicUsize,
    begun: AtomicUsize,
}

struct AtWork(Arc<Work>);

impl Work {
    fn begin(self: &Arc<Self>, limit: usize) -> AtWork {
        self.begun.fetch_add(1, SeqCst);
        let now = self.now.fetch_add(1, SeqCst) + 1;
        assert!(now <= limit, "{now} items at work, and the limit is {limit}");
        AtWork(Arc::clone(self))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

/// A future that waits until somebody opens it.
#[derive(Default)]
struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    async fn pass(&self) {
        poll_fn(|context| {
            let mut gate = self.0.lock().expect("no panic");
            if gate.0 {
                return Poll::Ready(());
            }
            gate.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn open(&self) {
        let waker = {
            let mut gate = self.0.lock().expect("no panic");
            gate.0 = true;
            gate.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[test]
fn the_textbook_countdown_forgets_to_wake() {
    let schedule = fails(|| {
        let countdown = Arc::new(textbook::Countdown::new(2));
        for item in 0..2 {
            let countdown = Arc::clone(&countdown);
            shuttle::future::spawn(async move {
                note!("item {item} is done");
                countdown.done();
            });
        }
        block_on(countdown.wait());
    });
    schedule.matches("tests/schedules/textbook_forgets_to_wake.txt");
}

macro_rules! in_tasks {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use crate::$variant::FanOut;

            #[test]
            fn every_outcome_reaches_the_caller() {
                let schedules = holds(bound(2), || {
                    let run = FanOut::new(2).run(0..3, |item| async move {
                        if item == 1 { Err("one") } else { Ok(item) }
                    });
                    let outcomes = block_on(run.all());
                    let ok: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
                    assert_eq!(ok, [true, false, true]);
                });
                count(concat!(stringify!($variant), "_all"), schedules);
            }

            #[test]
            fn a_caller_is_woken_for_each_outcome() {
                let schedules = holds(bound(2), || {
                    let mut run = FanOut::new(2).run(0..2, |item| async move {
                        yield_now().await;
                        Ok::<_, ()>(item)
                    });
                    let mut seen = 0;
                    while let Some((index, outcome)) = block_on(run.next()) {
                        assert_eq!(outcome.expect("no error"), index);
                        seen += 1;
                    }
                    assert_eq!(seen, 2);
                });
                count(concat!(stringify!($variant), "_next"), schedules);
            }

            #[test]
            fn the_limit_holds_and_all_is_let_go() {
                let schedules = holds(bound(2), || {
                    let work = Arc::new(Work::default());
                    let counted = Arc::clone(&work);
                    let run = FanOut::new(2).run(0..4, move |item| {
                        let counted = Arc::clone(&counted);
                        async move {
                            let _at_work = counted.begin(2);
                            yield_now().await;
                            Ok::<_, ()>(item)
                        }
                    });
                    assert_eq!(block_on(run.all()).len(), 4);
                    assert_eq!(Arc::strong_count(&work), 1, "the last outcome is the end");
                });
                count(concat!(stringify!($variant), "_limit"), schedules);
            }

            #[test]
            fn the_first_error_stops_the_rest() {
                let schedules = holds(bound(2), || {
                    let work = Arc::new(Work::default());
                    let counted = Arc::clone(&work);
                    let run = FanOut::new(2).run(0..4, move |item| {
                        let counted = Arc::clone(&counted);
                        async move {
                            let _at_work = counted.begin(2);
                            if item == 1 {
                                return Err("one");
                            }
                            Gate::default().pass().await;
                            Ok(item)
                        }
                    });
                    let stopped = block_on(run.all_ok()).expect_err("an item failed");
                    assert_eq!(stopped.index, 1);
                    assert_eq!(work.now.load(SeqCst), 0, "cancelled and awaited");
                });
                count(concat!(stringify!($variant), "_stop"), schedules);
            }

            #[test]
            fn a_lane_without_a_budget_comes_back() {
                let schedules = holds(bound(2), || {
                    sync::REFUSALS.set(3);
                    let run = FanOut::new(2).run(0..3, |item| async move { Ok::<_, ()>(item) });
                    assert_eq!(block_on(run.all_ok()).expect("no lane gave up"), [0, 1, 2]);
                    assert_eq!(sync::REFUSALS.get(), 0, "lanes were refused");
                });
                count(concat!(stringify!($variant), "_budget"), schedules);
            }

            #[test]
            fn cancel_counts_what_was_not_done() {
                let schedules = holds(bound(2), || {
                    let done = Arc::new(AtomicUsize::new(0));
                    let counted = Arc::clone(&done);
                    let run = FanOut::new(2).run(0..3, move |_| {
                        let counted = Arc::clone(&counted);
                        async move {
                            counted.fetch_add(1, SeqCst);
                            Ok::<_, ()>(())
                        }
                    });
                    let cut = block_on(run.cancel());
                    assert_eq!(cut + done.load(SeqCst), 3);
                });
                count(concat!(stringify!($variant), "_cancel"), schedules);
            }
        }
    };
}

in_tasks!(channel_models, channel);
in_tasks!(lock_models, lock);

#[test]
fn no_ring_is_slept_through() {
    let schedules = holds(bound(3), || {
        let gates = Arc::new([Gate::default(), Gate::default()]);
        let opener = {
            let gates = Arc::clone(&gates);
            thread::spawn(move || gates.iter().for_each(Gate::open))
        };
        let run = joined::FanOut::new(2).run(0..2, |item: usize| {
            let gates = &gates;
            async move {
                gates[item].pass().await;
                Ok::<_, ()>(item)
            }
        });
        let results = block_on(run.all_ok()).expect("no error");
        assert_eq!(results, [0, 1]);
        opener.join().expect("no panic");
    });
    count("joined_rings", schedules);
}

#[test]
fn a_slot_that_is_filled_anew_hears_its_bell() {
    let schedules = holds(bound(2), || {
        let gates: Arc<[Gate; 3]> = Arc::default();
        let opener = {
            let gates = Arc::clone(&gates);
            thread::spawn(move || gates.iter().for_each(Gate::open))
        };
        let mut run = joined::FanOut::new(1).run(0..3, |item: usize| {
            let gates = &gates;
            async move {
                gates[item].pass().await;
                Ok::<_, ()>(item)
            }
        });
        for item in 0..3 {
            assert_eq!(block_on(run.next()).expect("one more").0, item);
        }
        opener.join().expect("no panic");
    });
    count("joined_refill", schedules);
}

#[test]
fn lanes_share_all_items() {
    let schedules = holds(bound(2), || {
        let work = Arc::new(Work::default());
        let results = cpu::FanOut::new(2).all_ok(0..4, |item| {
            let _at_work = work.begin(2);
            Ok::<_, ()>(item)
        });
        assert_eq!(results.expect("no error"), [0, 1, 2, 3]);
    });
    count("cpu_lanes", schedules);
}

#[test]
fn lanes_stop_at_an_error() {
    let schedules = holds(bound(2), || {
        let stopped = cpu::FanOut::new(2).all_ok(0..4, |item| match item {
            0 | 1 => Ok(item),
            _ => Err("two or three"),
        });
        assert!(stopped.is_err_and(|stopped| stopped.index >= 2));
    });
    count("cpu_stop", schedules);
}

/// What the channel variant uses of its channels, on the models and on the real ones.
macro_rules! channels_keep_their_word {
    ($mpsc:path, $queue:path) => {{
        use $mpsc as mpsc;
        use $queue as queue;
        let mut context = Context::from_waker(Waker::noop());
        let (sender, mut receiver) = mpsc::channel(2);
        assert!(receiver.poll_recv(&mut context).is_pending());
        let second = sender.clone();
        assert!(second.try_send(1).is_ok() && sender.try_send(2).is_ok());
        assert!(sender.try_send(3).is_err(), "full");
        drop(sender);
        assert_eq!(receiver.poll_recv(&mut context), Poll::Ready(Some(1)));
        assert_eq!(receiver.try_recv().ok(), Some(2));
        assert!(receiver.poll_recv(&mut context).is_pending(), "there is another sender");
        drop(second);
        assert_eq!(receiver.poll_recv(&mut context), Poll::Ready(None));
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        assert!(sender.try_send(1).is_err(), "nobody listens");

        let (sender, receiver) = queue::bounded(1);
        assert!(sender.try_send(1).is_ok() && sender.try_send(2).is_err());
        drop(sender);
        assert_eq!(receiver.try_recv().ok(), Some(1));
        assert!(receiver.try_recv().is_err());
    }};
}

#[test]
fn the_models_of_the_channels_do_what_the_real_ones_do() {
    channels_keep_their_word!(tokio::sync::mpsc, crossbeam_channel);
    let model = || channels_keep_their_word!(crate::stand_ins::mpsc, crate::stand_ins::queue);
    assert_eq!(holds(0, model), 1);
}
