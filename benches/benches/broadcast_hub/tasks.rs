//! The body with tasks: a task publishes a burst and yields, and each subscriber is a task that
//! waits for messages. All run on one thread, so after a turn of the publisher everybody has one.
//! A time is for a delivery.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use benches::Contender as Entry;
use tokio::runtime::Builder;
use tokio::sync::Barrier;
use tokio::task::{JoinSet, yield_now};

use crate::contender::Tasks;
use crate::memory;

/// Messages that are published before anybody else has a turn: fewer than tokio lets a task receive
/// in one go.
const BURST: u64 = 16;

/// Messages take turns with `subscribers` tasks.
pub(crate) fn tasks<'a, H: Tasks>(name: &'static str, subscribers: usize) -> Entry<'a> {
    let room = OnceCell::new();
    let new = move || {
        let fill = |room| full::<H>(room, subscribers);
        H::new(*room.get_or_init(|| memory::room(name, subscribers, 64, fill)), subscribers)
    };
    let time = move |operations: u64| {
        let bursts = operations.div_ceil(BURST * subscribers as u64);
        let time = block_on(async { deliver::<H>(new(), bursts).await });
        time.mul_f64(operations as f64 / (bursts * BURST * subscribers as u64) as f64)
    };
    let rehearse = move || {
        // Each number was checked, so nothing more is to be seen.
        block_on(async { deliver::<H>(H::new(64, subscribers), 20).await });
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().build().expect("a runtime without a driver").block_on(work)
}

/// From the first burst until the last subscriber has all.
async fn deliver<H: Tasks>(
    (mut hub, subscribers): (H, Vec<H::Subscriber>),
    bursts: u64,
) -> Duration {
    let deliveries = subscribers.len() as u64 * BURST;
    let gate = Arc::new(Barrier::new(subscribers.len() + 1));
    let received = Arc::new(AtomicU64::new(0));
    let mut readers = JoinSet::new();
    for mut subscriber in subscribers {
        let (gate, received) = (Arc::clone(&gate), Arc::clone(&received));
        readers.spawn(async move {
            gate.wait().await;
            for burst in 0..bursts {
                for number in burst * BURST..(burst + 1) * BURST {
                    let message = H::receive(&mut subscriber).await;
                    assert_eq!(message, number, "a message is missing or out of order");
                }
                received.fetch_add(BURST, Relaxed);
            }
        });
    }
    gate.wait().await;
    let publisher = tokio::spawn(async move {
        let start = Instant::now();
        for burst in 0..bursts {
            for number in burst * BURST..(burst + 1) * BURST {
                hub.publish(number).await;
            }
            // One turn is enough, unless somebody else's thread wakes the subscribers.
            while {
                yield_now().await;
                received.load(Relaxed) < (burst + 1) * deliveries
            } {}
        }
        (start, hub)
    });
    readers.join_all().await;
    let end = Instant::now();
    let (start, _hub) = publisher.await.expect("no panic");
    end - start
}

/// A hub in which nothing has been taken yet.
fn full<H: Tasks>(room: usize, subscribers: usize) -> (H, Vec<H::Subscriber>) {
    let (mut hub, readers) = H::new(room, subscribers);
    futures_util::FutureExt::now_or_never(async {
        let count = if H::WHOLE { 0 } else { room as u64 };
        for number in 0..count {
            hub.publish(number).await;
        }
    })
    .expect("there is room");
    (hub, readers)
}
