//! Every schedule with few preemptions: the textbook versions fail, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives instead of std's. A
//! one-shot slot is a model of its own, and time-outs cannot fire: what they do, a future that is
//! polled once and dropped does too.

#![expect(
    unreachable_pub,
    clippy::reversed_empty_ranges,
    reason = "public items are private here, and threads do not spin"
)]

use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use interleave::{bound, fails, holds, note};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

#[path = "models/textbook.rs"]
mod textbook;

mod sync {
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
    pub(crate) use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard};
    pub(crate) use shuttle::thread;

    /// Looking again is a schedule again, and shows nothing new.
    pub(crate) const SPINS: u32 = 0;
    pub(crate) const LOOKS: u32 = 0;
    /// The smallest inbox is full most often.
    pub(crate) const INBOX: usize = 1;
}

#[path = "models/oneshot.rs"]
mod oneshot;

#[path = "../src/barging.rs"]
#[allow(dead_code)]
mod barging;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/clerk.rs"]
mod clerk;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/park.rs"]
mod park;
#[path = "../src/permit.rs"]
#[allow(dead_code)]
mod permit;
#[path = "../src/surface.rs"]
mod surface;

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_semaphore_{name}={schedules}").expect("stderr");
}

/// One look at a future that is then dropped, as a time-out or a `select!` does. Whether it was
/// ready.
fn look_and_leave<F: Future>(future: F) -> bool {
    let future = pin!(future);
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

/// Permits that are out, as the holders see it.
#[derive(Default)]
struct Out(AtomicUsize);

impl Out {
    fn take(&self, n: usize, of: usize) {
        let out = self.0.fetch_add(n, Ordering::SeqCst) + n;
        note!("acquired {n}, out {out}/{of}");
        assert!(out <= of, "more permits out than there are");
    }

    fn give_back(&self, n: usize) {
        self.0.fetch_sub(n, Ordering::SeqCst);
        note!("releases {n}");
    }
}

fn spawn_all(threads: impl IntoIterator<Item = Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = threads.into_iter().map(thread::spawn).collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
}

#[test]
fn the_textbook_version_mints_permits() {
    let schedule = fails(|| {
        let (semaphore, out) = (Arc::new(textbook::Semaphore::new(2)), Arc::new(Out::default()));
        spawn_all([1, 1, 2].map(|n| {
            let (semaphore, out) = (Arc::clone(&semaphore), Arc::clone(&out));
            Box::new(move || {
                semaphore.acquire(n);
                out.take(n, 2);
                out.give_back(n);
                semaphore.release(n);
            }) as Box<dyn FnOnce() + Send>
        }));
    });
    schedule.matches("tests/schedules/textbook_mints_permits.txt");
}

#[test]
fn two_weighted_callers_of_a_channel_of_permits_deadlock() {
    let schedule = fails(|| {
        let tokens = Arc::new(textbook::Tokens::new(2));
        spawn_all([2, 2].map(|n| {
            let tokens = Arc::clone(&tokens);
            Box::new(move || {
                note!("wants {n} of 2");
                tokens.acquire(n);
                note!("has {n}");
                tokens.release(n);
            }) as Box<dyn FnOnce() + Send>
        }));
    });
    schedule.matches("tests/schedules/weighted_deadlock.txt");
}

macro_rules! models {
    ($module:ident, $variant:ident, $bound:literal) => {
        mod $module {
            use super::*;
            use crate::$variant::Semaphore;

            #[test]
            fn never_more_permits_are_out_than_there_are() {
                let schedules = holds(bound($bound), || {
                    let (semaphore, out) = (Arc::new(Semaphore::new(2)), Arc::new(Out::default()));
                    let hold = |n| {
                        let (semaphore, out) = (Arc::clone(&semaphore), Arc::clone(&out));
                        move || {
                            let permit = semaphore.acquire_blocking(n).expect("open");
                            out.take(n, 2);
                            out.give_back(n);
                            drop(permit);
                        }
                    };
                    let other = thread::spawn(hold(2));
                    hold(1)();
                    other.join().expect("no panic");
                });
                count(concat!(stringify!($variant), "_limit"), schedules);
            }

            #[test]
            fn a_wait_may_be_cancelled_at_any_moment() {
                let schedules = holds(bound($bound), || {
                    let semaphore = Arc::new(Semaphore::new(1));
                    let canceller = {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || look_and_leave(semaphore.acquire(1)))
                    };
                    // Its release comes before, between and after the look and the leaving.
                    drop(semaphore.acquire_blocking(1).expect("open"));
                    canceller.join().expect("no panic");
                    drop(semaphore.acquire_blocking(1).expect("no permit is lost"));
                });
                count(concat!(stringify!($variant), "_cancel"), schedules);
            }

            #[test]
            fn cancelling_the_heavy_head_lets_the_light_one_pass() {
                let schedules = holds(bound($bound), || {
                    let semaphore = Arc::new(Semaphore::with_max(1, 2));
                    let heavy = {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || look_and_leave(semaphore.acquire(2)))
                    };
                    drop(semaphore.acquire_blocking(1).expect("open"));
                    assert!(!heavy.join().expect("no panic"), "there is one");
                });
                count(concat!(stringify!($variant), "_heavy_head"), schedules);
            }

            #[test]
            fn close_wakes_every_waiter() {
                let schedules = holds(bound($bound), || {
                    let semaphore = Arc::new(Semaphore::with_max(0, 1));
                    let waiters = {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || {
                            let mut first = pin!(semaphore.acquire(1));
                            let look = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                            let second = semaphore.acquire_blocking(1).map(drop);
                            let first = match look {
                                Poll::Ready(early) => early,
                                Poll::Pending => crate::park::block_on(first),
                            };
                            (first.map(drop), second)
                        })
                    };
                    semaphore.close();
                    let refused = Err(crate::error::AcquireError::Closed);
                    assert_eq!(waiters.join().expect("no panic"), (refused, refused));
                });
                count(concat!(stringify!($variant), "_close"), schedules);
            }

            #[test]
            fn permits_that_are_added_reach_the_waiter() {
                let schedules = holds(bound($bound), || {
                    let semaphore = Arc::new(Semaphore::with_max(0, 2));
                    let waiter = {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || semaphore.acquire_blocking(2).expect("open").forget())
                    };
                    semaphore.add_permits(2).expect("room");
                    waiter.join().expect("no panic");
                });
                count(concat!(stringify!($variant), "_add"), schedules);
            }
        }
    };
}

models!(channel_models, channel, 2);
models!(lock_models, lock, 4);
models!(barging_models, barging, 4);

/// More callers at once, for the variants without a clerk, whose schedules are few enough.
macro_rules! crowds {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use crate::$variant::Semaphore;

            #[test]
            fn three_callers_share_two_permits() {
                let schedules = holds(bound(2), || {
                    let (semaphore, out) = (Arc::new(Semaphore::new(2)), Arc::new(Out::default()));
                    spawn_all([1, 1, 2].map(|n| {
                        let (semaphore, out) = (Arc::clone(&semaphore), Arc::clone(&out));
                        Box::new(move || {
                            let permit = semaphore.acquire_blocking(n).expect("open");
                            out.take(n, 2);
                            out.give_back(n);
                            drop(permit);
                        }) as Box<dyn FnOnce() + Send>
                    }));
                    assert_eq!(semaphore.available(), 2, "all are back");
                });
                count(concat!(stringify!($variant), "_three_callers"), schedules);
            }

            #[test]
            fn a_canceller_among_waiters_harms_none() {
                let schedules = holds(bound(2), || {
                    let semaphore = Arc::new(Semaphore::new(1));
                    let held = semaphore.try_acquire(1).expect("free");
                    let canceller = {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || look_and_leave(semaphore.acquire(1)))
                    };
                    let waiters = [(); 2].map(|()| {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || drop(semaphore.acquire_blocking(1).expect("open")))
                    });
                    drop(held);
                    canceller.join().expect("no panic");
                    for waiter in waiters {
                        waiter.join().expect("no panic");
                    }
                    assert_eq!(semaphore.available(), 1, "no permit is lost");
                });
                count(concat!(stringify!($variant), "_crowd_cancel"), schedules);
            }
        }
    };
}

crowds!(lock_crowds, lock);
crowds!(barging_crowds, barging);

/// What the channel variant uses of the answer slot, on the model and on the real one.
macro_rules! slot_keeps_its_word {
    ($slot:path) => {{
        use $slot as slot;
        let look = |receiver: &mut slot::Receiver<u8>| {
            std::pin::Pin::new(receiver)
                .poll(&mut Context::from_waker(Waker::noop()))
                .map(Result::ok)
        };
        let (sender, mut receiver) = slot::channel();
        assert_eq!(look(&mut receiver), Poll::Pending);
        sender.send(1).expect("the receiver is there");
        assert_eq!(look(&mut receiver), Poll::Ready(Some(1)));

        let (sender, mut receiver) = slot::channel();
        drop(sender);
        assert_eq!(look(&mut receiver), Poll::Ready(None), "dropped unanswered");

        let (sender, receiver) = slot::channel::<u8>();
        assert!(!sender.is_closed());
        drop(receiver);
        assert!(sender.is_closed());
        assert_eq!(sender.send(2), Err(2), "the value comes back");

        let value = std::sync::Arc::new(());
        let (sender, receiver) = slot::channel();
        sender.send(std::sync::Arc::clone(&value)).expect("the receiver is there");
        drop(receiver);
        assert_eq!(
            std::sync::Arc::strong_count(&value),
            1,
            "a value on its way drops with the slot"
        );
    }};
}

#[test]
fn the_model_of_the_slot_does_what_the_real_one_does() {
    slot_keeps_its_word!(tokio::sync::oneshot);
    assert_eq!(holds(0, || slot_keeps_its_word!(crate::oneshot)), 1);
}
