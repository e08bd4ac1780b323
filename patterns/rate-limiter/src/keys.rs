//! The map of keys. It is given each key's hash, so a key is hashed once, by its caller, before any
//! lock; and it gives keys back instead of dropping them. Of a key's own code only `Eq` runs here.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::bucket::Bucket;

/// The limits of many keys. A key that is not here has a full bucket.
pub(crate) struct Table<K, V> {
    limits: HashMap<Hashed<K>, V, BuildHasherDefault<AsItIs>>,
    /// The time of the last sweep. Should the clock jump back before it, a key that was dropped gets
    /// no more than if it had been kept.
    swept_at: u64,
}

impl<K: Eq, V> Table<K, V> {
    pub(crate) fn new() -> Self {
        Self { limits: HashMap::default(), swept_at: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.limits.len()
    }

    #[inline]
    pub(crate) fn find<Q>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.limits.get(&Hashed { hash, key } as &dyn Probe<Q>)
    }

    #[inline]
    pub(crate) fn find_mut<Q>(&mut self, hash: u64, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.limits.get_mut(&Hashed { hash, key } as &dyn Probe<Q>)
    }

    /// Finds a key's limit, or makes one if it is given the key to keep. It takes the key only then:
    /// else the caller drops it, where it holds no lock.
    #[allow(dead_code, reason = "not for channel, which alone may have been copied")]
    pub(crate) fn find_or_add<Q>(
        &mut self,
        hash: u64,
        key: &Q,
        spare: &mut Option<K>,
        new: impl FnOnce(Bucket) -> V,
    ) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        if self.find(hash, key).is_some() {
            return self.find_mut(hash, key);
        }
        spare.take().map(|key| self.add(hash, key, new))
    }

    /// Makes the limit of a key that has none.
    pub(crate) fn add(&mut self, hash: u64, key: K, new: impl FnOnce(Bucket) -> V) -> &mut V {
        let bucket = Bucket::full(self.swept_at);
        self.limits.entry(Hashed { hash, key }).or_insert_with(|| new(bucket))
    }

    /// Takes out what is idle, and gives memory back. The caller drops it where it holds no lock.
    pub(crate) fn sweep(
        &mut self,
        now: u64,
        mut is_idle: impl FnMut(&mut V) -> bool,
    ) -> Vec<Hashed<K>> {
        self.swept_at = self.swept_at.max(now);
        let idle = self.limits.extract_if(|_, limit| is_idle(limit)).map(|(key, _)| key).collect();
        if self.limits.len() < self.limits.capacity() / 4 {
            self.limits.shrink_to_fit();
        }
        idle
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = (Hashed<K>, V)> {
        self.limits.into_iter()
    }
}

/// A key with its hash, or the borrowed form of one.
pub(crate) struct Hashed<K> {
    hash: u64,
    key: K,
}

impl<K> Hash for Hashed<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<K: Eq> PartialEq for Hashed<K> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key
    }
}

impl<K: Eq> Eq for Hashed<K> {}

/// What a kept key and a borrowed one have in common, so that one finds the other.
pub(crate) trait Probe<Q: ?Sized> {
    fn hash(&self) -> u64;
    fn key(&self) -> &Q;
}

impl<K: Borrow<Q>, Q: ?Sized> Probe<Q> for Hashed<K> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn key(&self) -> &Q {
        self.key.borrow()
    }
}

impl<'a, K: Borrow<Q> + 'a, Q: ?Sized + 'a> Borrow<dyn Probe<Q> + 'a> for Hashed<K> {
    fn borrow(&self) -> &(dyn Probe<Q> + 'a) {
        self
    }
}

impl<Q: ?Sized> Hash for dyn Probe<Q> + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(Probe::hash(self));
    }
}

impl<Q: Eq + ?Sized> PartialEq for dyn Probe<Q> + '_ {
    fn eq(&self, other: &Self) -> bool {
        Probe::hash(self) == Probe::hash(other) && self.key() == other.key()
    }
}

impl<Q: Eq + ?Sized> Eq for dyn Probe<Q> + '_ {}

/// Takes the one number it is given for the hash.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a hash is a number")
    }
}
