//! What every contender can do. The bodies in `bodies.rs` know nothing else about them.

use std::sync::Arc;

/// A semaphore, whatever it is built from.
pub(crate) trait Contender: Send + Sync + 'static {
    /// Given back when dropped.
    type Permit<'a>
    where
        Self: 'a;

    /// How many pieces of work one permit covers.
    const BATCH: u64 = 1;
    /// Whether it keeps the promise at all; only the limit does not.
    const REFUSES: bool = true;

    fn new(permits: usize) -> Self;

    /// A permit if there is one now. Without one is always said by those who cannot tell.
    fn attempt(&self) -> Option<Self::Permit<'_>>;

    /// Waits for a permit. Contenders made for threads block and are polled once.
    fn acquire(&self) -> impl Future<Output = Self::Permit<'_>>;
}

/// Permits that do not borrow.
pub(crate) trait Owned: Contender {
    type OwnedPermit;
    fn acquire_owned(self: &Arc<Self>) -> impl Future<Output = Self::OwnedPermit>;
}

/// Several permits in one operation.
pub(crate) trait Weighted: Contender {
    fn acquire_many(&self, n: usize) -> impl Future<Output = Self::Permit<'_>>;
}
