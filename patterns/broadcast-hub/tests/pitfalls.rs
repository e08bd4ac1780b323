//! How a right hub is used wrongly. Each exhibit shows the fault, then the cure.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use broadcast_hub::lock::{Hub, Subscriber};
use broadcast_hub::{RecvError, Slow, Start, TryPublishError, TryRecvError};
use tokio::time::timeout;

/// On a paused clock an hour passes as soon as nothing else can happen.
async fn hangs(future: impl Future) -> bool {
    timeout(Duration::from_hours(1), future).await.is_err()
}

/// All that is left to read of a closed hub, by a loop that ends at the first error.
async fn while_let_ok(reader: &mut Subscriber<u64>) -> Vec<u64> {
    let mut got = Vec::new();
    while let Ok(message) = reader.recv().await {
        got.push(message);
    }
    got
}

#[tokio::test]
async fn a_loop_over_ok_takes_a_lag_for_the_end() {
    let hub = Hub::new(2);
    let mut reader = hub.subscribe(Slow::DropOldest).expect("open");
    for n in 1..=5 {
        hub.try_publish(n).expect("open");
    }
    hub.close();
    assert_eq!(while_let_ok(&mut reader).await, [], "it looks as if there had been nothing");

    let mut got = while_let_ok(&mut reader).await; // the lag was said; two are there
    assert_eq!(got, [4, 5]);

    let mut reader = hub_of_five().subscribe_from(Slow::DropOldest, Start::After(0)).expect("open");
    got.clear();
    let missed = loop {
        match reader.try_recv() {
            Ok(message) => got.push(message),
            Err(TryRecvError::Lagged(missed)) => break missed, // say it, and go on
            Err(end) => panic!("{end}"),
        }
    };
    got.extend(while_let_ok(&mut reader).await);
    assert_eq!((missed, got), (3, vec![4, 5]));
}

/// Keeps two of five messages.
fn hub_of_five() -> Hub<u64> {
    let hub = Hub::new(2);
    for n in 1..=5 {
        hub.try_publish(n).expect("open");
    }
    hub
}

#[tokio::test(start_paused = true)]
async fn one_that_is_waited_for_slows_every_other() {
    let hub = Hub::new(2);
    let mut quick = hub.subscribe(Slow::DropOldest).expect("open");
    let stands_still = hub.subscribe(Slow::Wait).expect("open");
    for n in 1..=2 {
        hub.publish(n).await.expect("open");
        assert_eq!(quick.recv().await, Ok(n));
    }
    assert!(hangs(async { tokio::join!(hub.publish(3), quick.recv()) }).await);

    // A deadline, and then out with whoever missed it.
    if timeout(Duration::from_secs(1), hub.publish(3)).await.is_err() {
        assert_eq!(hub.evict_slow(), 1);
    }
    assert!(!hangs(async { tokio::join!(hub.publish(3), quick.recv()) }).await);
    drop(stands_still);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_keeps_a_handle_never_sees_the_end() {
    async fn serve(hub: Hub<u64>, mut reader: Subscriber<u64>) -> Result<u64, RecvError> {
        let _for_answers = hub;
        reader.recv().await
    }
    let hub = Hub::new(2);
    let reader = hub.subscribe(Slow::Wait).expect("open");
    let serving = serve(hub.clone(), reader);
    drop(hub); // no publisher is left, but a handle is
    assert!(hangs(serving).await);

    let hub = Hub::new(2);
    let reader = hub.subscribe(Slow::Wait).expect("open");
    let serving = serve(hub.clone(), reader);
    hub.close(); // said, not left to the last handle
    assert!(!hangs(serving).await);
}

#[tokio::test]
async fn to_look_first_and_subscribe_then_misses_what_comes_between() {
    let (hub, state) = (Hub::new(4), AtomicUsize::new(0));
    let change = || {
        state.fetch_add(1, SeqCst);
        hub.try_publish(1).expect("open");
    };
    let seen = state.load(SeqCst);
    change(); // between the two
    let mut late = hub.subscribe(Slow::DropOldest).expect("open");
    assert_eq!((seen, late.try_recv()), (0, Err(TryRecvError::NotNow)), "one change is unseen");

    let mut early = hub.subscribe(Slow::DropOldest).expect("open");
    change();
    assert_eq!((state.load(SeqCst), early.try_recv()), (2, Ok(1)), "seen, and told; never missed");
}

#[test]
fn a_large_payload_is_cloned_for_each_unless_it_is_shared() {
    #[derive(Default)]
    struct Large(Arc<AtomicUsize>);
    impl Clone for Large {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, SeqCst);
            Self(Arc::clone(&self.0))
        }
    }
    let clones = Arc::new(AtomicUsize::new(0));
    let hub = Hub::new(2);
    let mut readers: Vec<_> = (0..5).map(|_| hub.subscribe(Slow::Wait).expect("open")).collect();
    hub.try_publish(Large(Arc::clone(&clones))).expect("room");
    for reader in &mut readers {
        drop(reader.try_recv());
    }
    assert_eq!(clones.load(SeqCst), 5);

    let hub = Hub::new(2);
    let mut readers: Vec<_> = (0..5).map(|_| hub.subscribe(Slow::Wait).expect("open")).collect();
    hub.try_publish(Arc::new(Large(Arc::clone(&clones)))).expect("room");
    for reader in &mut readers {
        drop(reader.try_recv());
    }
    assert_eq!(clones.load(SeqCst), 5, "not one more");
}

#[test]
fn a_subscriber_that_is_kept_and_not_read_fills_up() {
    let hub = Hub::new(1);
    let kept = hub.subscribe(Slow::Wait).expect("open"); // "we may need it later"
    hub.try_publish(1).expect("room for one");
    assert_eq!(hub.try_publish(2), Err(TryPublishError::Full(2)));

    drop(kept);
    let last = hub.counts().published; // its number is all one needs to come back
    hub.try_publish(2).expect("open");
    let mut back = hub.subscribe_from(Slow::Wait, Start::After(last)).expect("open");
    assert_eq!(back.try_recv(), Ok(2));
}
