//! Every promise of the README, on every variant.
//!
//! The clock stands still and jumps ahead when nothing else can happen. So a time-out is exact,
//! and a wait for ever ends at once, as a failure.

use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use fan_out::{ItemError, Outcome};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

/// Runs a test on this thread alone, with a clock that jumps.
fn wait<F: Future>(test: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(in_time(test))
}

/// Runs a test with two threads for its tasks.
fn wait_on_threads<F: Future>(test: F) -> F::Output {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
    runtime.expect("a runtime").block_on(in_time(test))
}

/// A time-out polls once more before it fires. So a test whose wake-up is lost would still end well,
/// called by the alarm, and only the time tells.
async fn in_time<F: Future>(test: F) -> F::Output {
    let begin = Instant::now();
    let output = timeout(LONG, test).await.expect("no wait for ever");
    assert!(begin.elapsed() < LONG, "nobody woke it");
    output
}

/// Work that takes a second, or as many as asked for.
async fn seconds(n: u32) {
    // The clock jumps: nobody waits for this.
    #[expect(clippy::disallowed_methods, reason = "time itself is the event")]
    sleep_until(Instant::now() + SECOND * n).await;
}

/// An outcome in a word.
fn word<T: std::fmt::Display, E: std::fmt::Display>(outcome: &Outcome<T, E>) -> String {
    match outcome {
        Ok(value) => value.to_string(),
        Err(ItemError::Panicked(panic)) => format!("panic: {panic}"),
        Err(error) => error.to_string(),
    }
}

fn words<T: std::fmt::Display, E: std::fmt::Display>(outcomes: &[Outcome<T, E>]) -> Vec<String> {
    outcomes.iter().map(word).collect()
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().unwrap_or("")
}

/// Panics without a word on the screen.
fn blow(word: &'static str) -> ! {
    std::panic::resume_unwind(Box::new(word))
}

/// Items at work, now and at most.
#[derive(Default)]
struct Work {
    now: AtomicUsize,
    peak: AtomicUsize,
    begun: AtomicUsize,
}

impl Work {
    /// Counts as work until the guard drops.
    fn begin(self: &Arc<Self>) -> AtWork {
        self.begun.fetch_add(1, SeqCst);
        self.peak.fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        AtWork(Arc::clone(self))
    }

    fn now(&self) -> usize {
        self.now.load(SeqCst)
    }

    fn begun(&self) -> usize {
        self.begun.load(SeqCst)
    }

    fn peak(&self) -> usize {
        self.peak.load(SeqCst)
    }
}

struct AtWork(Arc<Work>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

/// Panics as it drops.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        blow(self.0);
    }
}

/// A waker that counts.
#[derive(Default)]
struct Calls(AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[path = "contract/cpu.rs"]
mod cpu;
#[path = "contract/ending.rs"]
mod ending;
#[path = "contract/outcomes.rs"]
mod outcomes;
#[path = "contract/trouble.rs"]
mod trouble;

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::*;
            use fan_out::$variant::FanOut;

            outcomes::outcomes!();
            trouble::trouble!();
            ending::ending!();
        }
    };
}

contract!(channel);
contract!(lock);
contract!(joined);

/// What the two variants with tasks promise beyond that.
macro_rules! in_tasks {
    ($module:ident, $variant:ident) => {
        mod $module {
            use super::*;
            use fan_out::$variant::{FanOut, Run};

            #[test]
            fn items_get_on_while_nobody_reads() {
                wait(async {
                    let work = Arc::new(Work::default());
                    let counted = Arc::clone(&work);
                    let run = FanOut::new(3).run(0..20, move |item| {
                        let at_work = counted.begin();
                        async move {
                            yield_now().await;
                            drop(at_work);
                            Ok::<_, String>(item)
                        }
                    });
                    for _ in 0..200 {
                        yield_now().await;
                    }
                    assert_eq!((work.begun(), work.now()), (20, 0), "all are done");
                    assert_eq!(run.len(), 20, "and nothing was read");
                    assert_eq!(run.all_ok().await.expect("no error").len(), 20);
                });
            }

            #[test]
            fn items_run_at_the_same_time_on_several_threads() {
                wait_on_threads(async {
                    let both = Arc::new(Barrier::new(2));
                    let run = FanOut::new(2).run(0..2, move |item| {
                        let both = Arc::clone(&both);
                        async move {
                            both.wait(); // returns only if the other item runs now
                            Ok::<_, String>(item)
                        }
                    });
                    assert_eq!(words(&run.all().await), ["0", "1"]);
                });
            }

            #[test]
            fn the_end_of_the_runtime_is_an_outcome() {
                let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("one");
                let (begun, wait_for_it) = mpsc::sync_channel(1);
                let run = {
                    let _inside = runtime.enter();
                    FanOut::new(1).run(0..3, move |item| {
                        let begun = begun.clone();
                        async move {
                            if item > 0 {
                                begun.send(()).expect("the test listens");
                                pending::<()>().await;
                            }
                            Ok::<_, String>(item)
                        }
                    })
                };
                wait_for_it.recv_timeout(LONG).expect("the second item has begun");
                runtime.shutdown_background();
                let aborted = "the runtime ended before the item";
                assert_eq!(words(&wait_on_threads(run.all())), ["0", aborted, aborted]);
            }

            #[test]
            fn a_time_out_without_a_clock_is_told_at_once() {
                let runtime = Builder::new_current_thread().build().expect("a runtime");
                let _inside = runtime.enter();
                let items = || FanOut::with_timeout(1, SECOND).run([1], |n| ready(Ok::<_, ()>(n)));
                assert!(catch_unwind(AssertUnwindSafe(items)).is_err());
            }

            #[test]
            fn a_run_that_nobody_can_start_is_aborted() {
                let runtime = Builder::new_current_thread().build().expect("a runtime");
                let handle = runtime.handle().clone();
                drop(runtime);
                let _inside = handle.enter();
                let run = FanOut::new(2).run(0..3, |item| ready(Ok::<u8, String>(item)));
                assert!(wait_on_threads(run.all()).iter().all(Result::is_err));
            }

            #[test]
            fn runs_cross_threads() {
                fn check<T: Send>() {}
                fn check_both<T: Send + Sync>() {}
                check::<Run<u8, String>>();
                // So `?` makes an `anyhow::Error` of it, or a `Box<dyn Error + Send + Sync>`.
                check_both::<fan_out::Stopped<String>>();
                check_both::<FanOut>();
            }
        }
    };
}

in_tasks!(channel_in_tasks, channel);
in_tasks!(lock_in_tasks, lock);

/// What `lock` promises beyond that.
mod lock_calls_its_caller {
    use super::*;
    use fan_out::lock::FanOut;

    /// How often a caller is polled who waits for this: once to begin with, then at each call.
    async fn polls<F: Future>(future: F) -> usize {
        let (mut future, mut polls) = (pin!(future), 0);
        let count = |context: &mut Context<'_>| {
            polls += 1;
            future.as_mut().poll(context).map(drop)
        };
        poll_fn(count).await;
        polls
    }

    #[test]
    fn the_caller_is_woken_for_what_it_waits_for_alone() {
        wait(async {
            let run = || {
                FanOut::new(3).run(0..20, |item| async move {
                    yield_now().await;
                    Ok::<_, String>(item)
                })
            };
            assert_eq!(polls(run().all()).await, 2, "called for the last outcome");
            assert_eq!(polls(run().all_ok()).await, 2, "and not for those that are no error");
        });
    }
}

/// What `joined` promises instead.
mod joined_in_one_task {
    use super::*;
    use fan_out::joined::FanOut;

    #[test]
    fn items_stand_still_while_nobody_polls() {
        wait(async {
            let work = Arc::new(Work::default());
            let run = FanOut::new(3).run(0..20, |item| {
                let at_work = work.begin();
                async move {
                    drop(at_work);
                    Ok::<_, String>(item)
                }
            });
            for _ in 0..100 {
                yield_now().await;
            }
            assert_eq!(work.begun(), 0);
            assert_eq!(run.all().await.len(), 20);
        });
    }

    #[test]
    fn items_may_borrow_and_stay_on_their_thread() {
        let text = String::from("abc");
        let seen = std::cell::RefCell::new(Vec::new());
        let run = FanOut::new(2).run(text.chars(), |letter| {
            let seen = &seen;
            async move {
                yield_now().await;
                seen.borrow_mut().push(letter);
                Ok::<_, String>(std::rc::Rc::new(letter))
            }
        });
        assert_eq!(words(&wait(run.all())), ["a", "b", "c"]);
        assert_eq!(seen.borrow().len(), 3);
    }

    #[test]
    fn only_who_rang_is_polled() {
        let polls = AtomicUsize::new(0);
        let wakers: Vec<_> = (0..200).map(|_| Mutex::new(Waker::noop().clone())).collect();
        let mut run = FanOut::new(200).run(&wakers, |waker| {
            poll_fn(|context| {
                polls.fetch_add(1, SeqCst);
                *waker.lock().expect("no panic") = context.waker().clone();
                Poll::<Result<u8, String>>::Pending
            })
        });
        let calls = Arc::new(Calls::default());
        let waker = Waker::from(Arc::clone(&calls));
        let mut look = || {
            assert!(pin!(run.next()).poll(&mut Context::from_waker(&waker)).is_pending());
            polls.swap(0, SeqCst)
        };
        assert_eq!(look(), 200, "each once, to begin with");
        assert_eq!(look(), 0, "nobody rang");
        for polled in [64, 64, 1, 1] {
            let ring = wakers[130].lock().expect("no panic").clone();
            ring.wake();
            assert_eq!(look(), polled, "neighbours share a bell for their first two waits");
        }
        assert_eq!(calls.0.load(SeqCst), 4);
    }

    #[test]
    fn many_rings_are_one_call() {
        let gates: Vec<_> = (0..100).map(|_| Semaphore::new(0)).collect();
        let mut run = FanOut::new(100).run(&gates, |gate| async { gate.acquire().await.map(drop) });
        let calls = Arc::new(Calls::default());
        let waker = Waker::from(Arc::clone(&calls));
        assert!(pin!(run.next()).poll(&mut Context::from_waker(&waker)).is_pending());
        for gate in &gates {
            gate.add_permits(1);
        }
        assert_eq!(calls.0.load(SeqCst), 1);
        assert_eq!(wait(run.all()).len(), 100);
    }

    #[test]
    fn runs_cross_threads_if_their_items_do() {
        fn check<T: Send>(_: &T) {}
        check(&FanOut::new(1).run(0..3, |item| async move { Ok::<u8, String>(item) }));
    }
}
