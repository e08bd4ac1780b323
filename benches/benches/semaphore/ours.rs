//! The recipe's variants. Tasks await; threads block, so that form is a contender of its own.

use std::sync::Arc;

use semaphore::{barging, channel, lock};

use crate::contender::{Contender, Owned, Weighted};

/// A variant, and `Blocking` of it for threads.
macro_rules! contender {
    ($variant:ident) => {
        impl Contender for $variant::Semaphore {
            type Permit<'a> = $variant::Permit<'a>;

            fn new(permits: usize) -> Self {
                Self::new(permits)
            }

            fn attempt(&self) -> Option<Self::Permit<'_>> {
                self.try_acquire(1).ok()
            }

            async fn acquire(&self) -> Self::Permit<'_> {
                self.acquire(1).await.expect("open")
            }
        }

        impl Owned for $variant::Semaphore {
            type OwnedPermit = $variant::OwnedPermit;

            async fn acquire_owned(self: &Arc<Self>) -> Self::OwnedPermit {
                self.acquire_owned(1).await.expect("open")
            }
        }

        impl Weighted for $variant::Semaphore {
            async fn acquire_many(&self, n: usize) -> Self::Permit<'_> {
                self.acquire(n).await.expect("open")
            }
        }

        impl Contender for Blocking<$variant::Semaphore> {
            type Permit<'a> = $variant::Permit<'a>;

            fn new(permits: usize) -> Self {
                Self($variant::Semaphore::new(permits))
            }

            fn attempt(&self) -> Option<Self::Permit<'_>> {
                self.0.try_acquire(1).ok()
            }

            async fn acquire(&self) -> Self::Permit<'_> {
                self.0.acquire_blocking(1).expect("open")
            }
        }
    };
}

/// A variant as threads use it.
pub(crate) struct Blocking<S>(S);

contender!(barging);
contender!(channel);
contender!(lock);
