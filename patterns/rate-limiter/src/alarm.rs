//! The alarm of a task that is first in line. Tokio's timer, which rounds up to a millisecond. A
//! test puts a model in its place, because a model checker has no time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Not set until it is needed: only the first in line needs one.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready when so much time is over. Each call sets it anew.
    #[expect(clippy::disallowed_methods, reason = "time itself is what it waits for")]
    pub(crate) fn poll(&mut self, left: Duration, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => match Instant::now().checked_add(left) {
                Some(deadline) => sleep.as_mut().reset(deadline),
                None => return Poll::Pending,
            },
            none => *none = Some(Box::pin(sleep(left))),
        }
        self.0.as_mut().expect("set above").as_mut().poll(context)
    }
}
