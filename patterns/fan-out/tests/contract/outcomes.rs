//! Every item has its outcome, in its place, and the limit holds.

macro_rules! outcomes {
    () => {
        #[test]
        fn every_item_has_its_outcome_in_input_order() {
            wait(async {
                // The later the item, the sooner it is done.
                let run = FanOut::new(10).run(0..10_u32, |item| async move {
                    seconds(10 - item).await;
                    if item == 3 { Err("three") } else { Ok(item * 10) }
                });
                let outcomes = words(&run.all().await);
                let failed = "the item failed: three";
                assert_eq!(outcomes, ["0", "10", "20", failed, "40", "50", "60", "70", "80", "90"]);
            });
        }

        #[test]
        fn next_hands_out_whoever_is_done_first() {
            wait(async {
                let mut run = FanOut::new(3).run([3, 1, 2], |n| async move {
                    seconds(n).await;
                    Ok::<_, String>(n)
                });
                let mut seen = Vec::new();
                while let Some((index, outcome)) = run.next().await {
                    seen.push((index, outcome.expect("no trouble")));
                }
                assert_eq!(seen, [(1, 1), (2, 2), (0, 3)]);
                assert!(run.next().await.is_none(), "and so it stays");
            });
        }

        #[test]
        fn never_more_items_at_work_than_the_limit() {
            for (limit, count) in [(3, 50), (100, 300)] {
                wait(async {
                    let work = Arc::new(Work::default());
                    let counted = Arc::clone(&work);
                    let run = FanOut::new(limit).run(0..count, move |item| {
                        let at_work = counted.begin();
                        async move {
                            seconds(item % 3).await;
                            yield_now().await;
                            drop(at_work);
                            Ok::<_, String>(item)
                        }
                    });
                    assert_eq!(run.all().await.len(), count as usize);
                    assert_eq!(work.peak(), limit, "all of the limit is used, and no more");
                    assert_eq!(work.begun(), count as usize);
                });
            }
        }

        #[test]
        fn items_that_use_up_the_budget_of_their_task_are_not_polled_in_vain() {
            wait(async {
                let (polls, free) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(1)));
                let counted = Arc::clone(&polls);
                let run = FanOut::new(2000).run(0..2000, move |_| {
                    let (counted, free) = (Arc::clone(&counted), Arc::clone(&free));
                    let mut work = Box::pin(async move {
                        for _ in 0..4 {
                            drop(free.acquire().await); // there is always one
                        }
                        Ok::<_, String>(())
                    });
                    poll_fn(move |context| {
                        counted.fetch_add(1, SeqCst);
                        work.as_mut().poll(context)
                    })
                });
                assert_eq!(run.all().await.len(), 2000);
                let polls = polls.load(SeqCst);
                assert!(polls < 20_000, "{polls} polls for 2000 items");
            });
        }

        #[test]
        fn a_limit_of_one_takes_one_after_the_other() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let mut run = FanOut::new(1).run(0..5, move |item| {
                    let at_work = counted.begin();
                    async move {
                        yield_now().await;
                        drop(at_work);
                        Ok::<_, String>(item)
                    }
                });
                for item in 0..5 {
                    let (index, outcome) = run.next().await.expect("one more");
                    assert_eq!((index, outcome.expect("no trouble")), (item, item));
                }
                assert_eq!(work.peak(), 1);
            });
        }

        #[test]
        fn a_limit_above_the_count_begins_all_at_once() {
            wait(async {
                let all = Arc::new(tokio::sync::Barrier::new(70));
                let run = FanOut::new(usize::MAX).run(0..70, move |item| {
                    let all = Arc::clone(&all);
                    async move {
                        all.wait().await;
                        Ok::<_, String>(item)
                    }
                });
                assert_eq!(run.all().await.len(), 70);
            });
        }

        #[test]
        fn no_items_are_no_outcomes() {
            wait(async {
                let fan_out = FanOut::new(4);
                let nothing = || fan_out.run(0..0, |item| ready(Ok::<u8, String>(item)));
                assert!(nothing().next().await.is_none());
                assert!(nothing().all().await.is_empty());
                assert!(nothing().all_ok().await.expect("no error").is_empty());
                assert_eq!(nothing().cancel().await, 0);
            });
        }

        #[test]
        #[should_panic(expected = "allow at least one item")]
        fn a_limit_of_zero_is_refused() {
            let _ = FanOut::new(0);
        }

        #[test]
        fn what_was_handed_out_is_not_handed_out_again() {
            wait(async {
                let mut run = FanOut::new(4).run([2, 1, 3, 4_u32], |n| async move {
                    seconds(n).await;
                    Ok::<_, String>(n)
                });
                assert_eq!((run.len(), run.is_empty()), (4, false));
                assert_eq!(run.next().await.expect("one").0, 1);
                assert_eq!(run.len(), 3);
                assert_eq!(words(&run.all().await), ["2", "3", "4"]);
            });
        }

        #[test]
        fn all_ok_gives_the_results_in_input_order() {
            wait(async {
                let run = FanOut::new(2).run([3, 1, 2, 1_u32], |n| async move {
                    seconds(n).await;
                    Ok::<_, String>(n)
                });
                assert_eq!(run.all_ok().await.expect("no error"), [3, 1, 2, 1]);
            });
        }

        #[test]
        fn items_that_never_wait_let_others_run() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let neighbour = {
                    let work = Arc::clone(&work);
                    tokio::spawn(async move {
                        yield_now().await;
                        work.begun()
                    })
                };
                let run = FanOut::new(2).run(0..10_000, move |item| {
                    drop(counted.begin());
                    ready(Ok::<_, String>(item))
                });
                assert_eq!(run.all().await.len(), 10_000);
                let begun = neighbour.await.expect("no panic");
                assert!(begun < 2_000, "the neighbour had to wait for {begun} items");
            });
        }
    };
}

pub(crate) use outcomes;
