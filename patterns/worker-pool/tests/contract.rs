//! Every promise of the README, on every variant.
//!
//! A test decides what runs when: `hold` keeps a worker busy until it is let go, and what a test
//! waits for arrives through a channel. Nothing sleeps; `LONG` only ends a test that would hang.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use worker_pool::{
    Aborted, Handle, JoinError, JoinTimeoutError, ShutdownError, SubmitError, SubmitTimeoutError,
    TryJoinError, TrySubmitError,
};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

/// Longer than no time at all, where a test must see a time-out.
const SHORT: Duration = Duration::from_millis(1);

/// A job that runs until this is dropped.
struct Held(#[allow(dead_code)] SyncSender<()>);

/// The result, or a failure where the wait would hang.
fn result<T>(handle: Handle<T>) -> T {
    handle.join_timeout(LONG).expect("the job ends well")
}

/// Runs it on a thread of its own, and fails where it would hang.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(LONG).expect("it neither hangs nor panics")
}

/// One more.
fn add(counter: &AtomicUsize) {
    counter.fetch_add(1, SeqCst);
}

/// Panics as it drops.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a bomb dropped");
    }
}

/// Tells when it dropped.
struct Tell(SyncSender<()>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[path = "contract/ending.rs"]
mod ending;
#[path = "contract/inside.rs"]
mod inside;
#[path = "contract/joining.rs"]
mod joining;
#[path = "contract/panics.rs"]
mod panics;
#[path = "contract/taking.rs"]
mod taking;

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::*;
            use worker_pool::$variant::Pool;

            /// Keeps a worker busy. Returns when it is.
            fn hold(pool: &Pool) -> Held {
                let (sender, receiver) = sync_channel(1);
                let (started, starts) = sync_channel(1);
                let job = move || {
                    started.send(()).expect("the test waits");
                    let _ = receiver.recv();
                };
                pool.execute(job).expect("open");
                starts.recv_timeout(LONG).expect("a worker is free");
                Held(sender)
            }

            /// A thread that submits `job` and waits for room, and is waiting already.
            fn waiting_caller(pool: &Arc<Pool>) -> Receiver<Result<Handle<()>, &'static str>> {
                let (sender, receiver) = sync_channel(1);
                let theirs = Arc::clone(pool);
                let (started, starts) = sync_channel(1);
                thread::spawn(move || {
                    started.send(()).expect("the test waits");
                    let outcome = theirs.submit(|| ()).map_err(|error| match error {
                        SubmitError::Closed(_) => "closed",
                        SubmitError::Full(_) => "full",
                    });
                    let _ = sender.send(outcome);
                });
                starts.recv_timeout(LONG).expect("the thread starts");
                receiver
            }

            taking::taking!();
            joining::joining!();
            panics::panics!();
            inside::inside!();
            ending::ending!();
        }
    };
}

contract!(channel);
contract!(lock);
contract!(stealing);
