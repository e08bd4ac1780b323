//! The work that is fanned out: too little to matter, or a stated amount.

use std::future::poll_fn;
use std::hint::black_box;
use std::task::Poll;
use std::time::Duration;

use crate::contender::Said;

/// Lets the others have a turn, once. The wake-up is a plain one, the same under every executor.
pub(crate) async fn turn() {
    let mut had = false;
    poll_fn(|context| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Waits for one turn.
pub(crate) async fn brief(item: u64) -> Said {
    turn().await;
    Ok(item)
}

/// Computes for about five microseconds, waits for one turn, and computes for as long again.
pub(crate) async fn busy(item: u64) -> Said {
    let half = mix(item, 5 * STEPS_A_MICROSECOND);
    turn().await;
    Ok(mix(half, 5 * STEPS_A_MICROSECOND))
}

/// A few nanoseconds.
pub(crate) fn cheap(item: u64) -> u64 {
    mix(item, 2)
}

/// About a microsecond, counted in steps: a clock would make it longer on a busy machine.
pub(crate) fn microsecond(item: u64) -> u64 {
    mix(item, STEPS_A_MICROSECOND)
}

/// How many steps of [`mix`] take a microsecond on the machine where this was written.
const STEPS_A_MICROSECOND: u32 = 600;

/// A chain in which each step needs the one before.
fn mix(seed: u64, steps: u32) -> u64 {
    (0..steps).fold(black_box(seed), |state, _| {
        (state ^ (state >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

/// Longer than any item takes: what is measured is the price of having one.
pub(crate) const TIME_LIMIT: Duration = Duration::from_mins(1);
