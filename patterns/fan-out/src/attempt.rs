//! One item, from its work to its outcome, for the variants that run it in a task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::error::{ItemError, Outcome};
use super::sync::timeout;

/// Works on one item. Whatever the work does, panic included, this returns; and when it does, the
/// future of the work has been dropped.
pub(crate) async fn attempt<W, I, F, T, E>(
    work: &W,
    item: I,
    limit: Option<Duration>,
) -> Outcome<T, E>
where
    W: Fn(I) -> F,
    F: Future<Output = Result<T, E>>,
{
    // The timer lives in a box: who has no time-out should not carry its size.
    let attempt = async {
        match limit {
            None => work(item).await.map_err(ItemError::Failed),
            Some(limit) => match Box::pin(timeout(limit, work(item))).await {
                Ok(result) => result.map_err(ItemError::Failed),
                Err(_) => Err(ItemError::TimedOut),
            },
        }
    };
    AssertUnwindSafe(attempt)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(ItemError::Panicked(panic)))
}

/// Drops what the caller gave us. A panic in its `Drop` must not cost an item its outcome.
pub(crate) fn discard<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        std::mem::forget(panic); // it may panic once more as it drops
    }
}
