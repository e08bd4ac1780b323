//! Who gets what: everything, in order, at most once.

macro_rules! delivering {
    () => {
        #[test]
        fn every_subscriber_gets_every_message_in_the_same_order() {
            const EACH: u64 = 500;
            let hub = Hub::new(4 * EACH as usize);
            let start = Arc::new(Barrier::new(5));
            let readers: Vec<_> = (0..3)
                .map(|_| {
                    let (mut reader, start) = (subscribe(&hub), Arc::clone(&start));
                    thread::spawn(move || {
                        start.wait();
                        (0..2 * EACH)
                            .map(|_| reader.recv_blocking().expect("room for all"))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let writers: Vec<_> = (0..2)
                .map(|writer| {
                    let (hub, start) = (hub.clone(), Arc::clone(&start));
                    thread::spawn(move || {
                        start.wait();
                        for n in 0..EACH {
                            hub.try_publish(writer * EACH + n).expect("nobody to wait for");
                        }
                    })
                })
                .collect();
            writers.into_iter().for_each(join);
            let got: Vec<_> = readers.into_iter().map(join).collect();
            assert!(got.iter().all(|each| *each == got[0]), "the same order for all");
            for writer in 0..2 {
                let of_one = got[0].iter().filter(|&&n| n / EACH == writer);
                assert!(of_one.eq((writer * EACH..(writer + 1) * EACH).collect::<Vec<_>>().iter()));
            }
        }

        #[test]
        fn what_was_published_before_it_joined_is_not_for_it() {
            let hub = Hub::new(4);
            hub.try_publish(1).expect("open");
            let mut late = subscribe(&hub);
            assert_eq!(late.try_recv(), Err(TryRecvError::NotNow));
            hub.try_publish(2).expect("open");
            assert_eq!(late.try_recv(), Ok(2), "it is there when publishing returns");
            assert_eq!(late.try_recv(), Err(TryRecvError::NotNow), "and once");
        }

        #[test]
        fn messages_are_numbered_from_one() {
            let hub = Hub::new(4);
            assert_eq!(hub.try_publish(10).expect("open"), 1);
            let mut reader = subscribe(&hub);
            assert_eq!(reader.last_seq(), 1, "it begins after this");
            assert_eq!(hub.try_publish(20).expect("open"), 2);
            assert_eq!(reader.last_seq(), 1);
            assert_eq!((reader.try_recv(), reader.last_seq()), (Ok(20), 2));
            assert_eq!(hub.counts().published, 2);
        }

        #[test]
        fn ten_thousand_subscribers_get_every_message() {
            const MANY: usize = 10_000;
            let hub = Hub::new(4);
            let mut readers: Vec<_> = (0..MANY).map(|_| subscribe(&hub)).collect();
            let calls = Arc::new(Calls::default());
            let mut waits: Vec<_> =
                readers.iter_mut().map(|reader| Box::pin(reader.recv())).collect();
            for wait in &mut waits {
                assert!(poll_with(wait.as_mut(), &calls).is_pending());
            }
            for n in 0..3 {
                hub.try_publish(n).expect("nobody to wait for");
            }
            assert_eq!(calls.count(), MANY, "each was woken, and once");
            for wait in &mut waits {
                assert_eq!(poll(wait.as_mut()), Poll::Ready(Ok(0)));
            }
            drop(waits);
            for reader in &mut readers {
                assert_eq!([reader.try_recv(), reader.try_recv()], [Ok(1), Ok(2)]);
                assert_eq!(reader.try_recv(), Err(TryRecvError::NotNow));
            }
            drop(readers);
            let Counts { joined, left, .. } = settle(&hub);
            assert_eq!((joined, left), (MANY as u64, MANY as u64));
        }

        #[test]
        fn who_is_slow_is_told_how_many_it_missed_and_goes_on() {
            let hub = Hub::new(3);
            let mut slow = subscribe(&hub);
            for n in 1..=8 {
                hub.try_publish(n).expect("open");
            }
            assert_eq!(slow.len(), 3);
            assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(5)));
            assert_eq!(slow.last_seq(), 5);
            for n in 6..=8 {
                assert_eq!(slow.try_recv(), Ok(n));
            }
            assert_eq!(slow.try_recv(), Err(TryRecvError::NotNow), "once told is enough");
            assert_eq!(hub.counts().lagged, 5);
        }

        #[test]
        fn as_many_as_there_is_room_for_are_no_lag() {
            for capacity in [1, 2, 3, 5, 16, 100, 150] {
                let hub = Hub::new(capacity);
                assert_eq!(hub.capacity(), capacity, "not rounded");
                let (mut exact, mut over) = (subscribe(&hub), subscribe(&hub));
                for round in 0..3 {
                    let first = round * capacity as u64;
                    for n in first..first + capacity as u64 {
                        hub.try_publish(n).expect("open");
                        assert_eq!(exact.len() as u64, n - first + 1);
                    }
                    for n in first..first + capacity as u64 {
                        assert_eq!(exact.try_recv(), Ok(n));
                    }
                }
                let missed = 2 * capacity as u64;
                assert_eq!(over.try_recv(), Err(TryRecvError::Lagged(missed)));
                assert_eq!(over.try_recv(), Ok(missed));
            }
        }

        #[test]
        fn who_never_reads_costs_the_others_nothing() {
            let hub = Hub::new(2);
            let (never, mut other) = (subscribe(&hub), subscribe(&hub));
            for n in 0..1_000 {
                hub.try_publish(n).expect("nobody waits for it");
                assert_eq!(other.try_recv(), Ok(n));
            }
            drop(never);
            assert_eq!(settle(&hub).lagged, 998, "counted when it leaves, at the latest");
        }

        #[test]
        fn capacity_one_works() {
            let hub = Hub::new(1);
            let (mut one, mut other) = (subscribe(&hub), subscribe(&hub));
            for n in 1..=3 {
                hub.try_publish(n).expect("open");
                assert_eq!(one.try_recv(), Ok(n));
            }
            assert_eq!(other.try_recv(), Err(TryRecvError::Lagged(2)));
            assert_eq!(other.try_recv(), Ok(3));
        }

        #[test]
        fn a_batch_takes_what_there_is_up_to_the_limit() {
            let hub = Hub::new(100);
            let (mut reader, mut batch) = (subscribe(&hub), vec![99]);
            assert_eq!(reader.try_recv_many(&mut batch, 8), Err(TryRecvError::NotNow));
            for n in 0..70 {
                hub.try_publish(n).expect("open");
            }
            assert_eq!(reader.try_recv_many(&mut batch, 0), Ok(0), "none is none");
            assert_eq!(reader.try_recv_many(&mut batch, 50), Ok(50));
            assert_eq!(reader.last_seq(), 50);
            assert_eq!(reader.try_recv(), Ok(50), "one in between");
            assert_eq!(wait(reader.recv_many(&mut batch, 50)), Ok(19));
            let expected: Vec<_> = [99].into_iter().chain(0..50).chain(51..70).collect();
            assert_eq!(batch, expected, "appended, in order");
            assert_eq!(wait(reader.recv_many(&mut batch, 0)), Ok(0), "and waits for nothing");
        }

        #[test]
        fn a_batch_has_no_gap() {
            let hub = Hub::new(3);
            let (mut reader, mut batch) = (subscribe(&hub), Vec::new());
            for n in 1..=2 {
                hub.try_publish(n).expect("open");
            }
            assert_eq!(reader.try_recv_many(&mut batch, 1), Ok(1));
            for n in 3..=6 {
                hub.try_publish(n).expect("open");
            }
            let lag = reader.recv_many_blocking(&mut batch, 8);
            assert_eq!(lag, Err(RecvError::Lagged(2)), "2 and 3, before the batch");
            assert_eq!(reader.recv_many_blocking(&mut batch, 8), Ok(3));
            assert_eq!(batch, [1, 4, 5, 6]);
        }

        #[test]
        fn a_message_without_subscribers_is_published() {
            let hub = Hub::new(2);
            assert_eq!(hub.try_publish(7).expect("open"), 1);
            assert_eq!(subscribe_from(&hub, Start::Last(1)).try_recv(), Ok(7));
        }

        #[test]
        fn comings_and_goings_are_counted_once() {
            let hub = Hub::new(2);
            let (one, two) = (subscribe(&hub), subscribe(&hub));
            assert_eq!(settle(&hub).subscribers(), 2);
            drop(one);
            let counts = settle(&hub);
            assert_eq!((counts.joined, counts.left, counts.evicted), (2, 1, 0));
            drop(two);
            assert_eq!(settle(&hub).subscribers(), 0);
        }
    };
}

pub(crate) use delivering;
