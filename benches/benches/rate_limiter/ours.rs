//! The recipe's variants.

use std::num::NonZeroU32;

use rate_limiter::{Quota, atomic, channel, lock};

use crate::clocks::Counter;
use crate::contender::{BURST, Check, CheckKey, HOUR, INTERVAL, Wait, WaitBlocking};

fn each_interval(burst: u64) -> Quota {
    Quota::new(1, INTERVAL, burst).expect("a fast quota")
}

fn each_hour() -> Quota {
    Quota::new(1, HOUR, 1).expect("a slow quota")
}

fn quota(rate: NonZeroU32, burst: NonZeroU32) -> Quota {
    Quota::per_second(rate.get().into(), burst.get().into()).expect("a usual quota")
}

/// A variant that books waits by the clock.
pub(crate) struct Strict<L>(L);

macro_rules! contender {
    ($variant:ident) => {
        impl Check for $variant::Limiter {
            fn generous(burst: u64) -> Self {
                Self::new(each_interval(burst))
            }

            fn one_an_hour() -> Self {
                Self::new(each_hour())
            }

            fn check(&self) -> bool {
                self.try_acquire(1).is_ok()
            }
        }

        impl Wait for $variant::Limiter {
            fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
                Self::new(quota(rate, burst))
            }

            async fn wait(&self) {
                self.acquire(1).await.expect("open");
            }
        }

        impl Wait for Strict<$variant::Limiter> {
            fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
                Self($variant::Limiter::new(quota(rate, burst).strict()))
            }

            async fn wait(&self) {
                self.0.acquire(1).await.expect("open");
            }
        }

        impl WaitBlocking for $variant::Limiter {
            fn wait_blocking(&self) {
                self.acquire_blocking(1).expect("open");
            }
        }
    };
}

/// Only governor brings a clock of its own; ours may be given one.
impl Check for atomic::Limiter<Counter> {
    fn generous(burst: u64) -> Self {
        Self::with_clock(each_interval(burst), Counter::new())
    }

    fn one_an_hour() -> Self {
        Self::with_clock(each_hour(), Counter::new())
    }

    fn check(&self) -> bool {
        self.try_acquire(1).is_ok()
    }
}

macro_rules! keyed {
    ($variant:ident) => {
        impl CheckKey for $variant::Keyed<u64> {
            fn generous() -> Self {
                Self::new(each_interval(BURST))
            }

            fn one_an_hour() -> Self {
                Self::new(each_hour())
            }

            fn check_key(&self, key: u64) -> bool {
                self.try_acquire(&key, 1).is_ok()
            }
        }
    };
}

contender!(atomic);
contender!(channel);
contender!(lock);

keyed!(channel);
keyed!(lock);
