//! A microsecond of work, and what it costs without a pool.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use benches::{Contender as Entry, race};

use crate::bodies::HEAT;

/// How many steps take a microsecond on this machine.
static STEPS: LazyLock<u64> = LazyLock::new(|| {
    const TRIED: u64 = 10_000;
    let fastest = (0..50).map(|_| time(TRIED)).min().expect("it was tried");
    (TRIED as f64 * 1_000.0 / fastest.as_nanos() as f64) as u64
});

fn time(steps: u64) -> Duration {
    let start = Instant::now();
    walk(steps);
    start.elapsed()
}

/// Each step needs the one before. It is counted in steps and not by the clock, or a worker that
/// was kept from its core would have worked meanwhile.
fn walk(steps: u64) {
    let mut x = black_box(88_172_645_463_325_252_u64);
    for _ in 0..steps {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
}

/// Measures, once, so that no job has to.
pub(crate) fn prepare() {
    LazyLock::force(&STEPS);
}

/// Works for a microsecond.
pub(crate) fn one_microsecond() {
    walk(*STEPS);
}

/// The work divided by the cores: as many threads as could work at once, and nothing to hand out.
pub(crate) fn shared_out<'a>(name: &'static str, workers: usize) -> Entry<'a> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let time = move |operations: u64| {
        prepare();
        let limit = HEAT.min(Duration::from_micros(operations));
        let heat = race(workers.min(cores), limit, |stop| {
            let mut done = 0;
            while !stop.load(Ordering::Relaxed) {
                one_microsecond();
                done += 1;
            }
            done
        });
        heat.time_of(operations)
    };
    Entry { name, rehearse: Box::new(|| None), time: Box::new(time) }
}
