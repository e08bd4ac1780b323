//! Every schedule with few preemptions: the textbook versions fail, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives instead of std's. The
//! channel is a model of its own, time-outs cannot fire, and no job panics: a panic would end the
//! checker's run, and panics depend on no schedule that the others do not show.

#![expect(
    unreachable_pub,
    clippy::reversed_empty_ranges,
    reason = "public items are private here, and threads do not spin"
)]

use std::fmt::Display;
use std::io::Write;

use interleave::{bound, fails, holds, note};
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::mpsc::sync_channel;
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

#[path = "models/channels.rs"]
mod channels;
#[path = "models/textbook.rs"]
mod textbook;

mod sync {
    pub(crate) use super::channels::{Receiver, Sender, TryRecvError, TrySendError, bounded};
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard, RwLock};
    pub(crate) use shuttle::{thread, thread_local};

    /// Looking again is a schedule again, and shows nothing new.
    pub(crate) const SPINS: u32 = 0;
    pub(crate) const YIELDS: u32 = 0;
    pub(crate) const NAP: std::time::Duration = std::time::Duration::from_hours(1);
    /// A used box is as good as a new one, and its way back only makes schedules.
    pub(crate) const REUSE: bool = false;
    /// The smallest batch that is one, and the smallest depth.
    pub(crate) const EMPTIES: usize = 1;
    pub(crate) const BATCH: usize = 2;
    pub(crate) const DEPTH: usize = 1;
}

use channels::select;

#[path = "../src/bell.rs"]
#[allow(dead_code)]
mod bell;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/crew.rs"]
#[allow(dead_code)]
mod crew;
#[path = "../src/empties.rs"]
#[allow(dead_code)]
mod empties;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../src/handle.rs"]
#[allow(dead_code)]
mod handle;
#[path = "../src/job.rs"]
#[allow(dead_code)]
mod job;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/place.rs"]
mod place;
#[path = "../src/queue.rs"]
mod queue;
#[path = "../src/stealing.rs"]
#[allow(dead_code)]
mod stealing;
#[path = "../src/surface.rs"]
mod surface;

use error::JoinError;
use textbook::Closable;

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_worker_pool_{name}={schedules}").expect("stderr");
}

fn add(counter: &AtomicUsize) {
    counter.fetch_add(1, SeqCst);
}

#[test]
fn workers_that_feed_their_own_full_channel_wait_for_ever() {
    let schedule = fails(|| {
        let (queue, jobs) = sync_channel(1);
        let (results, collected) = sync_channel(2);
        let jobs = Arc::new(Mutex::new(jobs));
        let worker = {
            let queue = queue.clone();
            thread::spawn(move || textbook::retrying_worker(&jobs, &queue, &results))
        };
        for id in 1..=2 {
            queue.send(textbook::Job { id, fails: 1 }).expect("the worker is there");
            note!("queued {id}, which fails once");
        }
        for _ in 0..2 {
            let id = collected.recv().expect("the worker is there");
            note!("{id} is done");
        }
        drop(worker);
    });
    schedule.matches("tests/schedules/requeue_deadlock.txt");
}

#[test]
fn a_pool_that_reads_no_result_before_all_is_sent_needs_buffers_for_all() {
    holds(1, || assert_eq!(textbook::process_all(3, 3), 3));
    let schedule = fails(|| {
        note!("sends 4 jobs before it reads; room for 1 job and 1 result");
        textbook::process_all(4, 1);
    });
    schedule.matches("tests/schedules/saved_by_buffers.txt");
}

#[test]
fn a_stop_that_closes_the_channel_meets_a_sender() {
    let schedule = fails(|| {
        let (stop, messages) = (Closable::new("stop"), Closable::new("messages"));
        let fetcher = {
            let (stop, messages) = (Arc::clone(&stop), Arc::clone(&messages));
            thread::spawn(move || textbook::fetcher(&stop, &messages, 2))
        };
        textbook::stop(&stop, &messages);
        fetcher.join().expect("no panic");
        while messages.receive().is_some() {}
    });
    schedule.matches("tests/schedules/stop_under_the_sender.txt");
}

macro_rules! models {
    ($module:ident, $variant:ident, $bound:literal) => {
        mod $module {
            use super::*;
            use crate::$variant::Pool;

            fn counted(name: &str, schedules: usize) {
                count(format_args!("{}_{name}", stringify!($variant)), schedules);
            }

            #[test]
            fn each_job_runs_once() {
                let schedules = holds(bound(1), || {
                    let pool = Pool::new(2, 1);
                    let runs = Arc::new(AtomicUsize::new(0));
                    for _ in 0..2 {
                        let runs = Arc::clone(&runs);
                        pool.execute(move || add(&runs)).expect("open");
                    }
                    pool.shutdown().expect("outside");
                    assert_eq!(runs.load(SeqCst), 2);
                });
                counted("once", schedules);
            }

            #[test]
            fn two_callers_share_the_room() {
                let schedules = holds(bound($bound), || {
                    let pool = Arc::new(Pool::new(1, 1));
                    let runs = Arc::new(AtomicUsize::new(0));
                    let submit = {
                        let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
                        move |jobs| {
                            for _ in 0..jobs {
                                let runs = Arc::clone(&runs);
                                pool.execute(move || add(&runs)).expect("open");
                            }
                        }
                    };
                    let theirs = submit.clone();
                    let other = thread::spawn(move || theirs(1));
                    submit(2);
                    other.join().expect("no panic");
                    pool.shutdown().expect("outside");
                    assert_eq!(runs.load(SeqCst), 3);
                });
                counted("room", schedules);
            }

            #[test]
            fn a_result_reaches_whoever_joins_whenever() {
                let schedules = holds(bound($bound), || {
                    let pool = Pool::new(1, 1);
                    let handle = pool.submit(|| 7).expect("open");
                    assert_eq!(handle.join().expect("it runs"), 7);
                });
                counted("join", schedules);
            }

            #[test]
            fn a_result_that_is_let_go_drops_once() {
                let schedules = holds(bound($bound), || {
                    struct Counted(Arc<AtomicUsize>);
                    impl Drop for Counted {
                        fn drop(&mut self) {
                            add(&self.0);
                        }
                    }
                    let drops = Arc::new(AtomicUsize::new(0));
                    let pool = Pool::new(1, 1);
                    let value = Counted(Arc::clone(&drops));
                    drop(pool.submit(move || value).expect("open"));
                    drop(pool);
                    assert_eq!(drops.load(SeqCst), 1);
                });
                counted("detach", schedules);
            }

            #[test]
            fn close_wakes_every_waiter_and_loses_no_job() {
                let schedules = holds(bound($bound), || {
                    let pool = Arc::new(Pool::new(1, 1));
                    let runs = Arc::new(AtomicUsize::new(0));
                    let caller = {
                        let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
                        thread::spawn(move || {
                            let submit = |_| {
                                let runs = Arc::clone(&runs);
                                pool.execute(move || add(&runs)).is_ok()
                            };
                            (0..3).map(submit).filter(|taken| *taken).count()
                        })
                    };
                    pool.close();
                    let taken = caller.join().expect("no panic");
                    pool.shutdown().expect("outside");
                    assert_eq!(runs.load(SeqCst), taken);
                });
                counted("close", schedules);
            }

            #[test]
            fn abort_drops_or_lets_run_and_counts() {
                let schedules = holds(bound($bound), || {
                    let pool = Arc::new(Pool::new(1, 1));
                    let runs = Arc::new(AtomicUsize::new(0));
                    let caller = {
                        let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
                        thread::spawn(move || {
                            let submit = |_| {
                                let runs = Arc::clone(&runs);
                                pool.submit(move || add(&runs)).ok()
                            };
                            let handles: Vec<_> = (0..2).filter_map(submit).collect();
                            let taken = handles.len();
                            let aborted = handles.into_iter().filter_map(|job| job.join().err());
                            (taken, aborted.count())
                        })
                    };
                    let dropped = pool.abort().dropped;
                    let (taken, aborted) = caller.join().expect("no panic");
                    assert_eq!(dropped, aborted, "each handle is told, each is reported");
                    assert_eq!(runs.load(SeqCst), taken - dropped);
                });
                counted("abort", schedules);
            }

            #[test]
            fn a_job_submits_into_its_own_full_pool() {
                let schedules = holds(bound($bound), || {
                    let pool = Arc::new(Pool::new(1, 1));
                    let runs = Arc::new(AtomicUsize::new(0));
                    let (theirs, counter) = (Arc::clone(&pool), Arc::clone(&runs));
                    let parent = move || {
                        for _ in 0..2 {
                            let counter = Arc::clone(&counter);
                            theirs.execute(move || add(&counter)).expect("it makes room");
                        }
                    };
                    pool.submit(parent).expect("open").join().expect("it ends");
                    pool.shutdown().expect("outside");
                    assert_eq!(runs.load(SeqCst), 2);
                });
                counted("own_queue", schedules);
            }

            #[test]
            fn a_job_joins_another() {
                let schedules = holds(bound(1), || {
                    let pool = Arc::new(Pool::new(2, 1));
                    let theirs = Arc::clone(&pool);
                    let parent = pool.submit(move || {
                        let child = theirs.submit(|| 3).expect("open");
                        child.join().expect("in place, or on the other worker")
                    });
                    assert_eq!(parent.expect("open").join().expect("it ends"), 3);
                });
                counted("inner_join", schedules);
            }

            #[test]
            fn a_worker_that_is_called_and_rung_at_once_misses_neither() {
                let schedules = holds(bound(1), || {
                    let pool = Arc::new(Pool::new(2, 1));
                    let (gate, gated) = sync_channel::<()>(1);
                    let slow = pool.submit(move || gated.recv().expect("main sends it"));
                    let slow = slow.expect("open");
                    let waits = pool.submit(move || slow.join().expect("it ends")).expect("open");
                    pool.execute(|| ()).expect("open");
                    gate.send(()).expect("it waits");
                    waits.join().expect("it wakes");
                });
                counted("called_and_rung", schedules);
            }

            #[test]
            fn a_circle_of_joins_is_seen() {
                let schedules = holds(bound(1), || {
                    let pool = Pool::new(2, 2);
                    let seen = Arc::new(AtomicUsize::new(0));
                    let (gives, jobs): (Vec<_>, Vec<_>) = (0..2)
                        .map(|_| {
                            let (give, given) = sync_channel::<crate::handle::Handle<()>>(1);
                            let seen = Arc::clone(&seen);
                            let job = move || {
                                let other = given.recv().expect("main sends it");
                                if let Err(JoinError::WouldDeadlock(_)) = other.join() {
                                    add(&seen);
                                }
                            };
                            (give, pool.submit(job).expect("open"))
                        })
                        .unzip();
                    for (give, other) in gives.into_iter().zip(jobs.into_iter().rev()) {
                        give.send(other).expect("the job waits");
                    }
                    pool.shutdown().expect("outside");
                    assert_eq!(seen.load(SeqCst), 1, "by the one who would close it");
                });
                counted("circle", schedules);
            }

            #[test]
            fn a_job_behind_a_long_one_finds_a_worker() {
                let schedules = holds(bound(1), || {
                    let pool = Pool::new(2, 4);
                    let (sender, receiver) = sync_channel::<()>(1);
                    let long = move || receiver.recv().expect("the last one sends it");
                    pool.execute(long).expect("open");
                    for _ in 0..2 {
                        pool.execute(|| ()).expect("open");
                    }
                    pool.execute(move || sender.send(()).expect("the first waits")).expect("open");
                    pool.shutdown().expect("outside");
                });
                counted("behind", schedules);
            }
        }
    };
}

models!(channel_models, channel, 2);
models!(lock_models, lock, 2);
models!(stealing_models, stealing, 2);

/// What the channel variant uses of the channel, on the model and on the real one.
macro_rules! channel_keeps_its_word {
    ($channel:path) => {{
        use channel::{TryRecvError, TrySendError, bounded};
        use $channel as channel;
        let (sender, receiver) = bounded(1);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        sender.try_send(1).expect("room");
        assert!(sender.is_full() && !receiver.is_empty());
        assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)), "the value comes back");
        let other = sender.clone();
        drop(sender);
        assert_eq!((receiver.recv(), receiver.len()), (Ok(1), 0));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "a sender is left");
        other.try_send(3).expect("room");
        drop(other);
        assert_eq!(receiver.recv(), Ok(3), "what was sent is received after the end");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert!(receiver.recv().is_err());
    }};
}

#[test]
fn the_model_of_the_channel_does_what_the_real_one_does() {
    channel_keeps_its_word!(crossbeam_channel);
    assert_eq!(holds(0, || channel_keeps_its_word!(crate::channels)), 1);
}
