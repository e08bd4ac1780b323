//! What every contender can do. The bodies in `bodies.rs` know nothing else about them.

use crate::work::{Pair, Stay};

/// A lock around a [`Pair`], whatever it is built from.
pub(crate) trait Contender: Send + Sync + 'static {
    /// What one thread holds to use it: a reference, unless the contender knows its callers.
    type Client<'a>: Client
    where
        Self: 'a;

    fn new() -> Self;

    fn client(&self) -> Self::Client<'_>;
}

/// One thread's way in. What is read is handed out, so that whoever reads can judge it.
pub(crate) trait Client {
    fn read(&mut self, stay: Stay) -> Pair;

    fn write(&mut self, stay: Stay);

    /// Reads if nobody is in the way now. `None` is always said by those who wait for an answer.
    fn attempt_read(&mut self, stay: Stay) -> Option<Pair>;

    /// Writes if nobody is in the way now, and says whether it did.
    fn attempt_write(&mut self, stay: Stay) -> bool;
}
