//! What the third promises.

use super::*;
use crate::copied::Hub;

#[test]
fn a_value_is_whole_or_reported_missing() {
    let schedules = holds(bound(2), || {
        let hub: Hub<[u64; 2], 2> = Hub::new(1);
        let mut reader = hub.subscribe().expect("open");
        let reader = thread::spawn(move || {
            let (mut got, mut missed) = (Vec::new(), 0);
            loop {
                match reader.recv_blocking() {
                    Ok([one, other]) => {
                        assert_eq!(one, other, "two halves of one value");
                        got.push(one);
                    }
                    Err(RecvError::Lagged(n)) => missed += n,
                    Err(end) => break assert_eq!(end, RecvError::Closed),
                }
            }
            (got, missed)
        });
        for n in 1..=4 {
            hub.try_publish([n, n]).expect("open");
        }
        drop(hub);
        let (got, missed) = reader.join().expect("no panic");
        assert_eq!(got.len() as u64 + missed, 4, "{got:?}");
        assert!(got.is_sorted() && got.last() == Some(&4), "{got:?}");
    });
    count("copied_whole", schedules);
}

#[test]
fn a_batch_is_whole_or_reported_missing() {
    let schedules = holds(bound(2), || {
        let hub: Hub<u64> = Hub::new(2);
        let mut reader = hub.subscribe().expect("open");
        for n in 1..=2 {
            hub.try_publish(n).expect("open");
        }
        // Comes round to the first while the batch is copied.
        let publisher = thread::spawn(move || {
            for n in 3..=5 {
                hub.try_publish(n).expect("open");
            }
        });
        let (mut got, mut missed) = (Vec::new(), 0);
        loop {
            let before = (got.len(), reader.last_seq());
            match reader.recv_many_blocking(&mut got, 3) {
                Ok(taken) => {
                    let numbers = before.1 + 1..=before.1 + taken as u64;
                    assert!(numbers.eq(got[before.0..].iter().copied()), "{got:?}");
                }
                Err(RecvError::Lagged(n)) => missed += n,
                Err(_) => break,
            }
        }
        publisher.join().expect("no panic");
        assert_eq!(got.len() as u64 + missed, 5);
    });
    count("copied_batch", schedules);
}

#[test]
fn two_publishers_and_a_sleeper_miss_nothing() {
    let schedules = holds(bound(2), || {
        let hub: Hub<u64> = Hub::new(4);
        let mut reader = hub.subscribe().expect("open");
        let reader = thread::spawn(move || [(); 2].map(|()| reader.recv_blocking()));
        let other = {
            let hub = hub.clone();
            thread::spawn(move || hub.try_publish(1).expect("open"))
        };
        hub.try_publish(2).expect("open");
        other.join().expect("no panic");
        let got = reader.join().expect("no panic");
        assert!(got == [Ok(1), Ok(2)] || got == [Ok(2), Ok(1)], "{got:?}");
    });
    count("copied_publishers", schedules);
}

#[test]
fn close_wakes_everybody() {
    let schedules = holds(bound(2), || {
        let hub: Hub<u64> = Hub::new(1);
        let readers = [(); 2].map(|()| {
            let mut reader = hub.subscribe().expect("open");
            thread::spawn(move || (look_and_leave(reader.recv()), reader.recv_blocking()))
        });
        hub.close();
        for reader in readers {
            let (first, second) = reader.join().expect("no panic");
            assert!(first.is_none_or(|first| first == Err(RecvError::Closed)));
            assert_eq!(second, Err(RecvError::Closed));
        }
    });
    count("copied_close", schedules);
}
