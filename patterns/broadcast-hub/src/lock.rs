//! A hub that shares its state: one ring of messages for all, and a cursor for each subscriber.
//!
//! Publishers take turns under a mutex. Subscribers read without one: a counter says what is
//! published, and a slot is written once. A subscriber that publishers have to mind says in a seat
//! how far it is. `close` ends the hub; the memory goes with the last handle and subscriber.
//!
//! Take along: `lock.rs`, `reader.rs`, `shared.rs`, `ring.rs`, `block.rs`, `seats.rs`, `sleepers.rs`,
//! `line.rs`, `park.rs`, `quiet.rs`, `surface.rs`, `topics.rs`, `terms.rs`, `sync.rs`, `error.rs`.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::PoisonError;
use std::time::Duration;

use super::error::{PublishError, PublishTimeoutError, SubscribeError, TryPublishError};
use super::line::Turn;
use super::park::{block_on, block_on_for};
use super::shared::Shared;
use super::surface::{check_capacity, publish_methods};
use super::sync::{Arc, Mutex, MutexGuard};
use super::terms::{Counts, Slow, Start};
use super::topics::topics;

pub use super::reader::Subscriber;

/// Every message to every subscriber. A handle: clones are the same hub, and the last to drop closes
/// it.
pub struct Hub<T> {
    shared: Arc<Shared<T>>,
    /// Counts the handles, which the subscribers' shares of `shared` are not.
    open: Arc<Open<T>>,
}

/// Closes the hub when the last handle goes.
struct Open<T>(Arc<Shared<T>>);

impl<T: Send + Sync + 'static> Hub<T> {
    /// A hub that keeps the last `capacity` messages. So many a subscriber may be behind.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn new(capacity: usize) -> Self {
        check_capacity(capacity);
        let shared = Arc::new(Shared::new(capacity));
        Self { open: Arc::new(Open(Arc::clone(&shared))), shared }
    }

    publish_methods!();

    /// Publishes a message now or not at all. Never waits for a subscriber, nor behind a publisher
    /// that does. Returns the number of the message; the first is 1.
    ///
    /// # Errors
    ///
    /// [`TryPublishError::Full`] if it would have to wait, [`TryPublishError::Closed`] once closed;
    /// both with the message.
    #[inline]
    pub fn try_publish(&self, value: T) -> Result<u64, TryPublishError<T>> {
        self.shared.try_publish(value)
    }

    /// A subscriber that gets what is published from now on.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Closed`] once closed.
    pub fn subscribe(&self, slow: Slow) -> Result<Subscriber<T>, SubscribeError> {
        self.subscribe_from(slow, Start::Now)
    }

    /// A subscriber that gets some of the messages that are kept, and then what is published.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Closed`] once closed.
    pub fn subscribe_from(
        &self,
        slow: Slow,
        start: Start,
    ) -> Result<Subscriber<T>, SubscribeError> {
        let mut books = self.shared.books();
        if books.closed {
            return Err(SubscribeError::Closed);
        }
        let published = books.pen.published();
        let gone = published.saturating_sub(self.shared.ring.capacity());
        let passed = start.position(published, gone);
        // What is gone already is not waited for, and no reason to be evicted.
        let seat = (slow != Slow::DropOldest).then(|| books.seats.join(slow, passed.max(gone)));
        books.joined += 1;
        let cursor = books.pen.cursor(passed);
        drop(books);
        Ok(Subscriber { shared: Arc::clone(&self.shared), cursor, seat, place: None })
    }

    /// Evicts every subscriber that publishers have to wait for now, and returns how many those
    /// were. For a publisher whose deadline has passed.
    pub fn evict_slow(&self) -> usize {
        self.shared.evict_slow() as usize
    }

    /// Refuses publishers and subscribers from now on. Publishers that wait get their messages back.
    /// Subscribers still get what was published, then `Closed`. Closing twice is closing once.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// How many messages are kept.
    pub fn capacity(&self) -> usize {
        self.shared.ring.capacity() as usize
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    fn offer(&self, value: T) -> Turn<'_, T> {
        Turn::new(&self.shared, value)
    }

    /// Another hub of the same capacity, for another topic.
    fn beside(&self) -> Self {
        Self::new(self.capacity())
    }

    /// Whether this is the only handle, and there are no subscribers.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.open) == 1 && self.counts().subscribers() == 0
    }
}

topics!();

impl<T> Clone for Hub<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), open: Arc::clone(&self.open) }
    }
}

impl<T> fmt::Debug for Hub<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("capacity", &self.shared.ring.capacity())
            .field("closed", &self.shared.is_closed())
            .field("counts", &self.shared.counts())
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Open<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}
