//! Every promise of the README, on every variant it holds for.
//!
//! Waits are polled by hand, so that each test decides what happens between two steps. Before a
//! test says "still waiting" it calls `settle`: the desk of the channel variant works on another
//! thread, and a question it has answered proves that it has handled everything sent before.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use broadcast_hub::{
    Counts, PublishError, PublishTimeoutError, RecvError, RecvTimeoutError, Slow, Start,
    SubscribeError, TryPublishError, TryRecvError,
};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

/// The limit of a wait that [`join`] watches: `join` gives up first.
const LONGER: Duration = Duration::from_secs(90);

/// A waker that counts.
#[derive(Default)]
struct Calls(AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Calls {
    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn poll_with<F: Future>(future: Pin<&mut F>, calls: &Arc<Calls>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(calls))))
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

/// A payload that counts how many there are of it, and panics when told to.
#[derive(Default)]
struct Fragile {
    number: u64,
    alive: Arc<AtomicUsize>,
    clone_panics: Arc<AtomicBool>,
    drop_panics: Arc<AtomicBool>,
}

impl Fragile {
    /// One more of the kind.
    fn of_the_kind(&self, number: u64) -> Self {
        self.alive.fetch_add(1, SeqCst);
        let [alive, ..] = [&self.alive].map(Arc::clone);
        let [clone_panics, drop_panics] = [&self.clone_panics, &self.drop_panics].map(Arc::clone);
        Self { number, alive, clone_panics, drop_panics }
    }
}

impl Clone for Fragile {
    fn clone(&self) -> Self {
        if self.clone_panics.swap(false, SeqCst) {
            resume_unwind(Box::new("the payload's own trouble"));
        }
        self.of_the_kind(self.number)
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
        if self.drop_panics.load(SeqCst) && !thread::panicking() {
            resume_unwind(Box::new("the payload's own trouble"));
        }
    }
}

#[path = "contract/delivering.rs"]
mod delivering;
#[path = "contract/ending.rs"]
mod ending;
#[path = "contract/panics.rs"]
mod panics;
#[path = "contract/replaying.rs"]
mod replaying;
#[path = "contract/slow.rs"]
mod slow;
#[path = "contract/topics.rs"]
mod topics;
#[path = "contract/waiting.rs"]
mod waiting;

/// What the three promise alike. A subscriber here loses the oldest if it is slow.
macro_rules! contract {
    ($variant:ident, $($terms:tt)*) => {
        mod $variant {
            use super::*;
            use broadcast_hub::$variant::{Hub, Subscriber};

            fn subscribe(hub: &Hub<u64>) -> Subscriber<u64> {
                subscribe_from(hub, Start::Now)
            }

            fn subscribe_from(hub: &Hub<u64>, start: Start) -> Subscriber<u64> {
                hub.subscribe_from($($terms)* start).expect("open")
            }

            /// Everything asked of the hub so far has been done.
            fn settle(hub: &Hub<u64>) -> Counts {
                hub.counts()
            }

            delivering::delivering!();
            replaying::replaying!();
            waiting::waiting!();
            ending::ending!();
        }
    };
}

contract!(channel, Slow::DropOldest,);
contract!(lock, Slow::DropOldest,);
contract!(copied,);

/// What the two promise that can wait and evict, and hold any payload.
macro_rules! any_payload {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use broadcast_hub::$variant::{Hub, Subscriber, Topics};

            slow::slow!();
            panics::panics!();
            topics::topics!();
        }
    };
}

any_payload!(channel_payloads, channel);
any_payload!(lock_payloads, lock);
