//! A look before the sleep.

use super::sync::{SPINS, YIELDS, thread};

/// Looks for a moment whether it is time. The thread stays on its core.
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

/// Looks longer, because to be woken costs more than most waits. In the end it lets others run on
/// its core: with more threads than cores, one of them is who it waits for.
pub(crate) fn look(mut ready: impl FnMut() -> bool) -> bool {
    if spin(&mut ready) {
        return true;
    }
    for _ in 0..YIELDS {
        thread::yield_now();
        if ready() {
            return true;
        }
    }
    false
}
