//! The end of a pipeline whose results are pulled by its caller.

use std::fmt;

use super::control::dispose;
use super::error::Stopped;
use super::hop::{Hop, Item, Take};
use super::stage::Post;
use super::threads::Running;

/// The results of a pipeline, one by one. If the run stops, the last thing it yields is the cause.
#[must_use = "dropping the outlet stops the run"]
pub struct Outlet<H: Hop, T: Send + 'static, E> {
    take: H::Take<Item<T>>,
    post: Post<E>,
    /// Gone once they are joined.
    running: Option<Running>,
}

impl<H: Hop, T: Send + 'static, E> Outlet<H, T, E> {
    pub(crate) fn new(take: H::Take<Item<T>>, post: Post<E>, running: Running) -> Self {
        Self { take, post, running: Some(running) }
    }

    /// Throws away what still comes, and waits for the threads.
    fn finish(&mut self) {
        if let Some(running) = self.running.take() {
            while let Some(item) = self.take.take() {
                dispose(item);
            }
            running.join();
        }
    }
}

impl<H: Hop, T: Send + 'static, E> Iterator for Outlet<H, T, E> {
    type Item = Result<T, Stopped<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.running.as_ref()?;
        match self.take.take() {
            Some(item) if !self.post.control().is_stopped() => Some(Ok(item.value)),
            last => {
                dispose(last);
                self.finish();
                self.post.control().outcome().err().map(Err)
            }
        }
    }
}

impl<H: Hop, T: Send + 'static, E> fmt::Debug for Outlet<H, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("ended", &self.running.is_none()).finish_non_exhaustive()
    }
}

impl<H: Hop, T: Send + 'static, E> Drop for Outlet<H, T, E> {
    fn drop(&mut self) {
        self.post.control().leave();
        self.finish();
    }
}
