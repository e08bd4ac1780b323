//! The promises once more, for the pipeline of tasks. What is said of threads is said of tasks.

use super::*;
use futures_util::future::pending;
use futures_util::stream::{self, StreamExt};
use pipeline::tasks::Pipeline;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Runs a test, or fails where it would hang.
fn run(test: impl Future<Output = ()> + Send + 'static) {
    within(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
        runtime.expect("a runtime").block_on(test);
    });
}

/// A place where a task waits until something has happened.
fn gate() -> (Arc<Semaphore>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    (Arc::clone(&gate), gate)
}

async fn pass(gate: &Semaphore) {
    gate.acquire().await.expect("never closed").forget();
}

#[test]
fn every_item_goes_through_every_stage_once() {
    run(async {
        for (capacity, workers) in [(1, 1), (1, 4), (64, 4), (1024, 1)] {
            let seen = Arc::new(Mutex::new(vec![0; 2_000]));
            let theirs = Arc::clone(&seen);
            let summary = Pipeline::new(capacity)
                .source(stream::iter(numbers(2_000)))
                .stage("at once", workers, |n| async move { Ok(n * 2) })
                .stage("later", workers, |n| async move {
                    yield_now().await;
                    Ok(n / 2)
                })
                .sink("count", move |n| {
                    theirs.lock().expect("no panic")[n as usize] += 1;
                    async { Ok(()) }
                })
                .run()
                .await
                .expect("nothing fails");
            assert!(seen.lock().expect("no panic").iter().all(|times| *times == 1));
            assert_eq!(summary.items("source") + summary.items("later"), 4_000);
            assert_eq!(summary.items("count"), 2_000);
        }
    });
}

#[test]
fn an_ordered_stage_keeps_the_order_and_holds_a_bounded_pile() {
    run(async {
        let (workers, capacity) = (4, 3);
        let begun = Arc::new(AtomicUsize::new(0));
        let (piled_up, wait) = gate();
        let others = Arc::clone(&begun);
        let mut results = Pipeline::new(capacity)
            .source(stream::iter(numbers(1_000)))
            .stage_ordered("work", workers, move |n| {
                let (others, piled_up, wait) = (others.clone(), piled_up.clone(), wait.clone());
                async move {
                    if n == 0 {
                        pass(&wait).await;
                        assert!(others.load(SeqCst) <= workers + capacity, "a pile");
                    } else if others.fetch_add(1, SeqCst) + 1 == workers + capacity - 2 {
                        piled_up.add_permits(1);
                    }
                    Ok(n)
                }
            })
            .outlet();
        for n in 0..1_000 {
            assert!(matches!(results.next().await, Some(Ok(next)) if next == n));
        }
        assert!(results.next().await.is_none());
    });
}

#[test]
fn no_more_is_on_its_way_than_fits() {
    run(async {
        for (capacity, workers) in [(1, 1), (1, 3), (8, 1), (64, 2), (1024, 1)] {
            let (made, used) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
            let (full, wait) = gate();
            let peak = Arc::new(AtomicUsize::new(0));
            let most = 2 * capacity + workers + 2;
            let source = {
                let made = Arc::clone(&made);
                numbers(5_000).inspect(move |_| {
                    if made.fetch_add(1, SeqCst) + 1 == capacity {
                        full.add_permits(1);
                    }
                })
            };
            let theirs = Arc::clone(&peak);
            Pipeline::new(capacity)
                .source(stream::iter(source))
                .stage("pass", workers, |n| async move { Ok(n) })
                .sink("slow", move |n| {
                    let on_the_way = made.load(SeqCst) - used.fetch_add(1, SeqCst);
                    theirs.fetch_max(on_the_way, SeqCst);
                    let wait = Arc::clone(&wait);
                    async move {
                        if n == 0 {
                            pass(&wait).await;
                        }
                        Ok(())
                    }
                })
                .run()
                .await
                .expect("nothing fails");
            let peak = peak.load(SeqCst);
            assert!(peak >= capacity / 2 && peak <= most, "{peak} at capacity {capacity}");
        }
    });
}

#[test]
fn no_item_waits_for_the_next() {
    run(async {
        let (arrived, wait) = gate();
        let source = stream::iter(numbers(8)).chain(
            stream::once(async move {
                pass(&wait).await; // all before must have arrived, while this one does not come
                Ok(8)
            })
            .boxed(),
        );
        let mut seen = 0;
        Pipeline::new(1024)
            .source(source)
            .stage("pass", 1, |n| async move { Ok(n) })
            .sink("count", move |_| {
                seen += 1;
                if seen == 8 {
                    arrived.add_permits(1);
                }
                async { Ok(()) }
            })
            .run()
            .await
            .expect("nothing fails");
    });
}

#[test]
fn no_result_waits_for_the_next_item() {
    run(async {
        let (arrived, wait) = gate();
        let mut seen = 0;
        Pipeline::new(1024)
            .source(stream::iter(numbers(64)))
            .stage("work", 1, move |n| {
                let wait = Arc::clone(&wait);
                async move {
                    if n == 63 {
                        pass(&wait).await;
                    }
                    Ok(n)
                }
            })
            .sink("count", move |_| {
                seen += 1;
                if seen == 63 {
                    arrived.add_permits(1);
                }
                async { Ok(()) }
            })
            .run()
            .await
            .expect("nothing fails");
    });
}

#[test]
fn the_first_error_or_panic_stops_every_stage() {
    run(async {
        for (workers, panicking) in [(1, false), (3, false), (1, true), (3, true)] {
            let alive = Arc::new(());
            let stopped = Pipeline::new(16)
                .source(stream::iter(endless(&alive)))
                .stage("work", workers, move |n| async move {
                    match n {
                        100 if panicking => panics(),
                        100 => Err("bad".to_owned()),
                        _ => Ok(n),
                    }
                })
                .stage_ordered("stuck", 3, |n| async move {
                    if n == 95 { pending().await } else { Ok(n) }
                })
                .sink("none", |_| async { Ok(()) })
                .run()
                .await
                .expect_err("it fails, whoever is stuck");
            let cause = if panicking { "it panicked: of its own" } else { "bad" };
            assert_eq!(stopped.to_string(), format!("stage `work` stopped at item 100: {cause}"));
            assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
        }
    });
}

#[test]
fn a_sink_that_fails_stops_the_source() {
    within(|| {
        // One thread: a task that does not yield would keep everything else from running.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for capacity in [1, 16, 1024] {
            let alive = Arc::new(());
            let run = Pipeline::new(capacity)
                .source(stream::iter(endless(&alive)))
                .stage("pass", 1, |n| async move { Ok(n) })
                .sink("load", |n| async move {
                    if n < 10 { Ok(()) } else { Err("disk full".to_owned()) }
                })
                .run();
            let stopped = runtime.block_on(run).expect_err("it fails");
            assert_eq!((stopped.stage, stopped.position), ("load", 10));
            assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
        }
    });
}

#[test]
fn items_that_panic_as_they_are_thrown_away_harm_nobody() {
    run(async {
        let flow = || {
            Pipeline::new(1024)
                .source(stream::iter((0..2_000).map(|n: u64| Ok::<_, String>((n, Touchy(true))))))
                .stage("pass", 1, |item| async move { Ok(item) })
                .stage_ordered("in order", 3, |(n, touchy)| async move {
                    if n == 1 { pending().await } else { Ok((n, touchy)) }
                })
        };
        let load = |(n, mut touchy): (u64, Touchy)| {
            touchy.0 = false;
            async move { if n == 0 { Err("disk full".to_owned()) } else { Ok(()) } }
        };
        let stopped = flow().sink("load", load).run().await.expect_err("it fails");
        assert_eq!(stopped.to_string(), "stage `load` stopped at item 0: disk full");

        let mut results = flow().outlet();
        let (n, mut touchy) = results.next().await.expect("one").expect("no error");
        touchy.0 = false;
        assert_eq!(n, 0);
        drop(results); // with a pile behind the second
        let keep = |item| async move {
            let _item: (u64, Touchy) = item;
            pending().await
        };
        let mut stuck = Box::pin(flow().sink("load", keep).run());
        assert!(tokio::time::timeout(Duration::from_millis(20), stuck.as_mut()).await.is_err());
    });
}

#[test]
fn dropping_the_run_or_the_outlet_leaves_nothing_behind() {
    let alive = Arc::new(());
    let theirs = Arc::clone(&alive);
    run(async move {
        let flow = || {
            Pipeline::new(4).source(stream::iter(endless(&theirs))).stage(
                "some",
                3,
                |n| async move { Ok(n) },
            )
        };
        let mut run = Box::pin(flow().sink("stuck", |_| pending()).run());
        for _ in 0..10 {
            let look = tokio::time::timeout(Duration::ZERO, run.as_mut()).await;
            assert!(look.is_err(), "it is stuck");
            yield_now().await;
        }
        drop(run);
        let mut results = flow().outlet();
        assert!(results.next().await.expect("endless").is_ok());
        drop(results);
    });
    // The runtime is gone, and with it the tasks that were aborted.
    assert_eq!(Arc::strong_count(&alive), 1);
}
