//! Every promise of the README, on every variant.
//!
//! Waits are polled by hand, so that each test decides what happens between two steps. Before a
//! test says "still waiting" it calls `settle`: the channel variant answers from another thread,
//! and a question it has answered proves that it has handled everything sent before.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use semaphore::{AcquireError, AcquireTimeoutError, AddPermitsError, TryAcquireError};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

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

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

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

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map_or("", String::as_str)
}

#[path = "contract/counting.rs"]
mod counting;
#[path = "contract/ending.rs"]
mod ending;
#[path = "contract/waiting.rs"]
mod waiting;

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::*;
            use semaphore::$variant::{OwnedPermit, Permit, Semaphore};

            /// Everything sent to the semaphore so far has been handled.
            fn settle(semaphore: &Semaphore) {
                let _ = semaphore.available();
            }

            fn waits<F: Future>(semaphore: &Semaphore, mut future: Pin<&mut F>) -> bool {
                let first = poll(future.as_mut()).is_pending();
                settle(semaphore);
                first && poll(future).is_pending()
            }

            /// A waker that owns permits, and drops them when it wakes or is dropped.
            struct Keeper(Mutex<Option<OwnedPermit>>);

            impl Wake for Keeper {
                fn wake(self: Arc<Self>) {
                    drop(self.0.lock().expect("no panic").take());
                }
            }

            waiting::waiting!();
            ending::ending!();
            counting::counting!();
        }
    };
}

contract!(channel);
contract!(lock);
contract!(barging);

/// What the two fair variants promise beyond that; `barging` gives it up for speed.
macro_rules! in_order {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use semaphore::$variant::Semaphore;

            #[test]
            fn waiters_are_served_in_order() {
                let semaphore = Semaphore::new(2);
                let mut held = semaphore.try_acquire(2).expect("free");
                let calls: Vec<_> = (0..4).map(|_| Arc::new(Calls::default())).collect();
                let mut line: Vec<_> =
                    [1, 2, 1, 1].into_iter().map(|n| Box::pin(semaphore.acquire(n))).collect();
                for (future, calls) in line.iter_mut().zip(&calls) {
                    let waker = Waker::from(Arc::clone(calls));
                    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                }
                let called = || {
                    let _ = semaphore.available();
                    calls.iter().map(|calls| calls.count()).collect::<Vec<_>>()
                };
                drop(held.split(1));
                assert_eq!(called(), [1, 0, 0, 0], "the first wanted one");
                drop(held);
                assert_eq!(called(), [1, 0, 0, 0], "the second wants two, and one is free");
                let mut line = line.into_iter();
                drop(wait(line.next().expect("the first")).expect("open"));
                assert_eq!(called(), [1, 1, 0, 0]);
                drop(wait(line.next().expect("the second")).expect("open"));
                assert_eq!(called(), [1, 1, 1, 1], "two at once");
            }

            #[test]
            fn nobody_overtakes_the_line() {
                let semaphore = Semaphore::new(3);
                let held = semaphore.try_acquire(2).expect("free");
                let mut heavy = pin!(semaphore.acquire(2));
                assert!(poll(heavy.as_mut()).is_pending());
                assert_eq!(semaphore.available(), 1);
                let refusal = semaphore.try_acquire(1).expect_err("somebody waits");
                assert_eq!(refusal, TryAcquireError::NotNow);
                let mut light = Box::pin(semaphore.acquire(1));
                assert!(poll(light.as_mut()).is_pending());
                let _ = semaphore.available();
                assert!(poll(light.as_mut()).is_pending(), "one is free, but it is not its turn");
                drop(held);
                let _heavy = wait(heavy).expect("open");
                drop(wait(light).expect("open"));
            }
        }
    };
}

in_order!(channel_in_order, channel);
in_order!(lock_in_order, lock);

/// What `barging` promises instead.
mod barging_out_of_order {
    use super::*;
    use semaphore::barging::Semaphore;

    #[test]
    fn a_newcomer_takes_what_a_sleeper_has_not_taken_yet() {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire(1).expect("free");
        let mut sleeper = pin!(semaphore.acquire(1));
        assert!(poll(sleeper.as_mut()).is_pending());
        drop(held);
        let newcomer = semaphore.try_acquire(1).expect("the sleeper has not run");
        assert!(poll(sleeper.as_mut()).is_pending(), "called in vain");
        drop(newcomer);
        drop(wait(sleeper).expect("called again"));
    }
}
