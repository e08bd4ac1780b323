//! A limiter that shares its state: the bucket and the line stand behind a mutex.
//!
//! Callers own nothing, and no thread or timer is ours: whoever is first in line sets an alarm of
//! its own. `close` sends everybody away; the memory goes with the last handle and waiting future.
//!
//! Take along: `lock.rs`, `desk.rs`, `line.rs`, `bucket.rs`, `quota.rs`, `clock.rs`, `wait.rs`,
//! `alarm.rs`, `park.rs`, `keys.rs`, `shards.rs`, `foreign.rs`, `surface.rs`, `sync.rs`, `error.rs`.

use std::borrow::Borrow;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::mem;
use std::task::Waker;
use std::time::Duration;

use super::bucket::Bucket;
use super::clock::{Clock, Monotonic, Schedule};
use super::desk::{Answer, Desk, Request};
use super::error::{AcquireError, AcquireTimeoutError, TryAcquireError};
use super::foreign::each;
use super::keys::Table;
use super::quota::Quota;
use super::shards::Shards;
use super::surface::{keyed_methods, limiter_methods};
use super::sync::{Mutex, MutexGuard};
use super::wait::{self, Closed, Serve};

/// At most so many tokens per time; first come, first served.
pub struct Limiter<C: Clock = Monotonic> {
    schedule: Schedule<C>,
    /// None once closed.
    desk: Mutex<Option<Desk>>,
}

impl Limiter {
    /// A limiter on the system's clock, with a full bucket.
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, Monotonic)
    }
}

impl<C: Clock> Limiter<C> {
    /// A limiter on this clock, with a full bucket.
    pub fn with_clock(quota: Quota, clock: C) -> Self {
        let desk = Mutex::new(Some(Desk::new(Bucket::full(0))));
        Self { schedule: Schedule::new(quota, clock), desk }
    }

    limiter_methods!();

    /// Refuses everybody from now on and sends all who wait away. Closing twice is closing once.
    pub fn close(&self) {
        let closed = self.desk.lock().take();
        each(closed.into_iter().flat_map(Desk::dismiss), Waker::wake);
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.desk.lock().is_none()
    }

    /// Tokens that a caller would find at this moment; out of date as soon as it is known.
    pub fn available(&self) -> u64 {
        let now = self.schedule.now();
        self.desk.lock().as_ref().map_or(0, |desk| desk.available(&self.schedule.quota, now))
    }

    /// How many callers wait at this moment.
    pub fn waiting(&self) -> usize {
        self.desk.lock().as_ref().map_or(0, Desk::waiting)
    }
}

impl<C: Clock> Serve for Limiter<C> {
    type Clock = C;

    fn schedule(&self) -> &Schedule<C> {
        &self.schedule
    }

    fn ask(&self, now: u64, request: Request) -> Result<Answer, Closed> {
        let mut desk = self.desk.lock();
        let outcome = desk.as_mut().ok_or(Closed)?.handle(&self.schedule.quota, now, request);
        drop(desk);
        Ok(outcome.finish())
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }

    #[inline]
    fn take_now(&self, n: u64) -> Result<Answer, Closed> {
        if self.schedule.quota.lease() > 0
            && self.desk.lock().as_mut().ok_or(Closed)?.take_leased(n)
        {
            return Ok(Answer::Taken);
        }
        self.ask(self.schedule.now(), Request::Try { n })
    }
}

impl<C: Clock> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("quota", &self.schedule.quota)
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// A limit for each key. A key costs memory only while its bucket is not full.
pub struct Keyed<K, C: Clock = Monotonic> {
    schedule: Schedule<C>,
    hasher: RandomState,
    shards: Shards<Mutex<Keys<K>>>,
}

enum Keys<K> {
    Open(Table<K, Desk>),
    Closed,
}

impl<K: Hash + Eq> Keyed<K> {
    /// Limits on the system's clock, with full buckets.
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, Monotonic)
    }
}

impl<K: Hash + Eq, C: Clock> Keyed<K, C> {
    /// Limits on this clock, with full buckets.
    pub fn with_clock(quota: Quota, clock: C) -> Self {
        let shards = Shards::new(|| Mutex::new(Keys::Open(Table::new())));
        Self { schedule: Schedule::new(quota, clock), hasher: RandomState::new(), shards }
    }

    keyed_methods!();

    /// Refuses everybody from now on and sends all who wait away. Closing twice is closing once.
    pub fn close(&self) {
        let shards = self.shards.iter().map(|shard| mem::replace(&mut *shard.lock(), Keys::Closed));
        each(shards, |keys| {
            let Keys::Open(table) = keys else { return };
            each(table.into_iter(), |(_key, desk)| each(desk.dismiss(), Waker::wake));
        });
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        // They are closed in order: once the last is, all are.
        self.shards.iter().next_back().is_some_and(|shard| matches!(*shard.lock(), Keys::Closed))
    }

    /// How many keys are in memory.
    pub fn len(&self) -> usize {
        let count = |keys: MutexGuard<'_, Keys<K>>| match &*keys {
            Keys::Open(table) => table.len(),
            Keys::Closed => 0,
        };
        self.shards.iter().map(|shard| count(shard.lock())).sum()
    }

    /// Drops the keys whose bucket is full, and gives their memory back. It happens in passing as
    /// well, a part of the keys at a time, whenever any key is used.
    pub fn drop_idle(&self) {
        let now = self.schedule.now();
        each(self.shards.iter(), |shard| self.sweep(shard, now));
    }

    fn sweep(&self, shard: &Mutex<Keys<K>>, now: u64) {
        let idle = match &mut *shard.lock() {
            Keys::Open(table) => table.sweep(now, |desk| desk.is_idle(&self.schedule.quota, now)),
            Keys::Closed => return,
        };
        each(idle, drop);
    }

    #[inline]
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
    Q: Eq + ToOwned<Owned = K> + ?Sized,
    C: Clock,
{
    type Clock = C;

    fn schedule(&self) -> &Schedule<C> {
        &self.keyed.schedule
    }

    fn ask(&self, now: u64, request: Request) -> Result<Answer, Closed> {
        let (keyed, quota) = (self.keyed, &self.keyed.schedule.quota);
        if let Some(shard) = keyed.shards.due(quota, now) {
            keyed.sweep(shard, now);
        }
        // A new key is cloned, and a clone too many dropped, with no lock held.
        let mut spare = None;
        loop {
            let mut keys = keyed.shards.of(self.hash).lock();
            let Keys::Open(table) = &mut *keys else { return Err(Closed) };
            let desk = table.find_or_add::<Q>(self.hash, self.key, &mut spare, Desk::new);
            if let Some(desk) = desk {
                let outcome = desk.handle(quota, now, request);
                drop(keys);
                return Ok(outcome.finish());
            }
            drop(keys);
            spare = Some(self.key.to_owned());
        }
    }

    fn is_closed(&self) -> bool {
        self.keyed.is_closed()
    }

    #[inline]
    fn take_now(&self, n: u64) -> Result<Answer, Closed> {
        let schedule = &self.keyed.schedule;
        if schedule.quota.lease() > 0 {
            let Keys::Open(table) = &mut *self.keyed.shards.of(self.hash).lock() else {
                return Err(Closed);
            };
            if table.find_mut::<Q>(self.hash, self.key).is_some_and(|desk| desk.take_leased(n)) {
                return Ok(Answer::Taken);
            }
        }
        self.ask(schedule.now(), Request::Try { n })
    }
}

impl<K: Hash + Eq, C: Clock> fmt::Debug for Keyed<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("quota", &self.schedule.quota)
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
