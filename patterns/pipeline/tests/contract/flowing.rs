//! What goes through, in which order, and how much is on its way.

macro_rules! flowing {
    () => {
        #[test]
        fn every_item_goes_through_every_stage_once() {
            within(|| {
                for workers in [1, 4] {
                    let mut seen = vec![0; 5_000];
                    let summary = Pipeline::new(64)
                        .source(numbers(5_000))
                        .stage("double", workers, |n| Ok(n * 2))
                        .stage("halve", workers, |n| Ok(n / 2))
                        .sink("count", |n| {
                            seen[n as usize] += 1;
                            Ok(())
                        })
                        .run()
                        .expect("nothing fails");
                    assert!(seen.iter().all(|times| *times == 1), "none lost, none repeated");
                    let stages = ["source", "double", "halve", "count"].map(|name| (name, 5_000));
                    assert_eq!(summary.stages, stages);
                    assert_eq!((summary.items("halve"), summary.items("no such")), (5_000, 0));
                }
            });
        }

        #[test]
        fn an_empty_source_is_a_clean_end() {
            within(|| {
                let run = Pipeline::new(1).source(numbers(0)).stage("idle", 2, Ok);
                let summary = run.sink("none", |_| Ok(())).run().expect("nothing fails");
                assert_eq!(summary.items("source") + summary.items("none"), 0);
            });
        }

        #[test]
        fn capacity_one_works() {
            within(|| {
                let mut seen = 0;
                Pipeline::new(1)
                    .source(numbers(500))
                    .stage("alone", 1, Ok)
                    .stage("together", 3, Ok)
                    .stage_ordered("in order", 3, Ok)
                    .sink("count", |_| {
                        seen += 1;
                        Ok(())
                    })
                    .run()
                    .expect("nothing fails");
                assert_eq!(seen, 500);
            });
        }

        #[test]
        fn one_worker_keeps_the_order() {
            within(|| {
                let run = Pipeline::new(8).source(numbers(2_000)).stage("a", 1, Ok);
                let results = run.stage_ordered("b", 1, Ok).outlet().map(Result::unwrap);
                assert!(results.eq(0..2_000));
            });
        }

        #[test]
        fn several_workers_hand_on_as_they_finish() {
            within(|| {
                let (others_arrived, wait) = signal();
                let mut order = Vec::new();
                Pipeline::new(16)
                    .source(numbers(10))
                    .stage("work", 2, move |n| {
                        if n == 0 {
                            wait(); // the other worker goes on with all the rest
                        }
                        Ok(n)
                    })
                    .sink("collect", |n| {
                        order.push(n);
                        if order.len() == 9 {
                            others_arrived();
                        }
                        Ok(())
                    })
                    .run()
                    .expect("nothing fails");
                assert_eq!(order.last(), Some(&0), "the slow one comes last");
            });
        }

        #[test]
        fn an_ordered_stage_keeps_the_order() {
            within(|| {
                let (third_done, wait) = signal();
                let run = Pipeline::new(4).source(numbers(2_000));
                let results = run
                    .stage_ordered("work", 3, move |n| {
                        match n {
                            0 => wait(), // finishes after a later one
                            2 => third_done(),
                            _ => {}
                        }
                        Ok(n)
                    })
                    .outlet();
                assert!(results.map(Result::unwrap).eq(0..2_000));
            });
        }

        #[test]
        fn a_stuck_item_holds_at_most_workers_and_capacity_others() {
            within(|| {
                let (workers, capacity) = (4, 3);
                let begun = Arc::new(AtomicUsize::new(0));
                let (piled_up, wait) = signal();
                let others = Arc::clone(&begun);
                let results = Pipeline::new(capacity)
                    .source(numbers(1_000))
                    .stage_ordered("work", workers, move |n| {
                        if n == 0 {
                            wait();
                            assert!(others.load(SeqCst) <= workers + capacity, "a pile");
                        } else if others.fetch_add(1, SeqCst) + 1 == workers + capacity - 2 {
                            piled_up(); // all others have a result, and nowhere to leave it
                        }
                        Ok(n)
                    })
                    .outlet();
                assert!(results.map(Result::unwrap).eq(0..1_000));
            });
        }

        #[test]
        fn no_more_is_on_its_way_than_fits() {
            within(|| {
                for (capacity, workers) in [(1, 1), (1, 3), (8, 1), (64, 2)] {
                    let (made, used) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
                    let (full, wait) = signal();
                    let source = {
                        let made = Arc::clone(&made);
                        numbers(1_000).inspect(move |_| {
                            if made.fetch_add(1, SeqCst) + 1 == 2 * capacity {
                                full();
                            }
                        })
                    };
                    let mut peak = 0;
                    Pipeline::new(capacity)
                        .source(source)
                        .stage("pass", workers, Ok)
                        .sink("slow", |n| {
                            if n == 0 {
                                wait(); // until as many are made as two hops hold
                            }
                            peak = peak.max(made.load(SeqCst) - used.fetch_add(1, SeqCst));
                            Ok(())
                        })
                        .run()
                        .expect("nothing fails");
                    let in_hand = workers + 2; // of the source, of the workers, of the sink
                    assert!(peak >= 2 * capacity, "the hops were full: {peak}");
                    assert!(peak <= 2 * capacity + in_hand, "{peak} at capacity {capacity}");
                }
            });
        }

        #[test]
        fn no_item_waits_for_the_next() {
            within(|| {
                let (arrived, wait) = signal();
                let source = numbers(9).inspect(move |n| {
                    if *n == Ok(8) {
                        wait(); // all before must have arrived, while this one does not come
                    }
                });
                let mut seen = 0;
                Pipeline::new(1024)
                    .source(source)
                    .stage("pass", 1, Ok)
                    .sink("count", |_| {
                        seen += 1;
                        if seen == 8 {
                            arrived();
                        }
                        Ok(())
                    })
                    .run()
                    .expect("nothing fails");
            });
        }

        #[test]
        fn no_result_waits_for_the_next_item() {
            within(|| {
                let (arrived, wait) = signal();
                let mut seen = 0;
                Pipeline::new(1024)
                    .source(numbers(64))
                    .stage("work", 1, move |n| {
                        if n == 63 {
                            wait(); // its input is there, and is worked on for long
                        }
                        Ok(n)
                    })
                    .sink("count", |_| {
                        seen += 1;
                        if seen == 63 {
                            arrived();
                        }
                        Ok(())
                    })
                    .run()
                    .expect("nothing fails");
            });
        }

        #[test]
        fn a_capacity_or_a_stage_of_nothing_is_refused() {
            let refused = |build: fn()| {
                let panic = catch_unwind(build).expect_err("refused");
                panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()))
            };
            let said = refused(|| _ = Pipeline::new(0)).expect("a message");
            assert!(said.contains("take 1 or more"), "{said}");
            let stage = || drop(Pipeline::new(1).source(numbers(1)).stage("a", 0, Ok));
            assert!(refused(stage).expect("a message").contains("give it 1 or more"));
            let ordered = || drop(Pipeline::new(1).source(numbers(1)).stage_ordered("a", 0, Ok));
            assert!(refused(ordered).expect("a message").contains("give it 1 or more"));
        }

        #[test]
        fn what_is_built_here_may_run_there() {
            fn crosses<T: Send>(_: &T) {}
            fn fails<T: std::error::Error + Send + Sync>() {}
            // So `?` makes an `anyhow::Error` of it, or a `Box<dyn Error + Send + Sync>`.
            fails::<Stopped<String>>();
            let flow: Flow<u64, String> = Pipeline::new(1).source(numbers(3));
            crosses(&flow);
            assert!(format!("{flow:?}").contains("source"));
            let outlet: Outlet<u64, String> = flow.outlet();
            crosses(&outlet);
            let there = thread::spawn(move || outlet.map(Result::unwrap).sum::<u64>());
            assert_eq!(there.join().expect("no panic"), 3);
        }
    };
}

pub(crate) use flowing;
