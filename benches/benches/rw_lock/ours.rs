//! The recipe's variants, by what they share: a closure goes in and its result comes out.

use rw_lock::{channel, lock, sharded};

use crate::contender::{Client, Contender};
use crate::work::{Pair, Stay};

macro_rules! contender {
    ($variant:ident) => {
        impl Contender for $variant::RwLock<Pair> {
            type Client<'a> = &'a Self;

            fn new() -> Self {
                Self::new(Pair::default())
            }

            fn client(&self) -> &Self {
                self
            }
        }

        impl Client for &$variant::RwLock<Pair> {
            fn read(&mut self, stay: Stay) -> Pair {
                (*self).read(move |pair| pair.look(stay))
            }

            fn write(&mut self, stay: Stay) {
                (*self).write(move |pair| pair.change(stay));
            }

            fn attempt_read(&mut self, stay: Stay) -> Option<Pair> {
                (*self).try_read(move |pair| pair.look(stay)).ok()
            }

            fn attempt_write(&mut self, stay: Stay) -> bool {
                (*self).try_write(move |pair| pair.change(stay)).is_ok()
            }
        }
    };
}

contender!(channel);
contender!(lock);
contender!(sharded);
