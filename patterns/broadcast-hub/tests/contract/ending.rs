//! How a hub ends, and who may use it from where.

macro_rules! ending {
    () => {
        #[test]
        fn close_wakes_every_subscriber_and_lets_them_drain() {
            let hub = Hub::new(4);
            let mut sleepers: Vec<_> = (0..3).map(|_| subscribe(&hub)).collect();
            let calls = Arc::new(Calls::default());
            let mut waits: Vec<_> = sleepers.iter_mut().map(|it| Box::pin(it.recv())).collect();
            for wait in &mut waits {
                assert!(poll_with(wait.as_mut(), &calls).is_pending());
            }
            let mut blocked = subscribe(&hub);
            let blocked = thread::spawn(move || blocked.recv_blocking());
            hub.close();
            settle(&hub);
            assert_eq!(calls.count(), 3);
            for wait in waits {
                assert_eq!(self::wait(wait), Err(RecvError::Closed));
            }
            assert_eq!(join(blocked), Err(RecvError::Closed));

            let hub = Hub::new(4);
            let mut reader = subscribe(&hub);
            for n in 1..=3 {
                hub.try_publish(n).expect("open");
            }
            hub.close();
            settle(&hub);
            for n in 1..=3 {
                assert_eq!(reader.recv_blocking(), Ok(n));
            }
            assert_eq!(reader.recv_blocking(), Err(RecvError::Closed));
            assert_eq!(reader.try_recv(), Err(TryRecvError::Closed), "for ever");
            let nothing = reader.recv_timeout(LONG);
            assert_eq!(nothing, Err(RecvTimeoutError::Closed));
        }

        #[test]
        fn who_lags_at_the_close_still_gets_what_is_kept() {
            let hub = Hub::new(2);
            let mut reader = subscribe(&hub);
            for n in 1..=5 {
                hub.try_publish(n).expect("open");
            }
            hub.close();
            settle(&hub);
            assert_eq!(reader.recv_blocking(), Err(RecvError::Lagged(3)));
            assert_eq!(reader.recv_blocking(), Ok(4));
            assert_eq!(reader.recv_blocking(), Ok(5));
            assert_eq!(reader.recv_blocking(), Err(RecvError::Closed));
        }

        #[test]
        fn a_closed_hub_refuses_everybody() {
            let hub = Hub::new(2);
            assert!(!hub.is_closed());
            hub.close();
            hub.close();
            assert!(hub.is_closed());
            let refused = hub.try_publish(7).expect_err("closed");
            assert_eq!(format!("{refused:?} {refused}"), "Closed(..) the hub is closed");
            assert_eq!(refused.into_inner(), 7, "it comes back");
            assert_eq!(hub.counts().published, 0);
        }

        #[test]
        fn the_last_handle_that_drops_closes_the_hub() {
            let hub = Hub::new(2);
            let other = hub.clone();
            let mut reader = subscribe(&hub);
            drop(hub);
            other.try_publish(1).expect("open as long as there is a handle");
            drop(other);
            assert_eq!(reader.recv_blocking(), Ok(1));
            assert_eq!(reader.recv_blocking(), Err(RecvError::Closed));
        }

        #[test]
        fn a_hub_without_room_is_refused() {
            let panic = catch_unwind(|| Hub::<u64>::new(0)).expect_err("no room");
            let message = panic.downcast_ref::<&str>().expect("a message");
            assert!(message.contains("choose a larger capacity"), "{message}");
        }

        #[test]
        fn hubs_and_subscribers_cross_threads() {
            fn crosses<T: Send + Sync + Unpin>() {}
            fn moves<T: Send>(_: &T) {}
            crosses::<Hub<u64>>();
            crosses::<Subscriber<u64>>();
            let hub = Hub::new(2);
            let mut reader = subscribe(&hub);
            moves(&reader.recv());
            assert!(format!("{hub:?}").contains("capacity: 2"));
            assert!(format!("{reader:?}").contains("last_seq: 0"));
        }
    };
}

pub(crate) use ending;
