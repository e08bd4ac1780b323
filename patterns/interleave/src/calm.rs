//! Parts of a scenario that are not explored.

use std::cell::Cell;

thread_local! {
    /// Of the OS thread of the exploration, on which all tasks of a scenario run.
    static CALM: Cell<bool> = const { Cell::new(false) };
}

/// Runs a part of a scenario under one schedule alone: whoever runs goes on for as long as it can, and
/// no choice is made. For what must be set up with threads of its own before it becomes interesting.
///
/// ```
/// use shuttle::{sync::Mutex, thread};
/// use std::sync::Arc;
///
/// let race = || {
///     let shared = Arc::new(Mutex::new(0));
///     let other = shared.clone();
///     let thread = thread::spawn(move || *other.lock().unwrap() += 1);
///     *shared.lock().unwrap() += 1;
///     thread.join().unwrap();
/// };
/// assert!(interleave::holds(2, race) > 1);
/// assert_eq!(interleave::holds(2, move || interleave::calm(race)), 1);
/// ```
pub fn calm<R>(setup: impl FnOnce() -> R) -> R {
    let _end = End(CALM.replace(true));
    setup()
}

/// Also when it panics.
struct End(bool);

impl Drop for End {
    fn drop(&mut self) {
        CALM.set(self.0);
    }
}

pub(crate) fn is_calm() -> bool {
    CALM.get()
}

/// A run begins.
pub(crate) fn end() {
    CALM.set(false);
}
