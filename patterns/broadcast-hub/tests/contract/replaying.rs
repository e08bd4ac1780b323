//! What late joiners get.

macro_rules! replaying {
    () => {
        #[test]
        fn a_late_joiner_gets_the_last_messages_and_then_what_comes() {
            let hub = Hub::new(4);
            for n in 1..=6 {
                hub.try_publish(n).expect("open");
            }
            for (asked, first) in [(0, 7), (1, 6), (3, 4), (4, 3), (100, 3)] {
                let mut late = subscribe_from(&hub, Start::Last(asked));
                for n in first..=6 {
                    assert_eq!(late.try_recv(), Ok(n), "asked for {asked}");
                }
                assert_eq!(late.try_recv(), Err(TryRecvError::NotNow));
            }
            let mut late = subscribe_from(&hub, Start::Last(1));
            hub.try_publish(7).expect("open");
            assert_eq!([late.try_recv(), late.try_recv()], [Ok(6), Ok(7)], "without a seam");
        }

        #[test]
        fn who_comes_back_with_a_number_goes_on_after_it() {
            let hub = Hub::new(4);
            for n in 1..=3 {
                hub.try_publish(n).expect("open");
            }
            for (number, first) in [(0, 1), (1, 2), (3, 4)] {
                let mut back = subscribe_from(&hub, Start::After(number));
                assert_eq!(back.last_seq(), number);
                for n in first..=3 {
                    assert_eq!((back.try_recv(), back.last_seq()), (Ok(n), n));
                }
                assert_eq!(back.try_recv(), Err(TryRecvError::NotNow));
            }
        }

        #[test]
        fn who_asks_for_what_is_gone_is_told_how_many_that_are() {
            let hub = Hub::new(2);
            for n in 1..=9 {
                hub.try_publish(n).expect("open");
            }
            let mut back = subscribe_from(&hub, Start::After(4));
            assert_eq!(back.try_recv(), Err(TryRecvError::Lagged(3)), "5, 6 and 7");
            assert_eq!([back.try_recv(), back.try_recv()], [Ok(8), Ok(9)]);
            assert_eq!(hub.counts().lagged, 3);
        }

        #[test]
        fn a_number_of_another_life_replays_what_is_kept() {
            let hub = Hub::new(2);
            for n in 1..=3 {
                hub.try_publish(n).expect("open");
            }
            let mut back = subscribe_from(&hub, Start::After(500));
            assert_eq!(back.last_seq(), 1);
            assert_eq!([back.try_recv(), back.try_recv()], [Ok(2), Ok(3)]);
            assert_eq!(back.try_recv(), Err(TryRecvError::NotNow));
        }

        #[test]
        fn joining_while_messages_come_makes_no_gap() {
            let hub = Hub::new(4_096);
            let writer = {
                let hub = hub.clone();
                thread::spawn(move || {
                    for n in 1..=2_000 {
                        hub.try_publish(n).expect("nobody to wait for");
                    }
                })
            };
            let mut last = 0;
            while last < 2_000 {
                let mut reader = subscribe_from(&hub, Start::After(last));
                assert_eq!(reader.last_seq(), last);
                for _ in 0..10 {
                    match reader.recv_blocking() {
                        Ok(n) => assert_eq!((n, reader.last_seq()), (last + 1, last + 1)),
                        Err(error) => panic!("{error} after {last}"),
                    }
                    last += 1;
                }
            }
            join(writer);
        }
    };
}

pub(crate) use replaying;
