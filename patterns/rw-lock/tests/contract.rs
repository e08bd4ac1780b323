//! Every promise of the README, on every variant.
//!
//! Threads that hold the lock do so until the test lets them go. Before a test goes on from "it
//! waits", it looks at `waiting()` until that is so: no test guesses how long a thread takes.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rw_lock::{NotNow, TimedOut};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

/// Short enough to wait for in vain.
const SHORT: Duration = Duration::from_millis(2);

/// Joins a thread, or fails where it would hang.
fn join<T: Send + 'static>(handle: JoinHandle<T>) -> T {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || sender.send(handle.join()));
    receiver.recv_timeout(LONG).expect("the thread does not hang").expect("no panic")
}

/// Returns when it is so, or fails if it never is.
fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < LONG, "it never comes to that");
        thread::yield_now();
    }
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().unwrap_or_default()
}

/// A thread that is inside until it is let go.
struct Held {
    go: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Held {
    /// Starts the thread, which goes in with `enter` and does there what it is given. Returns when it
    /// is inside.
    fn start(enter: impl FnOnce(Box<dyn FnOnce() + Send>) + Send + 'static) -> Self {
        let (inside, is_inside) = mpsc::sync_channel(1);
        let (go, may_go) = mpsc::sync_channel(1);
        let stay = move || {
            inside.send(()).expect("the test waits for it");
            let _ = may_go.recv();
        };
        let thread = thread::spawn(move || enter(Box::new(stay)));
        is_inside.recv_timeout(LONG).expect("it comes in");
        Self { go, thread }
    }

    fn let_go(self) {
        self.go.send(()).expect("it waits for it");
        join(self.thread);
    }
}

/// Who was inside, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn add(&self, who: &'static str) {
        self.0.lock().expect("no panic").push(who);
    }

    fn order(&self) -> Vec<&'static str> {
        self.0.lock().expect("no panic").clone()
    }
}

#[path = "contract/closures.rs"]
mod closures;
#[path = "contract/guards.rs"]
mod guards;
#[path = "contract/order.rs"]
mod order;

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::*;
            use rw_lock::$variant::RwLock;

            fn shared<T: Send + Sync + 'static>(value: T) -> Arc<RwLock<T>> {
                Arc::new(RwLock::new(value))
            }

            fn reader<T: Send + Sync + 'static>(lock: &Arc<RwLock<T>>) -> Held {
                let lock = Arc::clone(lock);
                Held::start(move |stay| lock.read(move |_| stay()))
            }

            fn writer<T: Send + Sync + 'static>(lock: &Arc<RwLock<T>>) -> Held {
                let lock = Arc::clone(lock);
                Held::start(move |stay| lock.write(move |_| stay()))
            }

            closures::closures!();
            order::order!();
        }
    };
}

contract!(channel);
contract!(lock);
contract!(sharded);

macro_rules! with_guards {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use rw_lock::$variant::{ReadGuard, RwLock, WriteGuard};

            guards::guards!();
        }
    };
}

with_guards!(lock_guards, lock);
with_guards!(sharded_guards, sharded);

/// What only an owner can promise.
mod channel_owner {
    use super::*;
    use rw_lock::channel::RwLock;
    use std::cell::Cell;

    #[test]
    fn the_owner_ends_with_the_lock() {
        let value = Arc::new(());
        let lock = RwLock::new(Arc::clone(&value));
        assert_eq!(lock.read(Arc::strong_count), 2);
        drop(lock);
        assert_eq!(Arc::strong_count(&value), 1, "its thread is joined and its value dropped");
    }

    #[test]
    fn a_closure_that_uses_its_own_lock_panics_instead_of_hanging() {
        let lock = Arc::new(RwLock::new(1));
        let again = Arc::clone(&lock);
        let outcome = join(thread::spawn(move || {
            catch_unwind(AssertUnwindSafe(|| again.clone().read(move |_| again.read(|n| *n))))
        }));
        let panic = outcome.expect_err("it would wait for itself");
        assert!(message(&*panic).contains("wait for itself"));
        assert_eq!(lock.read(|n| *n), 1, "the owner goes on");
    }

    #[test]
    fn a_value_that_is_not_sync_may_be_shared() {
        let lock = RwLock::new(Cell::new(1));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| lock.read(|cell| cell.set(cell.get() + 1)));
            }
        });
        assert_eq!(lock.into_inner().get(), 5);
    }

    #[test]
    fn closures_run_on_the_owner_one_at_a_time() {
        let lock = RwLock::new(());
        let owner = lock.read(|()| thread::current().id());
        assert_ne!(owner, thread::current().id());
        assert_eq!(lock.write(|()| thread::current().id()), owner);
    }
}
