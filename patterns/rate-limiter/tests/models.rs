//! Every schedule with few preemptions: the textbook versions fail, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives instead of std's. The
//! checker has no time, so it passes only while somebody sleeps (`models/time.rs`).

#![expect(
    unreachable_pub,
    clippy::reversed_empty_ranges,
    reason = "public items are private here, and threads do not spin"
)]

use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use interleave::{bound, fails, holds, note};
use shuttle::sync::Arc;
use shuttle::thread;

use crate::error::{AcquireError, TryAcquireError};
use crate::quota::Quota;
use crate::time::ModelClock;

#[path = "models/textbook.rs"]
mod textbook;
#[path = "models/time.rs"]
mod time;

mod sync {
    pub(crate) use shuttle::sync::Arc;
    pub(crate) use shuttle::sync::MutexGuard;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
    pub(crate) use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// Looking again is a schedule again, and shows nothing new.
    pub(crate) const SPINS: u32 = 0;
    /// The smallest inbox is full most often.
    pub(crate) const INBOX: usize = 1;
    /// Callers meet.
    pub(crate) const SHARDS: usize = 1;

    pub(crate) mod thread {
        pub(crate) use crate::time::park_timeout;
        pub(crate) use shuttle::thread::{Builder, Thread, current, park};
    }

    /// The checker's, without poison.
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("no panic")
        }
    }
}

mod alarm {
    pub(crate) use crate::time::Alarm;
}

#[path = "../src/atomic.rs"]
#[allow(dead_code)]
mod atomic;
#[path = "../src/bucket.rs"]
mod bucket;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/clock.rs"]
#[allow(dead_code)]
mod clock;
#[path = "../src/desk.rs"]
mod desk;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/foreign.rs"]
mod foreign;
#[path = "../src/keys.rs"]
mod keys;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/owner.rs"]
mod owner;
#[path = "../src/park.rs"]
mod park;
#[path = "../src/quota.rs"]
#[allow(dead_code)]
mod quota;
#[path = "../src/shards.rs"]
#[allow(clippy::modulo_one, reason = "one shard, so that callers meet")]
mod shards;
#[path = "../src/surface.rs"]
mod surface;
#[path = "../src/wait.rs"]
mod wait;
#[path = "../src/word.rs"]
mod word;

const SECOND: Duration = Duration::from_secs(1);

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_rate_limiter_{name}={schedules}").expect("stderr");
}

/// One look at a future that is then dropped, as a time-out or a `select!` does. Whether it was
/// ready.
fn look_and_leave<F: Future>(future: F) -> bool {
    let future = pin!(future);
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

/// One a second.
fn quota(burst: u64) -> Quota {
    Quota::per_second(1, burst).expect("a quota")
}

/// Tokens that were admitted while the clock stood still. The checker does not look into it.
#[derive(Default)]
struct Admitted(std::sync::atomic::AtomicUsize);

impl Admitted {
    fn note(&self, of: usize) {
        let admitted = self.0.fetch_add(1, Relaxed) + 1;
        note!("admitted, {admitted} of {of}");
        assert!(admitted <= of, "more than the burst at one instant");
    }

    fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

fn spawn_all(threads: impl IntoIterator<Item = Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = threads.into_iter().map(thread::spawn).collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
}

#[test]
fn two_callers_of_the_textbook_see_one_token() {
    let schedule = fails(|| {
        let counter = Arc::new(textbook::Counter::new(1));
        let admitted = Arc::new(Admitted::default());
        spawn_all([(); 2].map(|()| {
            let (counter, admitted) = (Arc::clone(&counter), Arc::clone(&admitted));
            Box::new(move || {
                note!("asks, one token left");
                if counter.try_acquire() {
                    admitted.note(1);
                }
            }) as Box<dyn FnOnce() + Send>
        }));
    });
    schedule.matches("tests/schedules/two_see_one_token.txt");
}

#[test]
fn a_caller_of_the_textbook_who_gives_up_swallows_a_slot() {
    let schedule = fails(|| {
        let slots = Arc::new(textbook::Slots::new());
        let hasty = {
            let slots = Arc::clone(&slots);
            thread::spawn(move || {
                look_and_leave(slots.acquire(async |slot| {
                    note!("sleeps until slot {slot}");
                    std::future::pending::<()>().await;
                }));
                note!("gives up");
            })
        };
        let patient = async {
            let slot = slots.acquire(async |slot| note!("sleeps until slot {slot}")).await;
            hasty.join().expect("no panic");
            assert_eq!(slot, 1, "slot 1 went to nobody");
        };
        shuttle::future::block_on(patient);
    });
    schedule.matches("tests/schedules/swallowed_slot.txt");
}

macro_rules! models {
    ($module:ident, $variant:ident, $bound:literal, $few:literal) => {
        mod $module {
            use super::*;
            use crate::$variant::{Keyed, Limiter};

            fn limiter(quota: Quota) -> Arc<Limiter<ModelClock>> {
                time::begin();
                Arc::new(Limiter::with_clock(quota, ModelClock))
            }

            #[test]
            fn two_callers_never_share_a_token() {
                let schedules = holds(bound($bound), || {
                    let (limiter, admitted) = (limiter(quota(1)), Arc::new(Admitted::default()));
                    let check = {
                        let (limiter, admitted) = (Arc::clone(&limiter), Arc::clone(&admitted));
                        move || {
                            if limiter.try_acquire(1).is_ok() {
                                admitted.note(1);
                            }
                        }
                    };
                    let other = thread::spawn(check.clone());
                    check();
                    other.join().expect("no panic");
                    assert_eq!(admitted.count(), 1, "one of them has it");
                });
                count(concat!(stringify!($variant), "_token"), schedules);
            }

            #[test]
            fn a_lease_is_given_out_once() {
                let schedules = holds(bound($bound), || {
                    // Of 16 three are left, and the first to come leases two of them.
                    let (limiter, admitted) = (limiter(quota(16)), Arc::new(Admitted::default()));
                    limiter.try_acquire(13).expect("there");
                    let check = {
                        let (limiter, admitted) = (Arc::clone(&limiter), Arc::clone(&admitted));
                        move || {
                            for _ in 0..2 {
                                if limiter.try_acquire(1).is_ok() {
                                    admitted.note(3);
                                }
                            }
                        }
                    };
                    let other = thread::spawn(check.clone());
                    check();
                    other.join().expect("no panic");
                    assert_eq!(admitted.count(), 3, "all were there to be had");
                });
                count(concat!(stringify!($variant), "_lease"), schedules);
            }

            #[test]
            fn who_waits_is_served_and_tries_take_nothing_from_it() {
                let schedules = holds(bound($bound), || {
                    let limiter = limiter(quota(1));
                    limiter.try_acquire(1).expect("the burst");
                    let waiter = {
                        let limiter = Arc::clone(&limiter);
                        thread::spawn(move || limiter.acquire_blocking(1).expect("open"))
                    };
                    let early = limiter.try_acquire(1).is_ok();
                    time::pass(SECOND); // a slot is there, and both are after it
                    let tried = limiter.try_acquire(1).is_ok();
                    waiter.join().expect("no panic");
                    let after = limiter.try_acquire(1).is_ok();
                    let taken = 1 + [early, tried, after].map(u32::from).iter().sum::<u32>();
                    assert!(time::elapsed() >= SECOND * taken, "two in one slot");
                });
                count(concat!(stringify!($variant), "_wait"), schedules);
            }

            #[test]
            fn a_wait_may_be_cancelled_at_any_moment() {
                let schedules = holds(bound($few), || {
                    let limiter = limiter(quota(1));
                    limiter.try_acquire(1).expect("the burst");
                    let hasty = {
                        let limiter = Arc::clone(&limiter);
                        thread::spawn(move || {
                            let timeout = limiter.acquire_timeout(1, Duration::ZERO);
                            assert!(timeout.is_err() || time::elapsed() >= SECOND);
                            timeout.is_ok()
                        })
                    };
                    let mut cancelled = Box::pin(limiter.acquire(1));
                    let mut context = Context::from_waker(Waker::noop());
                    let looked = cancelled.as_mut().poll(&mut context).is_ready();
                    drop(cancelled);
                    limiter.acquire_blocking(1).expect("open");
                    let took = usize::from(hasty.join().expect("no panic")) + usize::from(looked);
                    let slots = 1 + took as u32;
                    assert!(time::elapsed() < SECOND * (slots + 1), "no slot is swallowed");
                });
                count(concat!(stringify!($variant), "_cancel"), schedules);
            }

            #[test]
            fn close_wakes_every_waiter() {
                let schedules = holds(bound($few), || {
                    let limiter = limiter(quota(1));
                    limiter.try_acquire(1).expect("the burst");
                    let waiters = [(); 2].map(|()| {
                        let limiter = Arc::clone(&limiter);
                        thread::spawn(move || limiter.acquire_blocking(1))
                    });
                    limiter.close();
                    for waiter in waiters {
                        let end = waiter.join().expect("no panic");
                        assert!(matches!(end, Ok(()) | Err(AcquireError::Closed)));
                    }
                    assert_eq!(limiter.try_acquire(1), Err(TryAcquireError::Closed));
                });
                count(concat!(stringify!($variant), "_close"), schedules);
            }

            #[test]
            fn a_new_key_is_added_once() {
                let schedules = holds(bound($bound), || {
                    time::begin();
                    let keyed = Arc::new(Keyed::<u8, _>::with_clock(quota(1), ModelClock));
                    let admitted = Arc::new(Admitted::default());
                    let check = {
                        let (keyed, admitted) = (Arc::clone(&keyed), Arc::clone(&admitted));
                        move || {
                            if keyed.try_acquire(&7, 1).is_ok() {
                                admitted.note(1);
                            }
                        }
                    };
                    let other = thread::spawn(check.clone());
                    check();
                    keyed.drop_idle();
                    other.join().expect("no panic");
                    assert!(keyed.try_acquire(&7, 1).is_err(), "it is still here");
                    assert_eq!((admitted.count(), keyed.len()), (1, 1));
                });
                count(concat!(stringify!($variant), "_key"), schedules);
            }
        }
    };
}

models!(channel_models, channel, 2, 1);
models!(lock_models, lock, 4, 4);
models!(atomic_models, atomic, 4, 4);
