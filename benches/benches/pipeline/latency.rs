//! How long one item is under way when few come.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use benches::Contender as Entry;

use crate::contender::Row;
use crate::heat::CAPACITY;

/// The time between two items.
const PAUSE: Duration = Duration::from_millis(1);

/// A thousand items a second cross one queue. The figure is the latency that `percentile` of a
/// hundred items do not exceed, of all that this contender has carried until then; so the spread
/// that criterion sees is not that of single items.
pub(crate) fn latency<'a, R: Row + 'a>(name: &'static str, percentile: usize) -> Entry<'a> {
    let carried = Mutex::new(Vec::new());
    let time = move |operations: u64| {
        let mut carried = carried.lock().unwrap();
        carried.extend(carry::<R>(operations));
        carried.sort_unstable();
        let rank = (carried.len() * percentile).div_ceil(100).saturating_sub(1);
        carried[rank] * operations as u32
    };
    let rehearse = || {
        assert_eq!(carry::<R>(10).len(), 10, "each item arrives");
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// Sends items that bear the time of their departure.
fn carry<R: Row>(items: u64) -> Vec<Duration> {
    let latencies = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&latencies);
    let start = Instant::now();
    let now = move || start.elapsed().as_nanos() as u64;
    let source = (0..items).map(move |_| {
        #[expect(clippy::disallowed_methods, reason = "what is waited for is the time itself")]
        thread::sleep(PAUSE);
        now()
    });
    R::run(
        1,
        CAPACITY,
        source,
        |n| n,
        move |departure| {
            let under_way = Duration::from_nanos(now() - departure);
            sink.lock().unwrap().push(under_way);
        },
    );
    std::mem::take(&mut latencies.lock().unwrap())
}
