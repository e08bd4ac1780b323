//! Code that is not ours: wakers, and the `Drop` of keys. It runs while no lock is held, and if one
//! panics the others still get their turn.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Does it with each; if any panicked, so does this, afterwards.
pub(crate) fn each<T>(items: impl IntoIterator<Item = T>, mut work: impl FnMut(T)) {
    let mut panicked = None;
    for item in items {
        let done = catch_unwind(AssertUnwindSafe(|| work(item)));
        panicked = panicked.or(done.err());
    }
    if let Some(panic) = panicked {
        resume_unwind(panic);
    }
}
