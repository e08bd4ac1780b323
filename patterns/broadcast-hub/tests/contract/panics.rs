//! Payloads are foreign code: their `Clone` and their `Drop` may do anything.

macro_rules! panics {
    () => {
        fn fragile_hub(capacity: usize) -> (Hub<Fragile>, Fragile) {
            let first = Fragile::default();
            first.alive.fetch_add(1, SeqCst);
            (Hub::new(capacity), first)
        }

        fn numbers(messages: &[Fragile]) -> Vec<u64> {
            messages.iter().map(|message| message.number).collect()
        }

        #[test]
        fn a_panicking_clone_loses_nothing() {
            let (hub, kind) = fragile_hub(4);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            let mut other = hub.subscribe(Slow::Evict).expect("open");
            for n in 1..=2 {
                hub.try_publish(kind.of_the_kind(n)).expect("room");
            }
            kind.clone_panics.store(true, SeqCst);
            let panic = catch_unwind(AssertUnwindSafe(|| reader.try_recv().map(drop)));
            assert!(panic.is_err());
            assert_eq!(reader.last_seq(), 0);
            assert_eq!(reader.try_recv().expect("it stayed").number, 1);
            assert_eq!(other.try_recv().expect("unharmed").number, 1);
            kind.clone_panics.store(true, SeqCst);
            let panic = catch_unwind(AssertUnwindSafe(|| wait(reader.recv()).map(drop)));
            assert!(panic.is_err());
            assert_eq!(wait(reader.recv()).expect("it stayed").number, 2);
            hub.try_publish(kind.of_the_kind(3)).expect("nothing is poisoned");
        }

        #[test]
        fn a_panic_within_a_batch_loses_and_repeats_nothing() {
            struct Fourth(u64, Arc<AtomicUsize>);
            impl Clone for Fourth {
                fn clone(&self) -> Self {
                    if self.1.fetch_add(1, SeqCst) == 3 {
                        resume_unwind(Box::new("the payload's own trouble"));
                    }
                    Self(self.0, Arc::clone(&self.1))
                }
            }
            let (hub, clones) = (Hub::new(8), Arc::new(AtomicUsize::new(0)));
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            for n in 1..=6 {
                hub.try_publish(Fourth(n, Arc::clone(&clones))).expect("room");
            }
            let mut batch = Vec::new();
            let panic = catch_unwind(AssertUnwindSafe(|| reader.try_recv_many(&mut batch, 5)));
            assert!(panic.is_err());
            assert_eq!(reader.last_seq(), 3, "what is in the buffer is taken");
            while batch.len() < 6 {
                reader.try_recv_many(&mut batch, 5).expect("the rest is there");
            }
            assert_eq!(batch.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        }

        #[test]
        fn a_panicking_drop_loses_nothing() {
            let (hub, kind) = fragile_hub(2);
            let mut reader = hub.subscribe(Slow::DropOldest).expect("open");
            let mut evicted = hub.subscribe(Slow::Evict).expect("open");
            kind.drop_panics.store(true, SeqCst);
            for n in 1..=9 {
                let number = hub.try_publish(kind.of_the_kind(n)).expect("no panic of ours");
                assert_eq!(number, n);
            }
            let lag = reader.try_recv().map(|it| it.number).expect_err("slow");
            assert_eq!(lag, TryRecvError::Lagged(7));
            assert_eq!(evicted.try_recv().err(), Some(TryRecvError::Evicted));
            kind.drop_panics.store(false, SeqCst);
            let mut rest = Vec::new();
            reader.try_recv_many(&mut rest, 8).expect("two are kept");
            assert_eq!(numbers(&rest), [8, 9]);
            kind.drop_panics.store(true, SeqCst);
            drop((hub, reader, evicted)); // no abort, however many panic
            kind.drop_panics.store(false, SeqCst);
        }

        #[test]
        fn every_payload_is_dropped_once() {
            let (hub, kind) = fragile_hub(4);
            let mut reader = hub.subscribe(Slow::DropOldest).expect("open");
            let never = hub.subscribe(Slow::DropOldest).expect("open");
            for n in 1..=100 {
                hub.try_publish(kind.of_the_kind(n)).expect("nobody to wait for");
                if n % 3 == 0 {
                    drop(reader.try_recv());
                }
            }
            drop(never);
            let _ = hub.counts();
            let alive = kind.alive.load(SeqCst);
            assert!((5..=7).contains(&alive), "ours, four, and some in blocks: {alive}");
            let cancelled = hub.publish(kind.of_the_kind(101));
            drop(cancelled);
            hub.close();
            drop(hub.try_publish(kind.of_the_kind(102)));
            drop((hub, reader));
            let started = Instant::now();
            while kind.alive.load(SeqCst) > 1 && started.elapsed() < LONG {
                thread::yield_now(); // the desk ends on its own thread
            }
            assert_eq!(kind.alive.load(SeqCst), 1, "ours");
        }

        #[test]
        fn a_payload_may_use_the_hub_while_it_is_cloned_and_dropped() {
            struct Meddler(Option<Hub<Meddler>>, u64);
            impl Clone for Meddler {
                fn clone(&self) -> Self {
                    if let Some(hub) = &self.0 {
                        let _ = hub.try_publish(Self(None, self.1 + 1));
                        let _ = hub.subscribe(Slow::Wait).map(drop);
                    }
                    Self(None, self.1)
                }
            }
            impl Drop for Meddler {
                fn drop(&mut self) {
                    if let Some(hub) = &self.0 {
                        hub.close();
                    }
                }
            }
            let ending = thread::spawn(|| {
                let hub = Hub::new(1);
                let mut reader = hub.subscribe(Slow::DropOldest).expect("open");
                hub.try_publish(Meddler(Some(hub.clone()), 1)).expect("open");
                assert_eq!(reader.try_recv().map(|it| it.1), Ok(1));
                assert_eq!(reader.try_recv().map(|it| it.1), Ok(2), "published by the clone");
                for n in 3..=4 {
                    let _ = hub.try_publish(Meddler(None, n)); // the first goes, and closes
                }
                while reader.recv_blocking().err() != Some(RecvError::Closed) {}
                drop((hub, reader));
            });
            join(ending);
        }
    };
}

pub(crate) use panics;
