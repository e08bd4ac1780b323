//! Who comes in before whom.

macro_rules! order {
    () => {
        /// Comes to read or to write and says when it is inside; returns when it waits.
        fn comes<T: Send + Sync + 'static>(
            lock: &Arc<RwLock<T>>,
            log: &Log,
            who: &'static str,
        ) -> JoinHandle<()> {
            let before = lock.waiting();
            let (theirs, log) = (Arc::clone(lock), log.clone());
            let thread = thread::spawn(move || match who {
                "writer" => theirs.write(move |_| log.add(who)),
                _ => theirs.read(move |_| log.add(who)),
            });
            until(|| lock.waiting() == before + 1);
            thread
        }

        #[test]
        fn a_waiting_writer_keeps_new_readers_out() {
            let (lock, log) = (shared(()), Log::default());
            let held = reader(&lock);
            let writer = comes(&lock, &log, "writer");
            assert!(lock.try_read(|()| ()).is_err(), "a reader is inside, but a writer waits");
            let reader = comes(&lock, &log, "reader");
            held.let_go();
            join(writer);
            join(reader);
            assert_eq!(log.order(), ["writer", "reader"]);
        }

        #[test]
        fn readers_who_wait_come_in_before_the_next_writer() {
            let (lock, log) = (shared(()), Log::default());
            let held = writer(&lock);
            let waiting = ["writer", "writer", "reader", "reader", "reader"];
            let waiting = waiting.map(|who| comes(&lock, &log, who));
            held.let_go();
            waiting.into_iter().for_each(join);
            assert_eq!(log.order(), ["reader", "reader", "reader", "writer", "writer"]);
        }

        #[test]
        fn a_reader_who_waits_is_passed_by_one_writer_at_most() {
            let (lock, log) = (shared(()), Log::default());
            let held = reader(&lock);
            let waiting = ["writer", "writer", "writer", "reader"];
            let waiting = waiting.map(|who| comes(&lock, &log, who));
            held.let_go();
            waiting.into_iter().for_each(join);
            assert_eq!(log.order(), ["writer", "reader", "writer", "writer"]);
        }

        #[test]
        fn readers_that_keep_coming_do_not_starve_a_writer() {
            let lock = shared(0);
            let (stop, came) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let readers = [(); 3].map(|()| {
                let (lock, stop, came) = (Arc::clone(&lock), Arc::clone(&stop), Arc::clone(&came));
                thread::spawn(move || {
                    while stop.load(SeqCst) == 0 {
                        lock.read(|_| thread::yield_now());
                        came.fetch_add(1, SeqCst);
                    }
                })
            });
            until(|| came.load(SeqCst) > 10);
            for _ in 0..200 {
                assert!(lock.write_timeout(LONG, |n| *n += 1).is_ok(), "starved");
            }
            stop.store(1, SeqCst);
            readers.into_iter().for_each(join);
            assert_eq!(lock.read(|n| *n), 200);
        }
    };
}

pub(crate) use order;
