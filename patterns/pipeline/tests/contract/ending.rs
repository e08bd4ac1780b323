//! How a run ends before its source does.

macro_rules! ending {
    () => {
        #[test]
        fn the_first_error_stops_every_stage_and_comes_back_with_its_item() {
            within(|| {
                for workers in [1, 3] {
                    let alive = Arc::new(());
                    let mut loaded = 0;
                    let held = Arc::clone(&alive);
                    let stopped = Pipeline::new(16)
                        .source(endless(&alive))
                        .stage("check", workers, move |n| {
                            let _ = &held;
                            if n == 1_000 { Err(format!("bad: {n}")) } else { Ok(n) }
                        })
                        .stage("pass", workers, Ok)
                        .sink("load", |_| {
                            loaded += 1;
                            Ok(())
                        })
                        .run()
                        .expect_err("it fails");
                    let said = "stage `check` stopped at item 1000: bad: 1000";
                    assert_eq!(stopped.to_string(), said);
                    assert_eq!((stopped.stage, stopped.position), ("check", 1_000));
                    assert!(matches!(stopped.cause, Cause::Failed(error) if error == "bad: 1000"));
                    assert!(loaded < 1_100, "what is behind the error is not loaded");
                    assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
                }
            });
        }

        #[test]
        fn a_read_cut_short_is_no_clean_end() {
            within(|| {
                let cut = numbers(5).chain([Err("connection lost".to_owned())]).chain(numbers(5));
                let mut loaded = 0;
                let run = Pipeline::new(2).source(cut).stage("pass", 2, Ok);
                let stopped = run.sink("load", |_| {
                    loaded += 1;
                    Ok(())
                });
                let stopped = stopped.run().expect_err("the source fails");
                let said = "stage `source` stopped at item 5: connection lost";
                assert_eq!(stopped.to_string(), said);
                assert!(loaded <= 5);
            });
        }

        #[test]
        fn a_sink_that_fails_stops_the_source() {
            within(|| {
                for capacity in [1, 16] {
                    let alive = Arc::new(());
                    let run = Pipeline::new(capacity).source(endless(&alive)).stage("pass", 2, Ok);
                    let sink = |n| if n < 10 { Ok(()) } else { Err("disk full".to_owned()) };
                    let stopped = run.stage("more", 1, Ok).sink("load", sink).run();
                    assert_eq!(stopped.expect_err("it fails").stage, "load");
                    assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
                }
            });
        }

        #[test]
        fn an_error_frees_those_who_wait_behind_it() {
            within(|| {
                let (workers, capacity) = (4, 2);
                let begun = AtomicUsize::new(0);
                let (piled_up, wait) = signal();
                let alive = Arc::new(());
                let stopped = Pipeline::new(capacity)
                    .source(endless(&alive))
                    .stage_ordered("work", workers, move |n| {
                        if n == 0 {
                            wait();
                            return Err("stuck".to_owned());
                        }
                        if begun.fetch_add(1, SeqCst) + 1 == workers + capacity - 2 {
                            piled_up(); // the others wait for a place, or will
                        }
                        Ok(n)
                    })
                    .sink("none", |_| Ok(()))
                    .run()
                    .expect_err("it fails");
                assert_eq!((stopped.stage, stopped.position), ("work", 0));
                assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
            });
        }

        #[test]
        fn a_panic_in_a_stage_is_the_cause() {
            within(|| {
                for workers in [1, 3] {
                    let alive = Arc::new(());
                    let stopped = Pipeline::new(4)
                        .source(endless(&alive))
                        .stage_ordered("work", workers, |n| if n == 50 { panics() } else { Ok(n) })
                        .sink("none", |_| Ok(()))
                        .run()
                        .expect_err("it panics");
                    let said = "stage `work` stopped at item 50: it panicked: of its own";
                    assert_eq!(stopped.to_string(), said);
                    let Cause::Panicked(panic) = stopped.cause else { panic!("not the panic") };
                    let payload = panic.into_payload().downcast::<String>();
                    assert_eq!(*payload.expect("as it was thrown"), "of its own");
                    assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
                }
            });
        }

        #[test]
        fn a_panic_in_the_source_or_the_sink_is_the_cause() {
            within(|| {
                let source = numbers(9).inspect(|n| {
                    if *n == Ok(7) {
                        panics()
                    }
                });
                let run = Pipeline::new(4).source(source).stage("pass", 2, Ok);
                let stopped = run.sink("none", |_| Ok(())).run().expect_err("it panics");
                let said = "stage `source` stopped at item 7: it panicked: of its own";
                assert_eq!(stopped.to_string(), said);

                let alive = Arc::new(());
                let run = Pipeline::new(4).source(endless(&alive)).stage("pass", 2, Ok);
                let stopped = run.sink("load", |n| if n < 7 { Ok(()) } else { panics() }).run();
                let said = "stage `load` stopped at item 7: it panicked: of its own";
                assert_eq!(stopped.expect_err("it panics").to_string(), said);
                assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
            });
        }

        #[test]
        fn a_panic_in_a_drop_is_the_cause() {
            within(|| {
                let touchy = Touchy(true);
                let source = numbers(3).inspect(move |_| {
                    let _ = &touchy;
                });
                let run = Pipeline::new(4).source(source).sink("none", |_| Ok(())).run();
                let said = "stage `source` stopped at item 3: it panicked: touchy";
                assert_eq!(run.expect_err("it panics").to_string(), said);

                let touchy = Touchy(true);
                let run = Pipeline::new(4).source(numbers(3)).stage("work", 1, move |n| {
                    let _ = &touchy;
                    Ok(n)
                });
                let stopped = run.sink("none", |_| Ok(())).run().expect_err("it panics");
                assert_eq!(stopped.stage, "work");
                assert_eq!(stopped.cause.to_string(), "it panicked: touchy");
            });
        }

        #[test]
        fn items_that_panic_as_they_are_thrown_away_harm_nobody() {
            within(|| {
                let items = (0..).map(|n: u64| Ok((n, Touchy(true))));
                let run = Pipeline::new(8).source(items).stage_ordered("pass", 2, Ok);
                let stopped = run
                    .sink("load", |(n, mut touchy)| {
                        touchy.0 = false;
                        if n < 20 { Ok(()) } else { Err("disk full") }
                    })
                    .run()
                    .expect_err("it fails");
                let said = "stage `load` stopped at item 20: disk full";
                assert_eq!(stopped.to_string(), said);
            });
        }

        #[test]
        fn dropping_the_outlet_wakes_and_ends_every_stage() {
            within(|| {
                for taken in [0, 1, 100] {
                    let alive = Arc::new(());
                    let mut results = Pipeline::new(4)
                        .source(endless(&alive))
                        .stage("one", 1, Ok)
                        .stage("some", 3, Ok)
                        .stage_ordered("in order", 3, Ok)
                        .outlet();
                    assert_eq!(results.by_ref().take(taken).count(), taken);
                    drop(results); // each hop is full or will be
                    assert_eq!(Arc::strong_count(&alive), 1, "source and stages are gone");
                }
            });
        }

        #[test]
        fn the_outlet_ends_with_the_cause() {
            within(|| {
                let run = Pipeline::new(4).source(numbers(100));
                let check = |n| if n == 5 { Err("five".to_owned()) } else { Ok(n) };
                let mut results = run.stage("check", 1, check).outlet();
                let cause = loop {
                    match results.next().expect("the cause comes before the end") {
                        Ok(n) => assert!(n < 5, "nothing comes from behind the error"),
                        Err(stopped) => break stopped,
                    }
                };
                assert_eq!((cause.stage, cause.position), ("check", 5));
                assert!(results.next().is_none(), "once");
            });
        }

        #[test]
        fn what_is_never_run_is_dropped_whole() {
            let alive = Arc::new(());
            let flow = Pipeline::new(4).source(endless(&alive)).stage("one", 3, Ok);
            drop(flow.stage_ordered("two", 3, Ok).sink("none", |_| Ok(())));
            assert_eq!(Arc::strong_count(&alive), 1);
        }
    };
}

pub(crate) use ending;
