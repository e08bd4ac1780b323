//! A limiter that passes messages: an owner on a thread of its own keeps all keys, their buckets and
//! their lines; callers send it requests and wait for the answers.
//!
//! The owner owns all state, so there is nothing to lock. It has no timer: time comes with each
//! request, and whoever is first in line sets an alarm of its own. The owner's thread ends when the
//! last handle and waiting future are gone.
//!
//! Take along: `channel.rs`, `owner.rs`, `desk.rs`, `line.rs`, `bucket.rs`, `quota.rs`, `clock.rs`,
//! `wait.rs`, `alarm.rs`, `park.rs`, `keys.rs`, `foreign.rs`, `surface.rs`, `sync.rs`, `error.rs`.

use std::borrow::Borrow;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use super::clock::{Clock, Monotonic, Schedule};
use super::desk::{Answer, Request};
use super::error::{AcquireError, AcquireTimeoutError, TryAcquireError};
use super::owner::{Message, Owner, Status, receive};
use super::quota::Quota;
use super::surface::{keyed_methods, limiter_methods};
use super::sync::{INBOX, SyncSender, sync_channel, thread};
use super::wait::{self, Closed, Serve};

/// At most so many tokens per time; first come, first served.
///
/// Every call is a message, and waits for the owner's answer, though never for tokens unless it says
/// so. Wakers run and drop on the owner's thread. One that calls the limiter right there makes the
/// owner wait for itself; those of the usual executors only schedule a task.
pub struct Limiter<C: Clock = Monotonic> {
    /// One limit is many with a single key.
    keyed: Keyed<(), C>,
}

impl Limiter {
    /// A limiter on the system's clock, with a full bucket.
    ///
    /// # Panics
    ///
    /// If the system has no thread for the owner.
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, Monotonic)
    }
}

impl<C: Clock> Limiter<C> {
    /// A limiter on this clock, with a full bucket.
    ///
    /// # Panics
    ///
    /// If the system has no thread for the owner.
    pub fn with_clock(quota: Quota, clock: C) -> Self {
        Self { keyed: Keyed::with_clock(quota, clock) }
    }

    limiter_methods!();

    /// Refuses everybody from now on and sends all who wait away. Closing twice is closing once.
    pub fn close(&self) {
        self.keyed.close();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.keyed.is_closed()
    }

    /// Tokens that a caller would find at this moment; out of date as soon as it is known.
    pub fn available(&self) -> u64 {
        self.keyed.status(Some(())).available
    }

    /// How many callers wait at this moment.
    pub fn waiting(&self) -> usize {
        self.keyed.status(Some(())).waiting
    }
}

impl<C: Clock> Serve for Limiter<C> {
    type Clock = C;

    fn schedule(&self) -> &Schedule<C> {
        &self.keyed.schedule
    }

    fn ask(&self, now: u64, request: Request) -> Result<Answer, Closed> {
        self.keyed.at(&()).ask(now, request)
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }
}

impl<C: Clock> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { available, waiting, closed, .. } = self.keyed.status(Some(()));
        f.debug_struct("Limiter")
            .field("quota", &self.quota())
            .field("available", &available)
            .field("waiting", &waiting)
            .field("closed", &closed)
            .finish_non_exhaustive()
    }
}

/// A limit for each key. A key costs memory only while its bucket is not full.
///
/// What is said of the [`Limiter`] holds here too. A key is cloned for each call.
pub struct Keyed<K, C: Clock = Monotonic> {
    schedule: Schedule<C>,
    hasher: RandomState,
    /// Bounded: a sender waits if the owner is [`INBOX`] messages behind. The owner never waits for
    /// anything but this inbox, so that wait is short.
    inbox: SyncSender<Message<K>>,
}

impl<K: Hash + Eq + Send + 'static> Keyed<K> {
    /// Limits on the system's clock, with full buckets.
    ///
    /// # Panics
    ///
    /// If the system has no thread for the owner.
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, Monotonic)
    }
}

impl<K: Hash + Eq + Send + 'static, C: Clock> Keyed<K, C> {
    /// Limits on this clock, with full buckets.
    ///
    /// # Panics
    ///
    /// If the system has no thread for the owner.
    pub fn with_clock(quota: Quota, clock: C) -> Self {
        let (inbox, messages) = sync_channel(INBOX);
        let owner = Owner::new(messages, quota);
        thread::Builder::new()
            .name("rate-limiter".into())
            .spawn(|| owner.run())
            .expect("a thread for the limiter's owner");
        Self { schedule: Schedule::new(quota, clock), hasher: RandomState::new(), inbox }
    }
}

impl<K: Hash + Eq, C: Clock> Keyed<K, C> {
    keyed_methods!();

    /// Refuses everybody from now on and sends all who wait away. Closing twice is closing once.
    pub fn close(&self) {
        self.question(|answer| Message::Close { answer });
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.status(None).closed
    }

    /// How many keys are in memory.
    pub fn len(&self) -> usize {
        self.status(None).keys
    }

    /// Drops the keys whose bucket is full, and gives their memory back. It happens in passing as
    /// well, whenever any key is used.
    pub fn drop_idle(&self) {
        let now = self.schedule.now();
        self.question(|answer| Message::DropIdle { now, answer });
    }

    fn status(&self, key: Option<K>) -> Status {
        let now = self.schedule.now();
        let hash = key.as_ref().map_or(0, |key| self.hasher.hash_one(key));
        self.question(|answer| Message::Look { hash, key, now, answer })
    }

    /// Sends a question and waits for its answer. Also tasks wait here, as they would for a mutex.
    fn question<T>(&self, message: impl FnOnce(SyncSender<T>) -> Message<K>) -> T {
        let (sender, answer) = sync_channel(1);
        self.inbox.send(message(sender)).expect("the owner stays as long as there are senders");
        receive(&answer).expect("no key's Eq and no waker panics")
    }

    fn at<'a, Q: Hash + ?Sized>(&'a self, key: &'a Q) -> At<'a, K, Q, C> {
        At { keyed: self, key, hash: self.hasher.hash_one(key) }
    }
}

/// The way to a key's desk.
struct At<'a, K, Q: ?Sized, C: Clock> {
    keyed: &'a Keyed<K, C>,
    key: &'a Q,
    hash: u64,
}

impl<K, Q, C> Serve for At<'_, K, Q, C>
where
    K: Hash + Eq + Borrow<Q>,
    Q: ToOwned<Owned = K> + ?Sized,
    C: Clock,
{
    type Clock = C;

    fn schedule(&self) -> &Schedule<C> {
        &self.keyed.schedule
    }

    fn ask(&self, now: u64, request: Request) -> Result<Answer, Closed> {
        let (hash, key) = (self.hash, self.key.to_owned());
        self.keyed.question(|answer| Message::Ask { hash, key, now, request, answer })
    }

    fn is_closed(&self) -> bool {
        self.keyed.is_closed()
    }
}

impl<K: Hash + Eq, C: Clock> fmt::Debug for Keyed<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { keys, closed, .. } = self.status(None);
        f.debug_struct("Keyed")
            .field("quota", &self.schedule.quota)
            .field("len", &keys)
            .field("closed", &closed)
            .finish_non_exhaustive()
    }
}
