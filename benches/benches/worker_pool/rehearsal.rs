//! Before a contender is timed it is rehearsed: no job lost, none done twice, and the share of jobs
//! counted that had to wait, and the processor time of all threads.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use benches::{Load, race};

use crate::bodies::{HEAT, hand_out, job, reply, sum_below, warm};
use crate::contender::{CAPACITY, Contender, Replies, Work};
use crate::tally::TALLY;

/// Jobs of the run that checks: several times what the queue holds.
const CHECKED: u64 = 10_000;

/// A stream of jobs; waited has who found the queue full.
pub(crate) fn stream<C: Contender>(workers: usize, work: impl Work) -> Load {
    let pool = warm::<C>(workers);
    let before = TALLY.now();
    hand_out(&pool, CHECKED, work);
    assert_eq!(TALLY.wait(&before, CHECKED), sum_below(CHECKED), "a job is missing");

    let waited = AtomicU64::new(0);
    heat(&waited, |goes_on| {
        let (before, mut done) = (TALLY.now(), 0);
        while goes_on() {
            waited.fetch_add(u64::from(pool.is_full()), Relaxed);
            pool.execute(job(done, work));
            done += 1;
        }
        pool.flush();
        TALLY.wait(&before, done);
        done
    })
}

/// Batches of jobs and their results; waited has who found the queue full.
pub(crate) fn handles<C: Replies>(workers: usize) -> Load {
    let pool = warm::<C>(workers);
    let collect = |count| {
        let handles: Vec<_> = (0..count).map(|number| pool.submit(reply(number))).collect();
        handles.into_iter().map(|handle| pool.join(handle)).fold(0, u64::wrapping_add)
    };
    assert_eq!(collect(CHECKED), sum_below(CHECKED), "a result is missing");

    let waited = AtomicU64::new(0);
    heat(&waited, |goes_on| {
        let mut done = 0;
        while goes_on() {
            waited.fetch_add(u64::from(pool.is_full()), Relaxed);
            collect(CAPACITY as u64);
            done += CAPACITY as u64;
        }
        done
    })
}

/// Jobs one by one; each waits for its result.
pub(crate) fn round_trips<C: Replies>(workers: usize) -> Load {
    let pool = warm::<C>(workers);
    let once = |number| assert_eq!(pool.join(pool.submit(reply(number))), number);
    (0..CHECKED / 10).for_each(once);

    let waited = AtomicU64::new(0);
    heat(&waited, |goes_on| {
        let mut done = 0;
        while goes_on() {
            once(done);
            done += 1;
        }
        waited.store(done, Relaxed);
        done
    })
}

/// A heat like the timed ones, of one thread beside the workers.
fn heat(waited: &AtomicU64, work: impl Fn(&dyn Fn() -> bool) -> u64 + Sync) -> Load {
    let heat = race(1, HEAT, |stop| work(&|| !stop.load(Relaxed)));
    let (done, cpu) = (heat.operations.max(1) as f64, heat.cpu);
    Load { waited: waited.load(Relaxed) as f64 / done, cpu_ns: nanos(cpu) / done }
}

fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}
