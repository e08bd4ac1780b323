//! Every promise of the README, on every variant.
//!
//! Waits are polled by hand, so that each test decides what happens between two steps. Before a
//! test says "still waiting" it calls `settle`: the channel variant answers from another thread,
//! and a question it has answered proves that it has handled everything sent before.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
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
    runtime.block_on(async { tokio::time::timeout(LONG, future).await.expect("no wait for ever") })
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

            #[test]
            fn never_more_permits_are_out_than_there_are() {
                const PERMITS: usize = 3;
                let semaphore = Semaphore::new(PERMITS);
                let (out, peak, full) = Default::default();
                let (out, peak, full): (AtomicUsize, AtomicUsize, AtomicUsize) = (out, peak, full);
                let start = Barrier::new(4);
                thread::scope(|scope| {
                    for n in [1, 1, 2, 3] {
                        let (semaphore, out, peak, full) = (&semaphore, &out, &peak, &full);
                        let start = &start;
                        scope.spawn(move || {
                            start.wait();
                            for _ in 0..300 {
                                let permit = semaphore.acquire_blocking(n).expect("open");
                                let now = out.fetch_add(n, Ordering::SeqCst) + n;
                                peak.fetch_max(now, Ordering::SeqCst);
                                full.fetch_add(usize::from(now == PERMITS), Ordering::SeqCst);
                                thread::yield_now();
                                out.fetch_sub(n, Ordering::SeqCst);
                                drop(permit);
                            }
                        });
                    }
                });
                assert_eq!(peak.into_inner(), PERMITS, "the permits were all used, and no more");
                assert!(full.into_inner() >= 300, "the heavy caller had its turns");
                assert_eq!(semaphore.available(), PERMITS);
            }

            #[test]
            fn a_weighted_wait_takes_all_its_permits_at_once_or_none() {
                let semaphore = Semaphore::new(3);
                let held = semaphore.try_acquire(2).expect("free");
                let mut two = pin!(semaphore.acquire(2));
                assert!(waits(&semaphore, two.as_mut()));
                assert_eq!(semaphore.available(), 1, "a wait holds nothing");
                drop(held);
                assert_eq!(wait(two).expect("open").permits(), 2);
                assert_eq!(semaphore.available(), 3);
            }

            #[test]
            fn try_never_waits_behind_a_waiting_caller() {
                let semaphore = Arc::new(Semaphore::new(1));
                let held = semaphore.acquire_blocking(1).expect("open");
                let blocked = {
                    let semaphore = Arc::clone(&semaphore);
                    thread::spawn(move || semaphore.acquire_blocking(1).map(drop))
                };
                let mut waiting = pin!(semaphore.acquire(1));
                assert!(waits(&semaphore, waiting.as_mut()));
                let refusal = semaphore.try_acquire(1).expect_err("none free");
                assert_eq!(refusal, TryAcquireError::NotNow);
                drop(held);
                wait(waiting).expect("open");
                join(blocked).expect("open");
            }

            #[test]
            fn a_cancelled_wait_leaves_nothing_behind() {
                let semaphore = Semaphore::new(1);
                let held = semaphore.try_acquire(1).expect("free");
                for _ in 0..1000 {
                    let mut cancelled = pin!(semaphore.acquire(1));
                    assert!(poll(cancelled.as_mut()).is_pending());
                }
                drop(semaphore.acquire(1)); // never polled
                drop(held);
                assert_eq!(semaphore.available(), 1);
                drop(semaphore.try_acquire(1).expect("nobody stands in line"));
            }

            #[test]
            fn cancelling_the_heavy_head_of_the_line_lets_the_others_pass() {
                let semaphore = Semaphore::new(3);
                let _held = semaphore.try_acquire(2).expect("free");
                let mut heavy = Box::pin(semaphore.acquire(3));
                assert!(waits(&semaphore, heavy.as_mut()));
                let mut light = Box::pin(semaphore.acquire(1));
                // A newcomer that barges has its permit by now; one that queues is behind `heavy`.
                let barged = poll(light.as_mut()).is_ready();
                drop(heavy);
                assert!(barged || wait(light).is_ok());
            }

            #[test]
            fn a_grant_that_is_cancelled_unseen_goes_to_the_next() {
                let semaphore = Semaphore::new(1);
                let held = semaphore.try_acquire(1).expect("free");
                let mut first = Box::pin(semaphore.acquire(1));
                let mut second = Box::pin(semaphore.acquire(1));
                assert!(waits(&semaphore, first.as_mut()) && waits(&semaphore, second.as_mut()));
                drop(held);
                settle(&semaphore); // the permit is the first one's now, who does not know
                drop(first);
                drop(wait(second).expect("open"));
                assert_eq!(semaphore.available(), 1);
            }

            #[test]
            fn close_wakes_every_waiter() {
                let semaphore = Arc::new(Semaphore::new(1));
                let _held = semaphore.acquire_blocking(1).expect("open");
                let blocked: Vec<_> = (0..4)
                    .map(|_| {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || semaphore.acquire_blocking(1).map(drop))
                    })
                    .collect();
                let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(semaphore.acquire(1))).collect();
                for future in &mut waiting {
                    assert!(waits(&semaphore, future.as_mut()));
                }
                semaphore.close();
                for future in waiting {
                    assert_eq!(wait(future).expect_err("closed"), AcquireError::Closed);
                }
                for thread in blocked {
                    assert_eq!(join(thread), Err(AcquireError::Closed));
                }
            }

            #[test]
            fn a_closed_semaphore_refuses_everybody() {
                let semaphore = Arc::new(Semaphore::new(2));
                assert!(!semaphore.is_closed());
                semaphore.close();
                semaphore.close();
                assert!(semaphore.is_closed());
                for n in [0, 1, 3] {
                    assert_eq!(
                        wait(semaphore.acquire(n)).expect_err("closed"),
                        AcquireError::Closed
                    );
                    let refusal = semaphore.acquire_blocking(n).expect_err("closed");
                    assert_eq!(refusal, AcquireError::Closed);
                    let refusal = semaphore.try_acquire_owned(n).expect_err("closed");
                    assert_eq!(refusal, TryAcquireError::Closed);
                    let refusal = semaphore.acquire_timeout(n, LONG).expect_err("closed");
                    assert_eq!(refusal, AcquireTimeoutError::Closed);
                }
            }

            #[test]
            fn permits_survive_the_close_and_go_back() {
                let semaphore = Semaphore::new(2);
                let mut held = semaphore.try_acquire(2).expect("free");
                semaphore.close();
                drop(held.split(1));
                assert_eq!(semaphore.available(), 1);
                drop(held);
                assert_eq!(semaphore.available(), 2);
                assert!(semaphore.is_closed());
            }

            #[test]
            fn a_panic_in_the_holder_gives_the_permits_back() {
                let semaphore = Semaphore::new(2);
                let panic = catch_unwind(AssertUnwindSafe(|| {
                    let _permit = semaphore.acquire_blocking(2).expect("open");
                    std::panic::resume_unwind(Box::new("the holder's own trouble"));
                }));
                assert!(panic.is_err());
                assert_eq!(semaphore.available(), 2);
                drop(semaphore.try_acquire(2).expect("free again"));
            }

            #[test]
            fn a_timeout_ends_the_wait_and_leaves_nothing_behind() {
                let semaphore = Arc::new(Semaphore::new(1));
                let held = semaphore.try_acquire(1).expect("free");
                let limit = Duration::from_millis(5);
                let start = Instant::now();
                let refusal = semaphore.acquire_timeout(1, limit).expect_err("taken");
                assert_eq!(refusal, AcquireTimeoutError::TimedOut);
                assert!(start.elapsed() >= limit);
                let refusal =
                    semaphore.acquire_owned_timeout(1, Duration::ZERO).expect_err("taken");
                assert_eq!(refusal, AcquireTimeoutError::TimedOut);
                drop(held);
                assert_eq!(semaphore.available(), 1);
                drop(semaphore.acquire_timeout(1, Duration::MAX).expect("free"));
                drop(semaphore.acquire_owned_timeout(1, LONG).expect("free"));
            }

            #[test]
            fn capacity_one_excludes() {
                let semaphore = Semaphore::new(1);
                let inside = std::sync::Mutex::new(0);
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            for _ in 0..200 {
                                let _permit = semaphore.acquire_blocking(1).expect("open");
                                *inside.try_lock().expect("nobody else is inside") += 1;
                            }
                        });
                    }
                });
                assert_eq!(inside.into_inner().expect("no panic"), 800);
            }

            #[test]
            fn zero_permits_are_granted_at_once() {
                let semaphore = Semaphore::new(1);
                let _held = semaphore.try_acquire(1).expect("free");
                let mut waiting = pin!(semaphore.acquire(1));
                assert!(waits(&semaphore, waiting.as_mut()));
                let none = wait(semaphore.acquire(0)).expect("takes nothing");
                assert_eq!(none.permits(), 0);
                semaphore.try_acquire(0).expect("takes nothing").forget();
                assert!(waits(&semaphore, waiting.as_mut()), "and gives nothing back");
            }

            #[test]
            fn more_than_the_maximum_is_never_granted() {
                let semaphore = Semaphore::with_max(1, 2);
                for asked in [3, usize::MAX] {
                    let never = AcquireError::Never { asked, max: 2 };
                    assert_eq!(wait(semaphore.acquire(asked)).expect_err("never"), never);
                    assert_eq!(semaphore.acquire_blocking(asked).expect_err("never"), never);
                    let refusal = semaphore.try_acquire(asked).expect_err("never");
                    assert_eq!(refusal, TryAcquireError::Never { asked, max: 2 });
                    let refusal = semaphore.acquire_timeout(asked, LONG).expect_err("never");
                    assert_eq!(refusal, AcquireTimeoutError::Never { asked, max: 2 });
                }
            }

            #[test]
            fn more_than_there_are_now_waits_for_more() {
                let semaphore = Semaphore::with_max(1, 2);
                assert_eq!(semaphore.max(), 2);
                let mut two = pin!(semaphore.acquire(2));
                assert!(waits(&semaphore, two.as_mut()));
                semaphore.add_permits(1).expect("room for one");
                assert_eq!(wait(two).expect("open").permits(), 2);
            }

            #[test]
            fn an_empty_semaphore_is_a_gate_if_it_has_room() {
                let shut = Semaphore::new(0);
                let refusal = shut.try_acquire(1).expect_err("never");
                assert_eq!(refusal, TryAcquireError::Never { asked: 1, max: 0 });
                let gate = Semaphore::with_max(0, 1);
                assert_eq!(gate.try_acquire(1).expect_err("shut"), TryAcquireError::NotNow);
                gate.add_permits(1).expect("room");
                drop(gate.try_acquire(1).expect("open"));
            }

            #[test]
            fn permits_beyond_the_maximum_are_not_added() {
                let semaphore = Semaphore::with_max(2, 3);
                let _held = semaphore.try_acquire(2).expect("free");
                for added in [2, usize::MAX] {
                    let refusal = semaphore.add_permits(added).expect_err("no room");
                    assert_eq!(refusal, AddPermitsError { added, present: 2, max: 3 });
                }
                assert_eq!(semaphore.available(), 0, "none was added");
                semaphore.add_permits(1).expect("room for one");
                semaphore.add_permits(0).expect("always room for none");
                assert_eq!(semaphore.available(), 1);
            }

            #[test]
            fn forgotten_permits_leave_and_make_room() {
                let semaphore = Semaphore::new(3);
                semaphore.try_acquire(2).expect("free").forget();
                assert_eq!(semaphore.available(), 1);
                semaphore.add_permits(3).expect_err("room for two");
                semaphore.add_permits(2).expect("room for two");
                assert_eq!(semaphore.available(), 3);
            }

            #[test]
            fn split_and_merge_keep_the_count() {
                let semaphore = Semaphore::new(5);
                let mut all = semaphore.try_acquire(5).expect("free");
                let mut two = all.split(2).expect("five hold two");
                assert!(two.split(3).is_none(), "two do not hold three");
                assert_eq!((all.permits(), two.permits()), (3, 2));
                drop(all.split(1));
                assert_eq!(semaphore.available(), 1);
                all.merge(two).expect("the same semaphore");
                assert_eq!(all.permits(), 4);
                drop(all);
                assert_eq!(semaphore.available(), 5);
            }

            #[test]
            fn merging_with_a_stranger_gives_it_back() {
                let (ours, theirs) = (Semaphore::new(1), Semaphore::new(1));
                let mut permit = ours.try_acquire(1).expect("free");
                let stranger = theirs.try_acquire(1).expect("free");
                let stranger = permit.merge(stranger).expect_err("another semaphore");
                assert_eq!((permit.permits(), stranger.permits()), (1, 1));
                drop(stranger);
                assert_eq!((ours.available(), theirs.available()), (0, 1));
            }

            #[test]
            fn owned_permits_and_waiters_outlive_the_handle() {
                let semaphore = Arc::new(Semaphore::new(1));
                let permit: OwnedPermit = semaphore.try_acquire_owned(1).expect("free");
                let (asleep, ready) = mpsc::sync_channel(1);
                let waiter = {
                    let semaphore = Arc::clone(&semaphore);
                    thread::spawn(move || {
                        let mut owned = pin!(semaphore.acquire_owned(1));
                        assert!(poll(owned.as_mut()).is_pending());
                        asleep.send(()).expect("the test listens");
                        wait(owned).expect("granted, not closed").permits()
                    })
                };
                ready.recv_timeout(LONG).expect("it waits");
                drop(semaphore);
                drop(permit); // sent from what is no handle any more
                assert_eq!(join(waiter), 1);
            }

            #[test]
            fn too_many_permits_are_refused_at_construction() {
                assert_eq!(
                    Semaphore::new(Semaphore::MAX_PERMITS).available(),
                    Semaphore::MAX_PERMITS
                );
                let panic = catch_unwind(|| Semaphore::new(usize::MAX)).expect_err("too many");
                assert!(message(&*panic).contains("choose a smaller maximum"));
                let panic = catch_unwind(|| Semaphore::with_max(3, 2)).expect_err("too many");
                assert_eq!(message(&*panic), "3 permits do not fit a maximum of 2");
            }

            #[test]
            fn tasks_and_threads_are_served_alike() {
                let semaphore = Arc::new(Semaphore::new(1));
                let held = semaphore.try_acquire_owned(1).expect("free");
                let threads: Vec<_> = (0..2)
                    .map(|_| {
                        let semaphore = Arc::clone(&semaphore);
                        thread::spawn(move || semaphore.acquire_owned_blocking(1).map(drop))
                    })
                    .collect();
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let tasks: Vec<_> = (0..2)
                    .map(|_| {
                        let semaphore = Arc::clone(&semaphore);
                        runtime.spawn(async move { semaphore.acquire_owned(1).await.map(drop) })
                    })
                    .collect();
                drop(held);
                for thread in threads {
                    join(thread).expect("open");
                }
                for task in tasks {
                    wait(task).expect("no panic").expect("open");
                }
                assert_eq!(semaphore.available(), 1);
            }

            #[test]
            fn a_wait_that_moves_between_tasks_is_woken_where_it_is() {
                let semaphore = Semaphore::new(1);
                let held = semaphore.try_acquire(1).expect("free");
                let (before, now) = (Arc::new(Calls::default()), Arc::new(Calls::default()));
                let mut waiting = pin!(semaphore.acquire(1));
                for calls in [&before, &now] {
                    let waker = Waker::from(Arc::clone(calls));
                    let mut context = Context::from_waker(&waker);
                    assert!(waiting.as_mut().poll(&mut context).is_pending());
                }
                drop(held);
                settle(&semaphore);
                assert_eq!((before.count(), now.count()), (0, 1));
                assert!(poll(waiting).is_ready());
            }

            #[test]
            fn handles_and_permits_cross_threads() {
                fn shared<T: Send + Sync + std::fmt::Debug>() {}
                fn sent<T: Send>(_: &T) {}
                shared::<Semaphore>();
                shared::<Permit<'static>>();
                shared::<OwnedPermit>();
                let semaphore = Arc::new(Semaphore::new(1));
                sent(&semaphore.acquire(1));
                sent(&semaphore.acquire_owned(1));
                let text = format!("{semaphore:?} {:?}", semaphore.try_acquire(1));
                assert!(text.contains("max: 1") && text.contains("permits: 1"), "{text}");
            }
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
                wait(light).expect("open");
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
        wait(sleeper).expect("called again");
    }
}
