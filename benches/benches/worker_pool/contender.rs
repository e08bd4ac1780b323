//! What every contender can do. The bodies in `bodies.rs` know nothing else about them.

/// How many jobs wait at most, in the pools that have a bound.
pub(crate) const CAPACITY: usize = 1_024;

/// What those contenders queue that are built here.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// What a job does.
pub(crate) trait Work: Fn() + Copy + Send + Sync + 'static {}
impl<F: Fn() + Copy + Send + Sync + 'static> Work for F {}

/// A pool, whatever it is built from.
pub(crate) trait Contender: Sync + Sized {
    fn new(workers: usize) -> Self;

    /// Hands a job out; waits while there is no room, if there is a bound.
    fn execute(&self, job: impl FnOnce() + Send + 'static);

    /// Whether the next job would have to wait. Those without a bound never say so.
    fn is_full(&self) -> bool {
        false
    }

    /// Sends on what is still held back. Only those who send by batches hold anything back.
    fn flush(&self) {}
}

/// A pool whose jobs have results.
pub(crate) trait Replies: Contender {
    type Handle;

    fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle;

    /// Waits for the result.
    fn join(&self, handle: Self::Handle) -> u64;
}
