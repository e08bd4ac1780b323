//! A hub that passes messages: a desk on a thread of its own owns the map of subscribers, each with
//! its own bounded mailbox.
//!
//! The desk alone decides who is in the map, so each subscriber goes once, whether it leaves or is
//! evicted. It never waits for a subscriber: publishers do, in its books. Its thread ends when the
//! last handle and subscriber are gone.
//!
//! Take along: `channel.rs`, `client.rs`, `desk.rs`, `room.rs`, `mailbox.rs`, `offer.rs`, `sending.rs`,
//! `park.rs`, `quiet.rs`, `surface.rs`, `topics.rs`, `terms.rs`, `sync.rs`, `error.rs`.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::PoisonError;
use std::time::Duration;

use super::desk::{Address, Ask, Desk};
use super::error::{PublishError, PublishTimeoutError, SubscribeError, TryPublishError};
use super::offer::Refused;
use super::park::{block_on, block_on_for};
use super::sending::Sending;
use super::surface::{check_capacity, publish_methods};
use super::sync::{Arc, INBOX, Mutex, MutexGuard, sync_channel, thread};
use super::terms::{Counts, Slow, Start};
use super::topics::topics;

pub use super::client::Subscriber;

/// Every message to every subscriber. A handle: clones are the same hub, and the last to drop closes
/// it.
///
/// Every call is a letter to the desk, and a call that needs an answer waits for the desk, though
/// never for a subscriber unless it says so. The desk's thread runs wakers, and drops payloads that
/// nobody holds any more. Foreign code that asks the hub something right there makes the desk wait
/// for itself; wakers of the usual executors only schedule a task, and most payloads ask nothing.
pub struct Hub<T> {
    desk: Address<T>,
    capacity: usize,
    /// Counts the handles.
    open: Arc<Open<T>>,
}

/// Closes the hub when the last handle goes.
struct Open<T>(Address<T>);

impl<T: Send + Sync + 'static> Hub<T> {
    /// A hub that keeps the last `capacity` messages. So many a subscriber may be behind.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, or the system has no thread for the desk.
    pub fn new(capacity: usize) -> Self {
        check_capacity(capacity);
        let (inbox, letters) = sync_channel(INBOX);
        let desk = Desk::new(letters, capacity);
        thread::Builder::new()
            .name("broadcast-hub".into())
            .spawn(|| desk.run())
            .expect("a thread for the hub's desk");
        Self::at(Address { inbox, room: 0 }, capacity)
    }

    publish_methods!();

    /// Publishes a message now or not at all. Never waits for a subscriber, nor behind a publisher
    /// that does. Returns the number of the message; the first is 1.
    ///
    /// # Errors
    ///
    /// [`TryPublishError::Full`] if it would have to wait, [`TryPublishError::Closed`] once closed;
    /// both with the message.
    pub fn try_publish(&self, value: T) -> Result<u64, TryPublishError<T>> {
        let mut sending = Sending::new(&self.desk, value, false);
        let answer = block_on(poll_fn(|context| sending.poll_answer(context)));
        answer.map_err(|refused| match refused {
            Refused::Full(value) => TryPublishError::Full(value),
            Refused::Closed(value) => TryPublishError::Closed(value),
        })
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
        let joined = self.desk.ask(|answer| Ask::Join { slow, start, answer });
        let joined = joined.ok_or(SubscribeError::Closed)?;
        Ok(Subscriber::new(self.desk.clone(), joined))
    }

    /// Evicts every subscriber that publishers have to wait for now, and returns how many those
    /// were. For a publisher whose deadline has passed.
    pub fn evict_slow(&self) -> usize {
        self.desk.ask(|answer| Ask::EvictSlow { answer }).expect("the desk always answers this")
    }

    /// Refuses publishers and subscribers from now on. Publishers that wait get their messages back.
    /// Subscribers still get what was published, then `Closed`. Closing twice is closing once.
    pub fn close(&self) {
        self.desk.tell(Ask::Close);
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.desk.count().1
    }

    /// How many messages are kept.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.desk.count().0
    }

    fn offer(&self, value: T) -> Sending<'_, T> {
        Sending::new(&self.desk, value, true)
    }

    fn at(desk: Address<T>, capacity: usize) -> Self {
        Self { open: Arc::new(Open(desk.clone())), desk, capacity }
    }

    /// Another hub of the same capacity, for another topic, with the same desk.
    fn beside(&self) -> Self {
        let capacity = self.capacity;
        let room = self.desk.ask(|answer| Ask::Found { capacity, answer });
        let room = room.expect("the desk always answers this");
        Self::at(Address { inbox: self.desk.inbox.clone(), room }, capacity)
    }

    /// Whether this is the only handle, and there are no subscribers.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.open) == 1 && self.counts().subscribers() == 0
    }
}

topics!();

impl<T> Clone for Hub<T> {
    fn clone(&self) -> Self {
        let Self { desk, capacity, open } = self;
        Self { desk: desk.clone(), capacity: *capacity, open: Arc::clone(open) }
    }
}

impl<T> fmt::Debug for Hub<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counts, closed) = self.desk.count();
        f.debug_struct("Hub")
            .field("capacity", &self.capacity)
            .field("closed", &closed)
            .field("counts", &counts)
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Open<T> {
    fn drop(&mut self) {
        self.0.tell(Ask::Forget);
    }
}
