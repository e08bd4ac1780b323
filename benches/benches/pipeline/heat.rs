//! The body that is timed: numbers flow for a while. Creating threads and ending them is not part of
//! it: the clock runs in the sink, from the first number to the last.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use benches::{Contender as Entry, Heat as Timed};

use crate::contender::{Crew, Row};
use crate::work::microsecond;

/// What may lie in one queue.
pub(crate) const CAPACITY: usize = 1024;

/// How long numbers flow for one figure.
pub(crate) const HEAT: Duration = Duration::from_millis(25);

/// How long an iteration seems to take. Criterion then asks for hundreds at a time, and a time in
/// whole nanoseconds is fine enough.
const PACE: Duration = Duration::from_micros(100);

/// The source looks at the clock this often, and ends only there.
const STRIDE: u64 = 1024;

/// Set in the last number.
const LAST: u64 = 1 << 63;

/// Numbers cross `hops` queues in a row of threads.
pub(crate) fn hops<'a, R: Row + 'a>(name: &'static str, hops: usize) -> Entry<'a> {
    let time = move |operations| {
        let heat = row::<R>(hops, limit_of(operations));
        heat.note();
        heat.time_of(operations)
    };
    let rehearse = move || {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let count = 100 * STRIDE;
        R::run(hops, CAPACITY, 0..count, |n| n + 1, move |n| sink.lock().unwrap().push(n));
        let last = hops as u64 - 1;
        assert!(seen.lock().unwrap().iter().copied().eq(last..count + last), "each, in order");
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

fn row<R: Row>(hops: usize, limit: Duration) -> Heat {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let step = {
        let tally = Arc::clone(&tally);
        move |number| {
            if number >= LAST {
                tally.lock().unwrap().add(Busy::of_this_thread()); // born for this heat
            }
            number + 1
        }
    };
    let sink = Sink::new(&tally, hops as u64 - 1);
    R::run(hops, CAPACITY, Numbers::new(limit, &tally), step, sink.into_closure());
    let heat = tally.lock().unwrap().heat.take();
    heat.expect("the last number arrived")
}

/// `workers` threads do the same work between a source and a sink.
pub(crate) fn crew<'a, C: Crew + 'a>(
    name: &'static str,
    workers: usize,
    in_order: bool,
) -> Entry<'a> {
    let work = microsecond;
    let run = move |limit: Duration| {
        let numbers = Numbers::new(limit, &Arc::default());
        let (first, count) = (Arc::new(OnceLock::new()), Arc::new(AtomicU64::new(0)));
        let sink = (Arc::clone(&first), Arc::clone(&count));
        C::run(
            workers,
            CAPACITY,
            numbers,
            move |n| work(n & !LAST),
            move |_| {
                sink.0.get_or_init(Instant::now);
                sink.1.fetch_add(1, Relaxed);
            },
        );
        // Nobody knows which will be last, so the threads' end is part of it.
        let time = first.get().expect("a number").elapsed();
        Heat { count: count.load(Relaxed), time, busy: Busy::default() }
    };
    let rehearse = move || {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        C::run(workers, CAPACITY, 0..STRIDE, work, move |n| sink.lock().unwrap().push(n));
        let mut seen = std::mem::take(&mut *seen.lock().unwrap());
        let mut all: Vec<_> = (0..STRIDE).map(work).collect();
        if !in_order {
            seen.sort_unstable();
            all.sort_unstable();
        }
        assert_eq!(seen, all, "each once");
        None
    };
    let time = move |operations| run(limit_of(operations)).time_of(operations);
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

pub(crate) fn limit_of(operations: u64) -> Duration {
    HEAT.min(PACE.mul_f64(operations as f64))
}

/// What flowed, and how long it took.
#[derive(Debug)]
pub(crate) struct Heat {
    pub(crate) count: u64,
    pub(crate) time: Duration,
    pub(crate) busy: Busy,
}

impl Heat {
    /// The time that so many numbers take at this pace.
    pub(crate) fn time_of(&self, numbers: u64) -> Duration {
        self.time.mul_f64(numbers as f64 / self.count as f64)
    }

    /// For the columns beside the time.
    fn note(&self) {
        let Self { count, busy, .. } = *self;
        benches::note(Timed { operations: count, cpu: busy.cpu, waited: Some(busy.sleeps) });
    }
}

/// What the threads of a row note down when the last number passes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    busy: Busy,
    heat: Option<Heat>,
}

impl Tally {
    fn add(&mut self, busy: Busy) {
        self.busy.cpu += busy.cpu;
        self.busy.sleeps += busy.sleeps;
    }

    pub(crate) fn take(&mut self) -> Option<Heat> {
        self.heat.take()
    }
}

/// What a thread has run, and how often it slept. Zero where the system does not tell.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Busy {
    cpu: Duration,
    sleeps: u64,
}

impl Busy {
    fn of_this_thread() -> Self {
        // The kernel brings the figure up to date when a thread is rescheduled.
        thread::yield_now();
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        let spent = read("/proc/thread-self/schedstat");
        let cpu = spent.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
        let status = read("/proc/thread-self/status");
        let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let sleeps = sleeps.and_then(|count| count.trim().parse().ok()).unwrap_or(0);
        Self { cpu: Duration::from_nanos(cpu), sleeps }
    }

    fn since(self, then: Self) -> Self {
        let cpu = self.cpu.saturating_sub(then.cpu);
        Self { cpu, sleeps: self.sleeps.saturating_sub(then.sleeps) }
    }
}

/// Numbers from zero on, until the time is up.
pub(crate) struct Numbers {
    next: u64,
    is_over: bool,
    limit: Duration,
    started: Option<(Busy, Instant)>,
    tally: Arc<Mutex<Tally>>,
}

impl Numbers {
    pub(crate) fn new(limit: Duration, tally: &Arc<Mutex<Tally>>) -> Self {
        Self { next: 0, is_over: false, limit, started: None, tally: Arc::clone(tally) }
    }

    /// At the end of each stride.
    #[cold]
    fn look(&mut self) {
        let (busy, since) =
            *self.started.get_or_insert_with(|| (Busy::of_this_thread(), Instant::now()));
        self.is_over = since.elapsed() >= self.limit;
        if self.is_over {
            self.tally.lock().unwrap().add(Busy::of_this_thread().since(busy));
        }
    }
}

impl Iterator for Numbers {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        if self.is_over {
            return None;
        }
        let number = self.next;
        self.next += 1;
        if self.next.is_multiple_of(STRIDE) {
            self.look();
        }
        Some(if self.is_over { number | LAST } else { number })
    }
}

/// Adds the numbers up, and knows what the sum must be.
pub(crate) struct Sink {
    sum: u64,
    /// What the stages before it have added to each number.
    added: u64,
    started: Option<(Busy, Instant)>,
    tally: Arc<Mutex<Tally>>,
}

impl Sink {
    pub(crate) fn new(tally: &Arc<Mutex<Tally>>, added: u64) -> Self {
        Self { sum: 0, added, started: None, tally: Arc::clone(tally) }
    }

    pub(crate) fn into_closure(mut self) -> impl FnMut(u64) + Send + 'static {
        move |number| self.take(number)
    }

    #[inline]
    pub(crate) fn take(&mut self, number: u64) {
        if self.started.is_none() {
            self.started = Some((Busy::of_this_thread(), Instant::now()));
        }
        self.sum = self.sum.wrapping_add(number);
        if number >= LAST {
            self.end(number);
        }
    }

    #[cold]
    fn end(&mut self, last: u64) {
        let (busy, since) = self.started.expect("the first came before the last");
        let time = since.elapsed();
        let count = last - LAST - self.added + 1;
        let sum = self.sum.wrapping_sub(LAST + count * self.added);
        assert_eq!(sum, (0..count).sum::<u64>(), "a number is missing or came twice");
        let mut tally = self.tally.lock().unwrap();
        tally.add(Busy::of_this_thread().since(busy));
        tally.heat = Some(Heat { count, time, busy: tally.busy });
    }
}
