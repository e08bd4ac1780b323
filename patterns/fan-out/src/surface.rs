//! What the variants have in common to the eye, written once, so that they cannot drift apart. A
//! variant brings `poll_until`, which waits until something can be taken from the outcomes, and `stop`.

use std::future::ready;
use std::time::Duration;

use super::sync::timeout;

/// What a fan-out is told once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Items at work at the same time; at least 1.
    pub(crate) limit: usize,
    /// How long one item may take.
    pub(crate) timeout: Option<Duration>,
}

impl Settings {
    pub(crate) fn new(limit: usize, timeout: Option<Duration>) -> Self {
        assert!(limit > 0, "a limit of 0 would never begin; allow at least one item at a time");
        Self { limit, timeout }
    }

    /// A runtime without a clock is the caller's affair, who should hear of it here.
    pub(crate) fn check_clock(self) {
        if let Some(limit) = self.timeout {
            drop(timeout(limit, ready(())));
        }
    }
}

/// Defines the constructors of a `FanOut` inside its `impl`.
macro_rules! constructors {
    () => {
        /// A fan-out that works on `limit` items at a time.
        ///
        /// # Panics
        ///
        /// If `limit` is 0.
        pub fn new(limit: usize) -> Self {
            Self(Settings::new(limit, None))
        }

        /// Like [`new`](Self::new), and no item may take longer than `per_item`, from its own
        /// beginning. One that does is dropped, and its outcome is `TimedOut`.
        ///
        /// # Panics
        ///
        /// If `limit` is 0.
        pub fn with_timeout(limit: usize, per_item: Duration) -> Self {
            Self(Settings::new(limit, Some(per_item)))
        }
    };
}

/// Defines the methods of a `Run` inside its `impl`.
macro_rules! run_methods {
    () => {
        /// The next outcome, whichever item is done first, with the item's place in the input;
        /// `None` when all have been handed out.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses no outcome and stops no item.
        pub async fn next(&mut self) -> Option<(usize, Outcome<T, E>)> {
            if self.left == 0 {
                return None;
            }
            let wait = |context: &mut Context<'_>| {
                self.poll_until(Until::Next, context, Outcomes::take_next)
            };
            let next = poll_fn(wait).await;
            self.left -= 1;
            Some(next)
        }

        /// Every outcome, in the order of the input. Those that [`next`](Self::next) has handed out
        /// are not among them.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future drops the run: items that are not done are aborted.
        pub async fn all(mut self) -> Vec<Outcome<T, E>> {
            let wait = |context: &mut Context<'_>| {
                self.poll_until(Until::All, context, Outcomes::take_all)
            };
            let slots = poll_fn(wait).await;
            self.left = 0;
            slots.into_iter().flatten().collect()
        }

        /// Every result, in the order of the input, or the first error. The first error stops the
        /// rest: what has begun is cancelled, what has not begun does not, and when this returns
        /// nothing runs any more.
        ///
        /// # Cancel safety
        ///
        /// As for [`all`](Self::all).
        ///
        /// # Errors
        ///
        /// The error that came first, and the place of its item.
        pub async fn all_ok(mut self) -> Result<Vec<T>, Stopped<E>> {
            let wait = |context: &mut Context<'_>| {
                self.poll_until(Until::Error, context, Outcomes::take_error)
            };
            if let Err(stopped) = poll_fn(wait).await {
                self.stop().await;
                return Err(stopped);
            }
            Ok(self.all().await.into_iter().filter_map(Result::ok).collect())
        }

        /// Stops what has begun, begins nothing more, and returns when nothing runs any more.
        /// Outcomes that nobody has read are dropped. Says how many items were not done.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future drops the run: the rest is aborted, but not awaited.
        pub async fn cancel(mut self) -> usize {
            self.stop().await
        }

        /// How many outcomes have not been handed out.
        pub fn len(&self) -> usize {
            self.left
        }

        /// Whether every outcome has been handed out.
        pub fn is_empty(&self) -> bool {
            self.left == 0
        }
    };
}

pub(crate) use {constructors, run_methods};
