//! The orderings weaker than `SeqCst`: loom tries what the processor and the compiler may do, not
//! only every schedule, and sees each access to a slot that nothing orders.
//!
//! The sequence lock of `copied`, and the blocks, the counter and the seats of `lock`. The channel
//! variant has mutexes and channels only.

#![expect(unreachable_pub, reason = "public items are private here")]
#![expect(clippy::reversed_empty_ranges, reason = "nobody looks twice")]

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::thread;

#[path = "orderings/world.rs"]
mod sync;

#[path = "../src/block.rs"]
#[allow(dead_code)]
mod block;
#[path = "../src/copied.rs"]
#[allow(dead_code)]
mod copied;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/park.rs"]
#[allow(dead_code)]
mod park;
#[path = "../src/quiet.rs"]
mod quiet;
#[path = "../src/reader.rs"]
#[allow(dead_code)]
mod reader;
#[path = "../src/ring.rs"]
mod ring;
#[path = "../src/seats.rs"]
mod seats;
#[path = "../src/shared.rs"]
mod shared;
#[path = "../src/sleepers.rs"]
mod sleepers;
#[path = "../src/surface.rs"]
mod surface;
#[path = "../src/tape.rs"]
mod tape;
#[path = "../src/terms.rs"]
#[allow(dead_code)]
mod terms;
#[path = "../src/topics.rs"]
mod topics;
#[path = "../src/words.rs"]
mod words;

use error::{RecvError, TryRecvError};
use terms::Slow;

/// Runs the scenario under every order with so many preemptions, and says how many there are.
fn explore(name: &str, preemptions: usize, scenario: impl Fn() + Sync + Send + 'static) {
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interleave::bound(preemptions));
    model.check(move || {
        counted.fetch_add(1, Relaxed);
        scenario();
    });
    let runs = runs.load(Relaxed);
    assert!(runs > 20, "{name}: {runs} runs are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT orderings_broadcast_hub_{name}={runs}").expect("stderr");
}

/// Values of two words, which show when they do not belong together.
type Pairs = copied::Hub<[u64; 2], 2>;

/// What can be read now, until there is nothing or the end; each is whole. How many were missed.
fn read_whole(reader: &mut copied::Subscriber<[u64; 2], 2>) -> (Vec<u64>, u64) {
    let (mut got, mut missed) = (Vec::new(), 0);
    loop {
        match reader.try_recv() {
            Ok([one, other]) => {
                assert_eq!(one, other, "two halves of one value");
                assert_eq!(one, reader.last_seq(), "the value of another number");
                got.push(one);
            }
            Err(TryRecvError::Lagged(n)) => missed += n,
            Err(_) => return (got, missed),
        }
    }
}

#[test]
fn a_copied_value_is_whole() {
    explore("whole", 3, || {
        let hub = Pairs::new(1);
        let mut reader = hub.subscribe().expect("open");
        hub.try_publish([1, 1]).expect("open");
        let thread = thread::spawn(move || {
            let seen = read_whole(&mut reader);
            (seen, reader)
        });
        for n in 2..=3 {
            hub.try_publish([n, n]).expect("open");
        }
        let ((first, missed), mut reader) = thread.join().expect("no panic");
        let (rest, more) = read_whole(&mut reader);
        assert_eq!((first.len() + rest.len()) as u64 + missed + more, 3);
    });
}

#[test]
fn a_copied_batch_is_whole() {
    explore("batch", 3, || {
        let hub: copied::Hub<u64> = copied::Hub::new(2);
        let mut reader = hub.subscribe().expect("open");
        hub.try_publish(1).expect("open");
        let thread = thread::spawn(move || {
            let (mut batch, first) = (Vec::new(), reader.last_seq() + 1);
            match reader.try_recv_many(&mut batch, 2) {
                Ok(count) => assert_eq!(batch, (first..first + count as u64).collect::<Vec<_>>()),
                Err(error) => assert!(matches!(error, TryRecvError::Lagged(_)), "{error}"),
            }
        });
        for n in 2..=5 {
            hub.try_publish(n).expect("open");
        }
        thread.join().expect("no panic");
    });
}

#[test]
fn copied_publishers_follow_each_other() {
    explore("publishers", 2, || {
        let hub = Pairs::new(3);
        let mut reader = hub.subscribe().expect("open");
        let other = hub.clone();
        let thread = thread::spawn(move || other.try_publish([1, 10]).expect("open"));
        let ours = hub.try_publish([2, 20]).expect("open");
        let theirs = thread.join().expect("no panic");
        assert_eq!(ours + theirs, 3, "each has a number of its own");
        let got = [reader.try_recv(), reader.try_recv()];
        let expected = if ours == 1 { [[2, 20], [1, 10]] } else { [[1, 10], [2, 20]] };
        assert_eq!(got, expected.map(Ok));
    });
}

#[test]
fn a_copied_value_wakes_who_sleeps() {
    explore("copied_sleep", 3, || {
        let hub: copied::Hub<u64> = copied::Hub::new(2);
        let mut reader = hub.subscribe().expect("open");
        let thread = thread::spawn(move || [(); 2].map(|()| reader.recv_blocking()));
        hub.try_publish(7).expect("open");
        drop(hub); // closes
        assert_eq!(thread.join().expect("no panic"), [Ok(7), Err(RecvError::Closed)]);
    });
}

#[test]
fn what_is_read_of_the_ring_was_written_before() {
    explore("ring", 2, || {
        let hub = lock::Hub::new(2);
        let mut reader = hub.subscribe(Slow::DropOldest).expect("open");
        let thread = thread::spawn(move || {
            let (mut got, mut missed) = (Vec::new(), 0);
            for _ in 0..3 {
                if let Err(TryRecvError::Lagged(n)) = reader.try_recv_many(&mut got, 8) {
                    missed += n;
                }
            }
            assert!(got.is_sorted() && got.len() as u64 + missed == reader.last_seq(), "{got:?}");
        });
        for n in 1..=4 {
            hub.try_publish(n).expect("open");
        }
        thread.join().expect("no panic");
    });
}

#[test]
fn a_block_is_read_while_it_is_filled() {
    explore("block", 3, || {
        let mut writer = block::Writer::new(0, 3);
        let block = sync::Arc::clone(writer.block());
        let read = move || block.from(0).copied().collect::<Vec<u64>>();
        let thread = thread::spawn(move || [read(), read()]);
        for n in 1..=3 {
            writer.push(n);
        }
        for got in thread.join().expect("no panic") {
            assert!(got.iter().copied().eq(1..=got.len() as u64), "{got:?}");
        }
    });
}

#[test]
fn a_message_in_the_ring_wakes_who_sleeps() {
    explore("lock_sleep", 3, || {
        let hub = lock::Hub::new(2);
        let mut reader = hub.subscribe(Slow::DropOldest).expect("open");
        let thread = thread::spawn(move || [(); 2].map(|()| reader.recv_blocking()));
        hub.try_publish(7).expect("open");
        drop(hub); // closes
        assert_eq!(thread.join().expect("no panic"), [Ok(7), Err(RecvError::Closed)]);
    });
}

#[test]
fn room_that_is_made_is_seen_by_who_waits_for_it() {
    explore("room", 3, || {
        let hub = lock::Hub::new(1);
        let mut reader = hub.subscribe(Slow::Wait).expect("open");
        hub.try_publish(1).expect("room for one");
        let thread = thread::spawn(move || {
            assert_eq!(reader.try_recv(), Ok(1));
            reader
        });
        assert_eq!(hub.publish_blocking(2), Ok(2));
        let mut reader = thread.join().expect("no panic");
        assert_eq!(reader.try_recv(), Ok(2));
    });
}

#[test]
fn who_is_evicted_is_told_that_and_not_of_a_lag() {
    explore("evicted", 3, || {
        let hub = lock::Hub::new(1);
        let mut reader = hub.subscribe(Slow::Evict).expect("open");
        hub.try_publish(1).expect("room for one");
        let thread = thread::spawn(move || {
            let mut got = Vec::new();
            for _ in 0..3 {
                match reader.try_recv() {
                    Ok(message) => got.push(message),
                    Err(error) => assert!(!matches!(error, TryRecvError::Lagged(_)), "{error}"),
                }
            }
            assert!(got.iter().copied().eq(1..=got.len() as u64), "a gap: {got:?}");
        });
        for n in 2..=3 {
            hub.try_publish(n).expect("nobody to wait for");
        }
        thread.join().expect("no panic");
    });
}
