//! What every contender can do. The bodies know nothing else about them.

use std::num::NonZeroU32;
use std::time::Duration;

pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// A call each: no check takes less, so a rich bucket stays rich.
pub(crate) const INTERVAL: Duration = Duration::from_nanos(10);

/// A burst that outlasts every measurement.
pub(crate) const BURST: u64 = 1 << 30;

/// Answers whether a call may pass now.
pub(crate) trait Check: 'static {
    /// Whether it ever refuses; only the limit does not.
    const REFUSES: bool = true;

    /// With this burst, and so fast that nobody is refused while it is measured.
    fn generous(burst: u64) -> Self;

    /// Lets one call pass, and the next in an hour.
    fn one_an_hour() -> Self;

    fn check(&self) -> bool;
}

/// The same for each key by itself.
pub(crate) trait CheckKey: Sync + 'static {
    fn generous() -> Self;
    fn one_an_hour() -> Self;
    fn check_key(&self, key: u64) -> bool;
}

/// Has callers wait for their turn.
pub(crate) trait Wait: 'static {
    /// Inside a runtime.
    fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self;
    fn wait(&self) -> impl Future<Output = ()>;
}

/// Has threads wait for their turn.
pub(crate) trait WaitBlocking: Wait + Sync {
    fn wait_blocking(&self);
}
