//! Every promise of the README, on every variant.
//!
//! Time is a clock that stands still until a test moves it. Waits are polled by hand, so that each
//! test decides what happens between two steps.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rate_limiter::{
    AcquireError, AcquireTimeoutError, Clock, ManualClock, Quota, QuotaError, TryAcquireError,
};

#[path = "contract/ending.rs"]
mod ending;
#[path = "contract/keys.rs"]
mod keys;
#[path = "contract/limiting.rs"]
mod limiting;
#[path = "contract/reference.rs"]
mod reference;
#[path = "contract/waiting.rs"]
mod waiting;

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
/// What a limiter may be wrong about time by: two of its steps.
const STEPS: Duration = Duration::from_nanos(16);

/// A waker that counts.
#[derive(Default)]
struct Calls(AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Calls {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// One look. It happens inside a runtime whose timer never runs: the time that counts is another.
fn look<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    static IDLE: Mutex<Option<tokio::runtime::Runtime>> = Mutex::new(None);
    let mut idle = IDLE.lock().expect("no panic");
    let runtime = idle.get_or_insert_with(|| {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
    });
    let inside = runtime.handle().clone();
    drop(idle);
    let _inside = inside.enter();
    future.poll(&mut Context::from_waker(waker))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    look(future, Waker::noop())
}

/// Waits on a real runtime, but not for ever.
fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let begin = Instant::now();
    let output = runtime.block_on(async { tokio::time::timeout(LONG, future).await });
    // A time-out polls once more before it fires: a wake-up that was lost shows in the time alone.
    assert!(begin.elapsed() < LONG, "nobody woke it");
    output.expect("no wait for ever")
}

/// Joins a thread, or fails where it would hang.
fn join<T: Send + 'static>(handle: thread::JoinHandle<T>) -> T {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || sender.send(handle.join()));
    receiver.recv_timeout(LONG).expect("the thread does not hang").expect("no panic")
}

fn nanos(time: Duration) -> i128 {
    time.as_nanos().cast_signed()
}

/// `n` a second, so many at once.
fn quota(n: u64, burst: u64) -> Quota {
    Quota::per_second(n, burst).expect("a quota")
}

/// How long until it would succeed.
fn not_now(result: Result<(), TryAcquireError>, clock: &ManualClock) -> Duration {
    match result {
        Err(TryAcquireError::NotNow { at }) => at - clock.now(),
        other => panic!("{other:?} where NotNow was due"),
    }
}

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::*;
            use rate_limiter::$variant::{Keyed, Limiter};

            fn limiter(quota: Quota) -> (Limiter<ManualClock>, ManualClock) {
                let clock = ManualClock::new();
                (Limiter::with_clock(quota, clock.clone()), clock)
            }

            fn keyed(quota: Quota) -> (Keyed<String, ManualClock>, ManualClock) {
                let clock = ManualClock::new();
                (Keyed::with_clock(quota, clock.clone()), clock)
            }

            limiting::limiting!();
            waiting::waiting!();
            ending::ending!();
            keys::keys!();
        }
    };
}

contract!(channel);
contract!(lock);
contract!(atomic);

/// What the two variants without an owner promise beyond that. In `channel` wakers run on the
/// owner's thread, and one that asks it something makes it wait for itself.
macro_rules! without_an_owner {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use rate_limiter::$variant::Limiter;

            #[test]
            fn a_waker_may_ask_the_limiter() {
                struct Asks(Arc<Limiter>);
                impl Wake for Asks {
                    fn wake(self: Arc<Self>) {
                        let _ = self.0.try_acquire(1);
                    }
                }
                let asking = thread::spawn(|| {
                    let limiter = Arc::new(Limiter::new(quota(1, 1)));
                    limiter.try_acquire(1).expect("the burst");
                    let mut line = [(); 3].map(|()| Box::pin(limiter.acquire(1)));
                    let waker = Waker::from(Arc::new(Asks(Arc::clone(&limiter))));
                    for future in &mut line {
                        assert!(look(future.as_mut(), &waker).is_pending());
                    }
                    let [first, ..] = line;
                    drop(first); // wakes the second
                    limiter.close();
                });
                join(asking);
            }
        }
    };
}

without_an_owner!(lock_without_an_owner, lock);
without_an_owner!(atomic_without_an_owner, atomic);
