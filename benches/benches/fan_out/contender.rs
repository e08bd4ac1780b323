//! What every contender can do. The bodies in `bodies.rs` know nothing else about them.

use std::convert::Infallible;

/// What a piece of asynchronous work says.
pub(crate) type Said = Result<u64, Infallible>;

/// Runs asynchronous work side by side and gathers what it said, in the order of the items.
pub(crate) trait Gather: Send + 'static {
    /// What it says of all items: plain values, or outcomes that can be panics and time-outs.
    type Said: Send;

    /// At most `limit` of the pieces of work that `work` makes of `0..items` run at once.
    fn gather<W, F>(items: u64, limit: usize, work: W) -> impl Future<Output = Self::Said> + Send
    where
        W: Fn(u64) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Said> + Send + 'static;

    /// The values alone, where nothing went wrong.
    fn values(said: Self::Said) -> Vec<u64>;
}

/// Runs computations on all cores and gathers their results in the order of the inputs.
pub(crate) trait Compute {
    /// As in [`Gather`].
    type Said;

    /// `work` for each of `inputs`.
    fn compute(inputs: &[u64], work: impl Fn(u64) -> u64 + Send + Sync) -> Self::Said;

    /// The values alone, where nothing went wrong.
    fn values(said: Self::Said) -> Vec<u64>;
}

/// The values of those who say no more than that.
pub(crate) fn plain(said: Vec<Said>) -> Vec<u64> {
    said.into_iter().map(|Ok(value)| value).collect()
}
