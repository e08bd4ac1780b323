//! Every promise of the README, on every variant; `contract/tasks.rs` holds those of the tasks.
//!
//! Nothing sleeps here: a stage that is to be slow waits for what must happen meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use pipeline::{Cause, Stopped};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

/// Runs a test on a thread of its own, or fails where it would hang.
fn within(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::sync_channel(1);
    let handle = thread::spawn(move || {
        let end = catch_unwind(AssertUnwindSafe(test));
        done.send(()).expect("the test waits");
        end
    });
    ended.recv_timeout(LONG).expect("the run comes to an end");
    if let Err(panic) = handle.join().expect("caught above") {
        std::panic::resume_unwind(panic);
    }
}

/// A signal between a stage and another, sent as often as you like.
fn signal() -> (impl Fn() + Clone + Send + Sync, impl Fn() + Send + Sync) {
    let (sender, receiver) = mpsc::sync_channel(64);
    let receiver = Mutex::new(receiver);
    let wait = move || {
        let receiver = receiver.lock().expect("no panic");
        receiver.recv_timeout(LONG).expect("the signal comes");
    };
    (move || _ = sender.try_send(()), wait)
}

/// Panics when it drops, if it is told to.
#[derive(Debug)]
struct Touchy(bool);

impl Drop for Touchy {
    fn drop(&mut self) {
        if self.0 && !thread::panicking() {
            std::panic::resume_unwind(Box::new("touchy".to_owned()));
        }
    }
}

/// A quiet panic.
fn panics() -> ! {
    std::panic::resume_unwind(Box::new("of its own".to_owned()))
}

/// Numbers from zero, and no error.
fn numbers(end: u64) -> impl Iterator<Item = Result<u64, String>> + Send {
    (0..end).map(Ok)
}

/// Numbers without end that hold on to `alive`.
fn endless(alive: &Arc<()>) -> impl Iterator<Item = Result<u64, String>> + Send + use<> {
    let alive = Arc::clone(alive);
    (0..).map(move |n| {
        let _ = &alive;
        Ok(n)
    })
}

#[path = "contract/ending.rs"]
mod ending;
#[path = "contract/flowing.rs"]
mod flowing;
#[path = "contract/tasks.rs"]
mod tasks;

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::*;
            use pipeline::$variant::{Flow, Outlet, Pipeline};

            flowing::flowing!();
            ending::ending!();
        }
    };
}

contract!(channel);
contract!(lock);
contract!(spsc);
