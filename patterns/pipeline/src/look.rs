//! A look before the sleep, because to be woken costs more than most waits.

use super::sync::{SPINS, YIELDS, thread};

/// Looks for a moment whether it is `ready`, and stays on its core. Whether it became so.
#[inline]
pub(crate) fn spin(mut ready: impl FnMut() -> bool) -> bool {
    for _ in 0..SPINS {
        if ready() {
            return true;
        }
        std::hint::spin_loop();
    }
    false
}

/// Looks for longer, and in the end lets others run on its core: with more threads than cores, one
/// of them is who it waits for. Whether it became ready.
pub(crate) fn look(mut ready: impl FnMut() -> bool) -> bool {
    spin(&mut ready)
        || (0..YIELDS).any(|_| {
            thread::yield_now();
            ready()
        })
}
