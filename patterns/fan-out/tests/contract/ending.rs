//! How a run ends: drop, cancel, and a caller who stops waiting.

macro_rules! ending {
    () => {
        #[test]
        fn dropping_the_run_aborts_its_items() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let mut run = FanOut::new(3).run(0..100, move |item| {
                    let at_work = counted.begin();
                    async move {
                        let _at_work = at_work;
                        if item > 0 {
                            pending::<()>().await;
                        }
                        Ok::<_, String>(item)
                    }
                });
                assert_eq!(run.next().await.expect("the first is done").0, 0);
                let begun = work.begun();
                drop(run);
                for _ in 0..100 {
                    yield_now().await;
                }
                assert_eq!(work.now(), 0, "nothing goes on");
                assert!(work.begun() <= begun + 1, "nothing begins after the end");
            });
        }

        #[test]
        fn cancel_returns_when_nothing_runs_any_more() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let mut run = FanOut::new(3).run(0..10, move |item| {
                    let at_work = counted.begin();
                    async move {
                        let _at_work = at_work;
                        if item > 1 {
                            pending::<()>().await;
                        }
                        Ok::<_, String>(item)
                    }
                });
                assert!(run.next().await.is_some());
                assert!(run.next().await.is_some());
                assert_eq!(run.cancel().await, 8, "two were done");
                assert_eq!(work.now(), 0);
                assert_eq!(Arc::strong_count(&work), 1, "the closure is gone as well");
            });
        }

        #[test]
        fn a_run_that_is_cancelled_at_once_has_done_nothing() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let run = FanOut::new(3).run(0..10, move |item| {
                    drop(counted.begin());
                    ready(Ok::<_, String>(item))
                });
                assert_eq!(run.cancel().await, 10);
                assert_eq!(work.begun(), 0);
            });
        }

        #[test]
        fn a_cancelled_wait_leaves_nothing_behind() {
            wait(async {
                let gate = Arc::new(Semaphore::new(0));
                let closed = Arc::clone(&gate);
                let mut run = FanOut::new(2).run(0..6, move |item| {
                    let gate = Arc::clone(&closed);
                    async move {
                        gate.acquire().await.expect("open").forget();
                        Ok::<_, String>(item)
                    }
                });
                let mut seen = 0;
                while seen < 6 {
                    // Begins to wait, and gives up; an item is done meanwhile.
                    assert!(timeout(SECOND, run.next()).await.is_err());
                    gate.add_permits(1);
                    yield_now().await;
                    assert!(run.next().await.is_some());
                    seen += 1;
                }
                assert!(run.next().await.is_none());
            });
        }

        #[test]
        fn a_wait_that_moves_between_tasks_is_woken_where_it_is() {
            wait(async {
                let gate = Arc::new(Semaphore::new(0));
                let closed = Arc::clone(&gate);
                let mut run = FanOut::new(1).run(0..1, move |item| {
                    let gate = Arc::clone(&closed);
                    async move {
                        gate.acquire().await.expect("open").forget();
                        Ok::<_, String>(item)
                    }
                });
                let calls = [(); 2].map(|()| Arc::new(Calls::default()));
                {
                    let mut next = pin!(run.next());
                    for calls in &calls {
                        let waker = Waker::from(Arc::clone(calls));
                        assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                        yield_now().await;
                    }
                }
                gate.add_permits(1);
                for _ in 0..3 {
                    yield_now().await;
                }
                assert_eq!(calls[0].0.load(SeqCst), 0, "it does not wait there any more");
                assert_eq!(calls[1].0.load(SeqCst), 1);
                assert!(run.next().await.is_some());
            });
        }

        #[test]
        fn with_the_last_outcome_everything_is_let_go() {
            wait_on_threads(async {
                for _ in 0..200 {
                    let probe = Arc::new(());
                    let kept = Arc::clone(&probe);
                    let items: Vec<_> = (0..6).map(|_| Arc::clone(&probe)).collect();
                    let run = FanOut::new(2).run(items, move |item| {
                        let kept = Arc::clone(&kept);
                        async move {
                            yield_now().await;
                            drop((item, kept));
                            Ok::<_, String>(())
                        }
                    });
                    assert_eq!(run.all().await.len(), 6);
                    assert_eq!(Arc::strong_count(&probe), 1, "items, futures and closure");
                }
            });
        }

        #[test]
        fn an_aborted_run_lets_everything_go() {
            wait(async {
                let probe = Arc::new(AtomicBool::new(false));
                let kept = Arc::clone(&probe);
                let items: Vec<_> = (0..6).map(|_| Arc::clone(&probe)).collect();
                let mut run = FanOut::new(2).run(items, move |item| {
                    let kept = Arc::clone(&kept);
                    async move {
                        pending::<()>().await;
                        drop((item, kept));
                        Ok::<_, String>(())
                    }
                });
                assert!(timeout(SECOND, run.next()).await.is_err());
                drop(run);
                for _ in 0..100 {
                    yield_now().await;
                }
                assert_eq!(Arc::strong_count(&probe), 1, "items, futures and closure");
            });
        }
    };
}

pub(crate) use ending;
