//! Our three variants.

use worker_pool::{Handle, channel, lock, stealing};

use crate::contender::{CAPACITY, Contender, Replies};

macro_rules! contender {
    ($variant:ident) => {
        impl Contender for $variant::Pool {
            fn new(workers: usize) -> Self {
                Self::new(workers, CAPACITY)
            }

            fn execute(&self, job: impl FnOnce() + Send + 'static) {
                self.execute(job).map_err(drop).expect("open");
            }

            fn is_full(&self) -> bool {
                self.len() >= self.capacity()
            }
        }

        impl Replies for $variant::Pool {
            type Handle = Handle<u64>;

            fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
                self.submit(job).map_err(drop).expect("open")
            }

            fn join(&self, handle: Self::Handle) -> u64 {
                handle.join().expect("no job panics")
            }
        }
    };
}

contender!(channel);
contender!(lock);
contender!(stealing);
