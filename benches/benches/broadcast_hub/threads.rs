//! The body with threads: one publishes and the others receive, for a while, and nothing is lost.
//! A time is for a delivery.

use std::cell::OnceCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use std::{fs, thread};

use benches::{Contender as Entry, Load, Race, race};

use crate::contender::Threads;
use crate::memory;

/// How long numbers flow for one figure.
const HEAT: Duration = Duration::from_millis(25);

/// How long an iteration seems to take. Criterion then asks for hundreds at a time, and a time in
/// whole nanoseconds is fine enough.
const PACE: Duration = Duration::from_micros(100);

/// The publisher looks this often whether its time is up.
const STRIDE: u64 = 64;

/// `subscribers` threads, and one that publishes.
pub(crate) fn threads<'a, H: Threads + 'a>(name: &'static str, subscribers: usize) -> Entry<'a> {
    let room = OnceCell::new();
    let new = move || {
        let fill = |room| full::<H>(room, subscribers);
        H::new(*room.get_or_init(|| memory::room(name, subscribers, 64, fill)), subscribers)
    };
    let new = std::rc::Rc::new(new);
    let rehearse = {
        let new = std::rc::Rc::clone(&new);
        move || Some(heat::<H>(new(), HEAT).1)
    };
    let time = move |operations: u64| {
        let limit = HEAT.min(PACE.mul_f64(operations as f64));
        heat::<H>(new(), limit).0.time_of(operations)
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

enum Role<H: Threads> {
    Publisher(H),
    Subscriber(H::Subscriber),
}

/// Numbers flow until the time is up and all that were published have arrived.
fn heat<H: Threads>((hub, readers): (H, Vec<H::Subscriber>), limit: Duration) -> (Race, Load) {
    let count = readers.len() as u64;
    let mut roles: Vec<Role<H>> = readers.into_iter().map(Role::Subscriber).collect();
    roles.push(Role::Publisher(hub));
    let threads = roles.len();
    let roles = Mutex::new(roles);
    let (published, slept) = (AtomicU64::new(0), AtomicU64::new(0));
    let run = race(threads, limit, |stop| {
        let role = roles.lock().unwrap().pop().expect("a role for each");
        let before = sleeps();
        let received = match role {
            Role::Publisher(hub) => {
                published.store(publish(hub, stop), Relaxed);
                0
            }
            Role::Subscriber(reader) => receive::<H>(reader),
        };
        slept.fetch_add(sleeps() - before, Relaxed);
        received
    });
    let deliveries = published.into_inner() * count;
    assert_eq!(run.operations, deliveries, "a delivery is missing");
    let share = deliveries.max(1) as f64;
    let cpu_ns = run.cpu.as_nanos() as f64 / share;
    (run, Load { waited: slept.into_inner() as f64 / share, cpu_ns })
}

fn publish<H: Threads>(mut hub: H, stop: &AtomicBool) -> u64 {
    let mut next = 0;
    while !stop.load(Relaxed) {
        for number in next..next + STRIDE {
            hub.publish(number);
        }
        next += STRIDE;
    }
    hub.flush();
    next
}

/// Each number, in order.
fn receive<H: Threads>(mut reader: H::Subscriber) -> u64 {
    let mut next = 0;
    let mut take = |number| {
        assert_eq!(number, next, "a message is missing or out of order");
        next += 1;
    };
    while H::receive(&mut reader, &mut take) {}
    next
}

/// How often this thread has slept. Zero where the system does not tell.
fn sleeps() -> u64 {
    thread::yield_now(); // the kernel brings the figure up to date when a thread is rescheduled
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    sleeps.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// A hub in which nothing has been taken yet.
fn full<H: Threads>(room: usize, subscribers: usize) -> (H, Vec<H::Subscriber>) {
    let (mut hub, readers) = H::new(room, subscribers);
    (0..room as u64).for_each(|number| hub.publish(number));
    hub.flush();
    (hub, readers)
}
