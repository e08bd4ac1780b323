//! A hub for each topic.

macro_rules! topics {
    () => {
        #[test]
        fn each_topic_has_its_own_order_and_subscribers() {
            let topics: Topics<&str, u64> = Topics::new(4);
            let mut news = topics.topic("news").subscribe(Slow::DropOldest).expect("open");
            let mut chess = topics.topic("chess").subscribe(Slow::DropOldest).expect("open");
            assert_eq!(topics.topic("news").try_publish(1).expect("open"), 1);
            assert_eq!(topics.topic("chess").try_publish(10).expect("open"), 1);
            assert_eq!(topics.get(&"news").expect("there").try_publish(2).expect("open"), 2);
            assert_eq!([news.try_recv(), news.try_recv()], [Ok(1), Ok(2)]);
            assert_eq!(chess.try_recv(), Ok(10));
            assert_eq!(chess.try_recv(), Err(TryRecvError::NotNow));
            assert!(topics.get(&"sport").is_none());
            assert_eq!((topics.len(), topics.is_empty()), (2, false));
        }

        #[test]
        fn a_topic_that_waits_holds_up_no_other() {
            let topics: Topics<u8, u64> = Topics::new(1);
            let (stuck, free) = (topics.topic(1), topics.topic(2));
            let slow = stuck.subscribe(Slow::Wait).expect("open");
            stuck.try_publish(1).expect("room for one");
            let mut waiting = Box::pin(stuck.publish(2));
            assert!(waits(&stuck, waiting.as_mut()));
            let mut reader = free.subscribe(Slow::Wait).expect("open");
            for n in 1..=3 {
                free.publish_blocking(n).expect("open");
                assert_eq!(reader.recv_blocking(), Ok(n));
            }
            drop(slow);
            assert_eq!(wait(waiting).expect("open"), 2);
        }

        #[test]
        fn prune_forgets_topics_that_nobody_uses() {
            let topics: Topics<&str, u64> = Topics::new(4);
            let reader = topics.topic("read").subscribe(Slow::DropOldest).expect("open");
            let held = topics.topic("held");
            topics.topic("idle").try_publish(1).expect("open");
            assert_eq!(topics.prune(), 1);
            assert!(topics.get(&"idle").is_none());
            held.try_publish(2).expect("a hub that somebody keeps is in use");
            assert!(topics.get(&"held").is_some());
            drop((reader, held));
            assert_eq!(topics.prune(), 2);
            assert!(topics.is_empty());
            assert_eq!(
                topics.topic("idle").try_publish(1).expect("a new one"),
                1,
                "from one again"
            );
        }

        #[test]
        fn a_removed_topic_lives_on_with_who_keeps_it() {
            let topics: Topics<&str, u64> = Topics::new(4);
            let mut reader = topics.topic("news").subscribe(Slow::DropOldest).expect("open");
            let removed = topics.remove(&"news").expect("there");
            assert!(topics.remove(&"news").is_none());
            topics.topic("news").try_publish(1).expect("a new topic of that name");
            removed.try_publish(2).expect("open");
            drop(removed);
            assert_eq!(reader.recv_blocking(), Ok(2));
            assert_eq!(reader.recv_blocking(), Err(RecvError::Closed));
        }

        #[test]
        fn closing_the_topics_closes_every_hub() {
            let topics: Topics<u8, u64> = Topics::new(4);
            let mut readers: Vec<Subscriber<u64>> = (0..3)
                .map(|topic| topics.topic(topic).subscribe(Slow::Wait).expect("open"))
                .collect();
            topics.close();
            for reader in &mut readers {
                assert_eq!(reader.recv_blocking(), Err(RecvError::Closed));
            }
            assert!(topics.topic(1).is_closed() && topics.topic(9).is_closed());
            assert_eq!(topics.len(), 3, "a hub that is closed from the start is not kept");
            assert!(format!("{topics:?}").contains("capacity: 4"));
        }
    };
}

pub(crate) use topics;
