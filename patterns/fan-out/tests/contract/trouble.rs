//! Items that fail, are late or panic harm nobody else.

macro_rules! trouble {
    () => {
        #[test]
        fn the_first_error_stops_the_rest() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let run = FanOut::new(3).run(0..100, move |item| {
                    let at_work = counted.begin();
                    async move {
                        let _at_work = at_work;
                        if item != 2 {
                            pending::<()>().await;
                        }
                        yield_now().await;
                        Err::<u8, _>("two")
                    }
                });
                let stopped = run.all_ok().await.expect_err("an item failed");
                assert_eq!(stopped.index, 2);
                assert_eq!(stopped.to_string(), "item 2: the item failed: two");
                assert_eq!(work.now(), 0, "the others were cancelled and awaited");
                assert!(work.begun() <= 4, "no more than one began in the meantime");
            });
        }

        #[test]
        fn an_error_beside_good_neighbours_stops_the_rest() {
            wait(async {
                // With that many at once, neighbours share a task and are done in the same round.
                let run = FanOut::new(200).run(0..200, |item| async move {
                    match item {
                        0 => Err("zero"),
                        1..4 => Ok(item),
                        _ => pending().await,
                    }
                });
                assert_eq!(run.all_ok().await.expect_err("an error").index, 0);
            });
        }

        #[test]
        fn an_error_that_was_handed_out_stops_nothing() {
            wait(async {
                let mut run = FanOut::new(4).run(0..4, |item| async move {
                    match item {
                        0 => Ok(0),
                        1 => Err("one"),
                        _ => pending().await,
                    }
                });
                while run.next().await.expect("two are done").0 != 0 {}
                assert!(run.next().await.is_some_and(|(_, it)| it.is_err()) || run.len() == 2);
                let late = timeout(SECOND, run.all_ok()).await;
                assert!(late.is_err(), "what was handed out does not stop what is left");
            });
        }

        #[test]
        fn an_error_that_came_unread_stops_too() {
            wait(async {
                let mut run = FanOut::new(3).run(0..3, |item| async move {
                    match item {
                        0 => Ok(0),
                        1 => Err("one"),
                        _ => pending().await,
                    }
                });
                assert_eq!(run.next().await.expect("the first").0, 0);
                yield_now().await;
                assert_eq!(run.all_ok().await.expect_err("an error").index, 1);
            });
        }

        #[test]
        fn neighbours_in_one_task_do_not_share_their_trouble() {
            wait(async {
                let run = FanOut::with_timeout(200, SECOND).run(0..200, |item| async move {
                    let _bomb = (item % 50 == 1).then(|| Bomb("as it drops"));
                    match item % 50 {
                        0 => blow("at work"),
                        1 => pending::<()>().await,
                        _ => yield_now().await,
                    }
                    Ok::<_, String>(item)
                });
                let outcomes = words(&run.all().await);
                for (item, outcome) in outcomes.into_iter().enumerate() {
                    let expected = match item % 50 {
                        0 => "panic: at work".to_owned(),
                        1 => "the item took too long".to_owned(),
                        _ => item.to_string(),
                    };
                    assert_eq!(outcome, expected);
                }
            });
        }

        #[test]
        fn panics_in_several_drops_do_not_meet() {
            wait(async {
                let fan_out = FanOut::new(200);
                let begin = || {
                    fan_out.run(0..200, |item| async move {
                        let bomb = Bomb("as it drops");
                        if item == 150 {
                            std::mem::forget(bomb);
                            return Err("an error");
                        }
                        pending::<()>().await;
                        Ok(item)
                    })
                };
                assert_eq!(begin().all_ok().await.expect_err("an error").index, 150);
                let mut run = begin();
                assert_eq!(run.next().await.expect("the error").0, 150);
                drop(run);
                yield_now().await;
            });
        }

        #[test]
        fn a_late_item_times_out_and_the_rest_arrive() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let begin = Instant::now();
                let run = FanOut::with_timeout(2, 5 * SECOND).run(0..6_u32, move |item| {
                    let at_work = counted.begin();
                    async move {
                        let _at_work = at_work;
                        if item == 0 {
                            pending::<()>().await;
                        }
                        seconds(item).await;
                        Ok::<_, String>(item)
                    }
                });
                let late = "the item took too long";
                assert_eq!(words(&run.all().await), [late, "1", "2", "3", "4", "5"][..].to_vec());
                assert_eq!(work.now(), 0, "the late one was dropped");
                assert!(begin.elapsed() < 12 * SECOND);
            });
        }

        #[test]
        fn a_late_item_is_dropped_when_its_time_is_up() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let mut run = FanOut::with_timeout(2, 5 * SECOND).run([9, 3, 4], move |n| {
                    let at_work = counted.begin();
                    async move {
                        let _at_work = at_work;
                        seconds(n).await;
                        Ok::<_, String>(n)
                    }
                });
                assert_eq!(run.next().await.expect("after three seconds").0, 1);
                assert_eq!(run.next().await.expect("after five").0, 0);
                assert_eq!(work.now(), 1, "only the one that began after three is left");
                assert_eq!(run.next().await.expect("after seven").0, 2);
            });
        }

        #[test]
        fn the_time_of_an_item_begins_with_the_item() {
            wait(async {
                let run =
                    FanOut::with_timeout(1, 3 * SECOND).run([2, 2, 2, 2_u32], |n| async move {
                        seconds(n).await;
                        Ok::<_, String>(n)
                    });
                assert_eq!(words(&run.all().await), ["2", "2", "2", "2"]);
            });
        }

        #[test]
        fn a_panic_is_the_outcome_of_its_item() {
            wait(async {
                let run = FanOut::new(2).run(0..6, |item| {
                    if item == 1 {
                        blow("before there is a future");
                    }
                    async move {
                        yield_now().await;
                        if item == 3 {
                            blow("in the future");
                        }
                        Ok::<_, String>(item)
                    }
                });
                let one = "panic: before there is a future";
                let three = "panic: in the future";
                assert_eq!(words(&run.all().await), ["0", one, "2", three, "4", "5"]);
            });
        }

        #[test]
        fn every_item_may_panic() {
            wait(async {
                let run = FanOut::new(3).run(0..70, |item| {
                    if item % 2 == 0 {
                        blow("at once");
                    }
                    async { blow("later") }
                });
                let outcomes: Vec<Outcome<u8, String>> = run.all().await;
                let panics = outcomes.iter().filter(|it| matches!(it, Err(ItemError::Panicked(_))));
                assert_eq!(panics.count(), 70);
            });
        }

        #[test]
        fn a_panic_stops_all_ok() {
            wait(async {
                let run = FanOut::new(2).run(0..6, |item| async move {
                    if item == 1 {
                        blow("one");
                    }
                    pending::<Result<u8, String>>().await
                });
                let stopped = run.all_ok().await.expect_err("a panic");
                assert_eq!(stopped.index, 1);
                let ItemError::Panicked(panic) = stopped.error else { panic!("not the panic") };
                assert_eq!(message(&*panic.into_payload()), "one");
            });
        }

        #[test]
        fn a_panic_in_a_drop_costs_no_outcome() {
            wait(async {
                let bomb = AssertUnwindSafe(Bomb("the closure's"));
                let run = FanOut::with_timeout(1, SECOND).run(0..3, move |item| {
                    let _ = &bomb;
                    async move {
                        let _bomb = (item == 1).then(|| Bomb("a late item's"));
                        if item == 1 {
                            pending::<()>().await;
                        }
                        Ok::<_, String>(item)
                    }
                });
                let outcomes = run.all().await;
                assert_eq!(outcomes.len(), 3);
                assert_eq!(word(&outcomes[0]), "0");
                assert!(outcomes[1].is_err());
                assert_eq!(word(&outcomes[2]), "2");
            });
        }

        #[test]
        fn a_panic_in_the_iterator_is_the_callers_and_nothing_has_begun() {
            wait(async {
                let work = Arc::new(Work::default());
                let counted = Arc::clone(&work);
                let items = (0..5).map(|item| if item < 4 { item } else { blow("four") });
                let panic = catch_unwind(AssertUnwindSafe(|| {
                    let _run = FanOut::new(2).run(items, move |item| {
                        drop(counted.begin());
                        ready(Ok::<_, String>(item))
                    });
                }));
                assert_eq!(message(&*panic.expect_err("it panics")), "four");
                yield_now().await;
                assert_eq!(work.begun(), 0);
            });
        }
    };
}

pub(crate) use trouble;
