//! The bodies that are timed, the same for every contender. One thread hands jobs out, as in the
//! most common use of a pool. A job holds two words, so that it must be put somewhere: a closure
//! that holds nothing costs no allocation in a `Box`, and would flatter those who use one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{Contender as Entry, Meter};

use crate::contender::{CAPACITY, Contender, Replies, Work};
use crate::rehearsal;
use crate::tally::TALLY;
use crate::work;

/// How long a heat lasts: many turns of the scheduler.
pub(crate) const HEAT: Duration = Duration::from_millis(25);

/// Enough jobs for every worker to have come out of its start.
const WARM_UP: u64 = 2_000;

/// One thread hands out jobs that do nothing, and waits until all are done.
pub(crate) fn empty<'a, C: Contender>(name: &'static str, workers: usize) -> Entry<'a> {
    stream::<C>(name, workers, || ())
}

/// The same with jobs that work for a microsecond.
pub(crate) fn working<'a, C: Contender>(name: &'static str, workers: usize) -> Entry<'a> {
    work::prepare();
    stream::<C>(name, workers, work::one_microsecond)
}

fn stream<'a, C: Contender>(name: &'static str, workers: usize, work: impl Work) -> Entry<'a> {
    let time = move |operations| {
        let (pool, meter) = (warm::<C>(workers), Meter::start());
        let (before, start) = (TALLY.now(), Instant::now());
        hand_out(&pool, operations, work);
        let sum = TALLY.wait(&before, operations);
        let time = start.elapsed();
        meter.note(operations);
        assert_eq!(sum, sum_below(operations), "a job is missing");
        time
    };
    let rehearse = move || Some(rehearsal::stream::<C>(workers, work));
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// One thread hands out as many jobs as fit into the queue, then collects their results in order.
pub(crate) fn handles<'a, C: Replies>(name: &'static str, workers: usize) -> Entry<'a> {
    let time = move |operations: u64| {
        let (pool, mut handles) = (warm::<C>(workers), Vec::with_capacity(CAPACITY));
        let (mut next, mut sum, meter) = (0, 0_u64, Meter::start());
        let start = Instant::now();
        while next < operations {
            let batch = next..operations.min(next + CAPACITY as u64);
            next = batch.end;
            handles.extend(batch.map(|number| pool.submit(reply(number))));
            let results = handles.drain(..).map(|handle| pool.join(handle));
            sum = results.fold(sum, u64::wrapping_add);
        }
        let time = start.elapsed();
        meter.note(operations);
        assert_eq!(sum, sum_below(operations), "a result is missing");
        time
    };
    let rehearse = move || Some(rehearsal::handles::<C>(workers));
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// One thread hands out one job and waits for its result before it hands out the next.
pub(crate) fn round_trips<'a, C: Replies>(name: &'static str, workers: usize) -> Entry<'a> {
    let time = move |operations| {
        let (pool, meter) = (warm::<C>(workers), Meter::start());
        let start = Instant::now();
        let results = (0..operations).map(|number| pool.join(pool.submit(reply(number))));
        let sum = results.fold(0, u64::wrapping_add);
        let time = start.elapsed();
        meter.note(operations);
        assert_eq!(sum, sum_below(operations), "a result is missing");
        time
    };
    let rehearse = move || Some(rehearsal::round_trips::<C>(workers));
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// A pool whose threads are there and have worked.
pub(crate) fn warm<C: Contender>(workers: usize) -> C {
    let (pool, before) = (C::new(workers), TALLY.now());
    hand_out(&pool, WARM_UP, || ());
    assert_eq!(TALLY.wait(&before, WARM_UP), sum_below(WARM_UP), "a job is missing");
    pool
}

/// Jobs `0..count`.
pub(crate) fn hand_out<C: Contender>(pool: &C, count: u64, work: impl Work) {
    for number in 0..count {
        pool.execute(job(number, work));
    }
    pool.flush();
}

/// Two words: whose tally, and which job.
pub(crate) fn job(number: u64, work: impl Work) -> impl FnOnce() + Send + 'static {
    let tally = black_box(&TALLY);
    move || {
        work();
        tally.count(number);
    }
}

/// The same with a result instead of an entry in the tally.
pub(crate) fn reply(number: u64) -> impl FnOnce() -> u64 + Send + 'static {
    let zero = black_box(0);
    move || number + zero
}

pub(crate) fn sum_below(count: u64) -> u64 {
    (0..count).fold(0, u64::wrapping_add)
}
