//! What is granted, what is refused, and that the count stays right.

macro_rules! counting {
    () => {
        #[test]
        fn zero_permits_are_granted_at_once() {
            let semaphore = Semaphore::new(1);
            let _held = semaphore.try_acquire(1).expect("free");
            let mut waiting = pin!(semaphore.acquire(1));
            assert!(waits(&semaphore, waiting.as_mut()));
            let none = wait(semaphore.acquire(0)).expect("takes nothing");
            assert_eq!(none.permits(), 0);
            semaphore.try_acquire(0).expect("takes nothing").forget();
            assert!(waits(&semaphore, waiting.as_mut()), "and gives nothing back");
        }

        #[test]
        fn more_than_the_maximum_is_never_granted() {
            let semaphore = Semaphore::with_max(1, 2);
            for asked in [3, usize::MAX] {
                let never = AcquireError::Never { asked, max: 2 };
                assert_eq!(wait(semaphore.acquire(asked)).expect_err("never"), never);
                assert_eq!(semaphore.acquire_blocking(asked).expect_err("never"), never);
                let refusal = semaphore.try_acquire(asked).expect_err("never");
                assert_eq!(refusal, TryAcquireError::Never { asked, max: 2 });
                let refusal = semaphore.acquire_timeout(asked, LONG).expect_err("never");
                assert_eq!(refusal, AcquireTimeoutError::Never { asked, max: 2 });
            }
        }

        #[test]
        fn an_empty_semaphore_is_a_gate_if_it_has_room() {
            let shut = Semaphore::new(0);
            let refusal = shut.try_acquire(1).expect_err("never");
            assert_eq!(refusal, TryAcquireError::Never { asked: 1, max: 0 });
            let gate = Semaphore::with_max(0, 1);
            assert_eq!(gate.try_acquire(1).expect_err("shut"), TryAcquireError::NotNow);
            gate.add_permits(1).expect("room");
            drop(gate.try_acquire(1).expect("open"));
        }

        #[test]
        fn too_many_permits_are_refused_at_construction() {
            assert_eq!(Semaphore::new(Semaphore::MAX_PERMITS).available(), Semaphore::MAX_PERMITS);
            let panic = catch_unwind(|| Semaphore::new(usize::MAX)).expect_err("too many");
            assert!(message(&*panic).contains("choose a smaller maximum"));
            let panic = catch_unwind(|| Semaphore::with_max(3, 2)).expect_err("too many");
            assert_eq!(message(&*panic), "3 permits do not fit a maximum of 2");
        }

        #[test]
        fn permits_beyond_the_maximum_are_not_added() {
            let semaphore = Semaphore::with_max(2, 3);
            let _held = semaphore.try_acquire(2).expect("free");
            for added in [2, usize::MAX] {
                let refusal = semaphore.add_permits(added).expect_err("no room");
                assert_eq!(refusal, AddPermitsError { added, present: 2, max: 3 });
            }
            assert_eq!(semaphore.available(), 0, "none was added");
            semaphore.add_permits(1).expect("room for one");
            semaphore.add_permits(0).expect("always room for none");
            assert_eq!(semaphore.available(), 1);
        }

        #[test]
        fn forgotten_permits_leave_and_make_room() {
            let semaphore = Semaphore::new(3);
            semaphore.try_acquire(2).expect("free").forget();
            assert_eq!(semaphore.available(), 1);
            semaphore.add_permits(3).expect_err("room for two");
            semaphore.add_permits(2).expect("room for two");
            assert_eq!(semaphore.available(), 3);
        }

        #[test]
        fn split_and_merge_keep_the_count() {
            let semaphore = Semaphore::new(5);
            let mut all = semaphore.try_acquire(5).expect("free");
            let mut two = all.split(2).expect("five hold two");
            assert!(two.split(3).is_none(), "two do not hold three");
            assert_eq!((all.permits(), two.permits()), (3, 2));
            drop(all.split(1));
            assert_eq!(semaphore.available(), 1);
            all.merge(two).expect("the same semaphore");
            assert_eq!(all.permits(), 4);
            drop(all);
            assert_eq!(semaphore.available(), 5);
        }

        #[test]
        fn merging_with_a_stranger_gives_it_back() {
            let (ours, theirs) = (Semaphore::new(1), Semaphore::new(1));
            let mut permit = ours.try_acquire(1).expect("free");
            let stranger = theirs.try_acquire(1).expect("free");
            let stranger = permit.merge(stranger).expect_err("another semaphore");
            assert_eq!((permit.permits(), stranger.permits()), (1, 1));
            drop(stranger);
            assert_eq!((ours.available(), theirs.available()), (0, 1));
        }

        #[test]
        fn handles_and_permits_cross_threads() {
            fn shared<T: Send + Sync + std::fmt::Debug>() {}
            fn sent<T: Send>(_: &T) {}
            shared::<Semaphore>();
            shared::<Permit<'static>>();
            shared::<OwnedPermit>();
            let semaphore = Arc::new(Semaphore::new(1));
            sent(&semaphore.acquire(1));
            sent(&semaphore.acquire_owned(1));
            let text = format!("{semaphore:?} {:?}", semaphore.try_acquire(1));
            assert!(text.contains("max: 1") && text.contains("permits: 1"), "{text}");
        }
    };
}

pub(crate) use counting;
