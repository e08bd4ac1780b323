//! Every schedule with few preemptions: the textbook versions fail, the variants hold.
//!
//! The variants are compiled here once more, over the checker's primitives instead of std's. A time
//! limit cannot pass in here, but for one of zero, which has passed already.

#![expect(
    unreachable_pub,
    clippy::reversed_empty_ranges,
    reason = "public items are private here, and threads do not spin"
)]

use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use interleave::{bound, fails, holds, note};
use shuttle::sync::Arc;
use shuttle::sync::mpsc::sync_channel;
use shuttle::thread;

#[path = "models/textbook.rs"]
mod textbook;

mod sync {
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard};
    pub(crate) use shuttle::thread;

    /// The same cell, which the checker cannot look into; that is for `orderings.rs`.
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        pub(crate) fn with<R>(&self, look: impl FnOnce(*const T) -> R) -> R {
            look(self.0.get())
        }

        pub(crate) fn with_mut<R>(&self, change: impl FnOnce(*mut T) -> R) -> R {
            change(self.0.get())
        }
    }

    /// Looking again is a schedule again, and shows nothing new.
    pub(crate) const SPINS: u32 = 0;
    pub(crate) const YIELDS: usize = 0;
    /// The smallest inbox is full most often.
    pub(crate) const INBOX: usize = 1;
    pub(crate) const BLOCK: usize = 32;
}

#[path = "../src/block.rs"]
#[allow(dead_code)]
mod block;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../src/copied.rs"]
#[allow(dead_code)]
mod copied;
#[path = "../src/desk.rs"]
mod desk;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/mailbox.rs"]
#[allow(dead_code)]
mod mailbox;
#[path = "../src/offer.rs"]
mod offer;
#[path = "../src/park.rs"]
mod park;
#[path = "../src/quiet.rs"]
mod quiet;
#[path = "../src/reader.rs"]
#[allow(dead_code)]
mod reader;
#[path = "../src/ring.rs"]
mod ring;
#[path = "../src/room.rs"]
mod room;
#[path = "../src/seats.rs"]
mod seats;
#[path = "../src/sending.rs"]
mod sending;
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
use terms::{Slow, Start};

fn count(name: impl Display, schedules: usize) {
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_broadcast_hub_{name}={schedules}")
        .expect("stderr");
}

/// One look at a future that is then dropped, as a time-out or a `select!` does. What it was ready
/// with.
fn look_and_leave<F: Future>(future: F) -> Option<F::Output> {
    let future = pin!(future);
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn the_textbook_hub_closes_a_channel_twice() {
    let schedule = fails(|| {
        let (events, inbox) = sync_channel(1);
        let (queue, _messages) = sync_channel(1);
        let client = Arc::new(textbook::Client::new(7, queue));
        events.send(textbook::Event::Register(Arc::clone(&client))).expect("the hub listens");
        let hub = thread::spawn(move || textbook::hub(&inbox));
        let leaver = {
            let events = events.clone();
            thread::spawn(move || {
                note!("the client leaves");
                events.send(textbook::Event::Unregister(client)).expect("the hub listens");
            })
        };
        for message in 1..=2 {
            note!("broadcasts {message}");
            events.send(textbook::Event::Broadcast(message)).expect("the hub listens");
        }
        drop(events);
        leaver.join().expect("no panic");
        hub.join().expect("no panic");
    });
    schedule.matches("tests/schedules/textbook_closes_twice.txt");
}

/// Three messages, room for two, and a reader.
fn publish_and_read(read: fn(&mut lock::Subscriber<u64>) -> Vec<u64>) {
    let hub = lock::Hub::new(2);
    let mut subscriber = hub.subscribe(Slow::DropOldest).expect("open");
    let reader = thread::spawn(move || {
        let all = read(&mut subscriber);
        note!("it is over, after {all:?}");
        all
    });
    for message in 1..=3 {
        hub.try_publish(message).expect("open");
        note!("publishes {message}");
    }
    drop(hub);
    let all = reader.join().expect("no panic");
    assert!(all.last() == Some(&3), "the last message was never read");
}

#[test]
fn a_loop_over_ok_takes_a_lag_for_the_end() {
    let schedule = fails(|| publish_and_read(textbook::read_all));
    schedule.matches("tests/schedules/lag_taken_for_the_end.txt");
    count("lag_is_no_end", holds(bound(2), || publish_and_read(textbook::read_to_the_end)));
}

macro_rules! models {
    ($module:ident, $variant:ident, $bound:literal) => {
        mod $module {
            use super::*;
            use crate::$variant::{Hub, Subscriber};

            /// What a reader gets to the end, and how many it was told it misses.
            fn drain(mut reader: Subscriber<u64>) -> (Vec<u64>, u64) {
                let (mut got, mut missed) = (Vec::new(), 0);
                loop {
                    match reader.recv_blocking() {
                        Ok(message) => got.push(message),
                        Err(RecvError::Lagged(n)) => missed += n,
                        Err(RecvError::Closed) => return (got, missed),
                        Err(RecvError::Evicted) => panic!("nobody is evicted here"),
                    }
                }
            }

            #[test]
            fn a_publisher_waits_and_nothing_is_lost() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let reader = hub.subscribe(Slow::Wait).expect("open");
                    let reader = thread::spawn(move || drain(reader));
                    for n in 1..=3 {
                        assert_eq!(hub.publish_blocking(n).expect("open"), n);
                    }
                    drop(hub);
                    assert_eq!(reader.join().expect("no panic"), (vec![1, 2, 3], 0));
                });
                count(concat!(stringify!($variant), "_lossless"), schedules);
            }

            #[test]
            fn what_is_missed_is_told() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let reader = hub.subscribe(Slow::DropOldest).expect("open");
                    let reader = thread::spawn(move || drain(reader));
                    for n in 1..=3 {
                        hub.try_publish(n).expect("nobody to wait for");
                    }
                    drop(hub);
                    let (got, missed) = reader.join().expect("no panic");
                    assert_eq!(got.len() as u64 + missed, 3, "{got:?}");
                    assert!(got.is_sorted() && got.last() == Some(&3), "{got:?}");
                });
                count(concat!(stringify!($variant), "_missed"), schedules);
            }

            #[test]
            fn who_leaves_while_being_evicted_goes_once() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let client = hub.subscribe(Slow::Evict).expect("open");
                    let leaver = thread::spawn(move || drop(client));
                    for n in 1..=2 {
                        hub.try_publish(n).expect("nobody to wait for");
                    }
                    leaver.join().expect("no panic");
                    let counts = hub.counts();
                    assert_eq!(counts.left + counts.evicted, 1, "{counts:?}");
                });
                count(concat!(stringify!($variant), "_leave"), schedules);
            }

            #[test]
            fn who_reads_while_being_evicted_is_in_or_out() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let mut client = hub.subscribe(Slow::Evict).expect("open");
                    hub.try_publish(1).expect("room");
                    let reader = thread::spawn(move || (client.try_recv(), client));
                    hub.try_publish(2).expect("nobody to wait for");
                    let (first, mut client) = reader.join().expect("no panic");
                    let second = client.try_recv();
                    let evicted = Err(TryRecvError::Evicted);
                    match hub.counts().evicted {
                        0 => assert_eq!((first, second), (Ok(1), Ok(2))),
                        _ => assert!(second == evicted && (first == Ok(1) || first == evicted)),
                    }
                });
                count(concat!(stringify!($variant), "_evicted"), schedules);
            }

            #[test]
            fn a_wait_may_be_cancelled_at_any_moment() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let mut reader = hub.subscribe(Slow::Wait).expect("open");
                    let canceller = thread::spawn(move || {
                        let first = look_and_leave(reader.recv());
                        (first, reader.recv_blocking())
                    });
                    hub.publish_blocking(1).expect("open");
                    hub.publish_blocking(2).expect("open");
                    let got = canceller.join().expect("no panic");
                    assert!(got == (None, Ok(1)) || got == (Some(Ok(1)), Ok(2)), "{got:?}");
                });
                count(concat!(stringify!($variant), "_cancel"), schedules);
            }

            #[test]
            fn a_publish_may_be_given_up_at_any_moment() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let mut reader = hub.subscribe(Slow::Wait).expect("open");
                    hub.try_publish(1).expect("room");
                    let publisher = {
                        let hub = hub.clone();
                        thread::spawn(move || {
                            let _ = look_and_leave(hub.publish(2));
                            hub.publish_timeout(3, Duration::ZERO).is_ok()
                        })
                    };
                    assert_eq!(reader.recv_blocking(), Ok(1));
                    let published = publisher.join().expect("no panic");
                    drop(hub);
                    let (got, _) = drain(reader);
                    assert_eq!(got.contains(&3), published, "{got:?}");
                    assert!(got.is_sorted() && got.iter().all(|n| [2, 3].contains(n)), "{got:?}");
                });
                count(concat!(stringify!($variant), "_give_up"), schedules);
            }

            #[test]
            fn close_wakes_everybody() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let slow = hub.subscribe(Slow::Wait).expect("open");
                    hub.try_publish(1).expect("room");
                    let mut sleeper = hub.subscribe(Slow::Wait).expect("open");
                    let sleeper = thread::spawn(move || sleeper.recv_blocking());
                    let publisher = {
                        let hub = hub.clone();
                        thread::spawn(move || hub.publish_blocking(2).map_err(|it| it.into_inner()))
                    };
                    hub.close();
                    assert_eq!(sleeper.join().expect("no panic"), Err(RecvError::Closed));
                    assert_eq!(publisher.join().expect("no panic"), Err(2));
                    assert_eq!(drain(slow), (vec![1], 0));
                });
                count(concat!(stringify!($variant), "_close"), schedules);
            }

            #[test]
            fn joining_while_messages_come_makes_no_gap() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(4);
                    let publisher = {
                        let hub = hub.clone();
                        thread::spawn(move || {
                            for n in 1..=3 {
                                hub.try_publish(n).expect("nobody to wait for");
                            }
                        })
                    };
                    let reader = hub.subscribe_from(Slow::DropOldest, Start::Last(1));
                    let reader = reader.expect("open");
                    let began = reader.last_seq();
                    publisher.join().expect("no panic");
                    drop(hub);
                    assert_eq!(drain(reader), ((began + 1..=3).collect(), 0));
                });
                count(concat!(stringify!($variant), "_join"), schedules);
            }

            #[test]
            fn who_is_evicted_or_leaves_lets_publishers_go_on() {
                let schedules = holds(bound($bound), || {
                    let hub = Hub::new(1);
                    let stuck = hub.subscribe(Slow::Wait).expect("open");
                    let leaves = hub.subscribe(Slow::Wait).expect("open");
                    hub.try_publish(1).expect("room");
                    let publisher = {
                        let hub = hub.clone();
                        thread::spawn(move || hub.publish_blocking(2).expect("open"))
                    };
                    let leaver = thread::spawn(move || drop(leaves));
                    let mut evicted = 0;
                    while evicted == 0 || hub.counts().subscribers() > 0 {
                        evicted += hub.evict_slow();
                    }
                    leaver.join().expect("no panic");
                    assert_eq!(publisher.join().expect("no panic"), 2);
                    let counts = hub.counts();
                    assert_eq!((counts.evicted, counts.left), (evicted as u64, 2 - counts.evicted));
                    drop(stuck);
                    assert_eq!(hub.counts().left, counts.left, "it left when it was evicted");
                });
                count(concat!(stringify!($variant), "_evict_slow"), schedules);
            }
        }
    };
}

models!(channel_models, channel, 1);
models!(lock_models, lock, 3);

#[path = "models/lock_crowds.rs"]
mod lock_crowds;
// What the third promises.
#[path = "models/copied_models.rs"]
mod copied_models;
