//! Locks of other crates, the plain mutexes, and a pointer to a snapshot.

use std::convert::identity;
use std::sync::PoisonError;

use crossbeam_utils::sync::ShardedLock;

use crate::contender::{Client, Contender};
use crate::work::{Pair, Stay};

/// A lock whose guards come from these methods: `$open` makes a guard of what the first two return,
/// `$free` perhaps one of what the others do.
macro_rules! guarded {
    ($lock:ty, $read:ident, $write:ident, $try_read:ident, $try_write:ident, $open:path, $free:path) => {
        impl Contender for $lock {
            type Client<'a> = &'a Self;

            fn new() -> Self {
                Self::new(Pair::default())
            }

            fn client(&self) -> &Self {
                self
            }
        }

        impl Client for &$lock {
            fn read(&mut self, stay: Stay) -> Pair {
                $open((*self).$read()).look(stay)
            }

            fn write(&mut self, stay: Stay) {
                $open((*self).$write()).change(stay);
            }

            fn attempt_read(&mut self, stay: Stay) -> Option<Pair> {
                $free((*self).$try_read()).map(|pair| pair.look(stay))
            }

            fn attempt_write(&mut self, stay: Stay) -> bool {
                $free((*self).$try_write()).map(|mut pair| pair.change(stay)).is_some()
            }
        }
    };
}

/// A guard of std's and crossbeam's locks, which nobody has poisoned.
fn whole<G>(guard: Result<G, PoisonError<G>>) -> G {
    guard.unwrap_or_else(PoisonError::into_inner)
}

guarded!(std::sync::RwLock<Pair>, read, write, try_read, try_write, whole, Result::ok);
guarded!(std::sync::Mutex<Pair>, lock, lock, try_lock, try_lock, whole, Result::ok);
guarded!(ShardedLock<Pair>, read, write, try_read, try_write, whole, Result::ok);
guarded!(parking_lot::RwLock<Pair>, read, write, try_read, try_write, identity, identity);
guarded!(parking_lot::Mutex<Pair>, lock, lock, try_lock, try_lock, identity, identity);

/// Readers take the newest pair, and keep it as it is; a writer copies it and puts the copy in its
/// place, and does so again if another was faster.
pub(crate) struct ArcSwap(arc_swap::ArcSwap<Pair>);

impl Contender for ArcSwap {
    type Client<'a> = &'a Self;

    fn new() -> Self {
        Self(arc_swap::ArcSwap::from_pointee(Pair::default()))
    }

    fn client(&self) -> &Self {
        self
    }
}

impl Client for &ArcSwap {
    fn read(&mut self, stay: Stay) -> Pair {
        self.0.load().look(stay)
    }

    fn write(&mut self, stay: Stay) {
        self.0.rcu(|pair| {
            let mut copy = **pair;
            copy.change(stay);
            copy
        });
    }

    /// Nobody is ever in a reader's way.
    fn attempt_read(&mut self, stay: Stay) -> Option<Pair> {
        Some(self.read(stay))
    }

    /// A writer never waits, though it may do its work twice.
    fn attempt_write(&mut self, stay: Stay) -> bool {
        self.write(stay);
        true
    }
}
