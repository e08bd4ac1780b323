//! Before a contender is timed it is rehearsed: every item done once, in order, and never more at
//! once than the limit says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::bodies::on_runtime;
use crate::contender::{Compute, Gather};
use crate::work::{cheap, turn};

pub(crate) fn gather<C: Gather>(items: u64, limit: usize) {
    let (running, peak, calls) = (Count::default(), Count::default(), Count::default());
    let watched = (Arc::clone(&running), Arc::clone(&peak), Arc::clone(&calls));
    let values = on_runtime(async move {
        let work = move |item| {
            let (running, peak, calls) = watched.clone();
            async move {
                calls.fetch_add(1, Relaxed);
                peak.fetch_max(running.fetch_add(1, Relaxed) + 1, Relaxed);
                turn().await;
                running.fetch_sub(1, Relaxed);
                Ok(item * 2)
            }
        };
        C::values(C::gather(items, limit, work).await)
    });
    assert!(values.into_iter().eq((0..items).map(|item| item * 2)), "an item is lost or moved");
    assert_eq!(calls.load(Relaxed) as u64, items, "an item ran twice");
    let peak = peak.load(Relaxed);
    assert!(peak <= limit, "{peak} at once, the limit was {limit}");
}

type Count = Arc<AtomicUsize>;

pub(crate) fn compute<C: Compute>(inputs: &[u64]) {
    let values = C::values(C::compute(inputs, cheap));
    let expected = inputs[..values.len()].iter().map(|input| cheap(*input));
    assert!(values.iter().copied().eq(expected), "a result is wrong or moved");
}
