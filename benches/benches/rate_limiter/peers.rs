//! The crates people limit rates with, each as its own documentation uses it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::num::NonZeroU32;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota};
use ratelimit::{Ratelimiter, TryWaitError};
use tokio::runtime::{Builder, Runtime};
use tower::limit::RateLimit;
use tower::limit::rate::Rate;
use tower::{Service, ServiceExt as _};

use crate::contender::{BURST, Check, CheckKey, HOUR, INTERVAL, Wait, WaitBlocking};

const MILLISECOND: Duration = Duration::from_millis(1);

fn each_interval(burst: u64) -> Quota {
    let burst = u32::try_from(burst).ok().and_then(NonZeroU32::new).expect("a burst that fits");
    Quota::with_period(INTERVAL).expect("longer than nothing").allow_burst(burst)
}

fn each_hour() -> Quota {
    Quota::with_period(HOUR).expect("longer than nothing")
}

impl Check for DefaultDirectRateLimiter {
    fn generous(burst: u64) -> Self {
        Self::direct(each_interval(burst))
    }

    fn one_an_hour() -> Self {
        Self::direct(each_hour())
    }

    fn check(&self) -> bool {
        self.check().is_ok()
    }
}

impl CheckKey for DefaultKeyedRateLimiter<u64> {
    fn generous() -> Self {
        Self::keyed(each_interval(BURST))
    }

    fn one_an_hour() -> Self {
        Self::keyed(each_hour())
    }

    fn check_key(&self, key: u64) -> bool {
        self.check_key(&key).is_ok()
    }
}

impl Wait for DefaultDirectRateLimiter {
    fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::direct(Quota::per_second(rate).allow_burst(burst))
    }

    async fn wait(&self) {
        self.until_ready().await;
    }
}

impl WaitBlocking for DefaultDirectRateLimiter {
    fn wait_blocking(&self) {
        while let Err(not_yet) = self.check() {
            sleep(not_yet.wait_time_from(self.clock().now()));
        }
    }
}

impl Check for leaky_bucket::RateLimiter {
    fn generous(burst: u64) -> Self {
        let burst = burst as usize;
        Self::builder().max(burst).initial(burst).interval(HOUR).build()
    }

    fn one_an_hour() -> Self {
        Self::builder().max(1).initial(1).refill(1).interval(HOUR).build()
    }

    fn check(&self) -> bool {
        self.try_acquire(1)
    }
}

impl Wait for leaky_bucket::RateLimiter {
    fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        let (calls, interval) = at_least_a_millisecond(rate);
        let burst = burst.get() as usize;
        Self::builder()
            .max(burst.max(calls))
            .initial(burst)
            .refill(calls)
            .interval(interval)
            .build()
    }

    async fn wait(&self) {
        self.acquire_one().await;
    }
}

impl Check for Ratelimiter {
    fn generous(burst: u64) -> Self {
        let built =
            Self::builder(1).period(INTERVAL).max_tokens(burst).initial_available(burst).build();
        built.expect("the burst fits")
    }

    fn one_an_hour() -> Self {
        let built = Self::builder(1).period(HOUR).max_tokens(1).initial_available(1).build();
        built.expect("one fits")
    }

    fn check(&self) -> bool {
        self.try_wait().is_ok()
    }
}

impl Wait for Ratelimiter {
    fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        let (rate, burst) = (u64::from(rate.get()), u64::from(burst.get()));
        let built = Self::builder(rate).max_tokens(burst).initial_available(burst).build();
        built.expect("the burst fits")
    }

    async fn wait(&self) {
        while let Err(TryWaitError::Insufficient(time)) = self.try_wait() {
            #[expect(clippy::disallowed_methods, reason = "as its documentation waits")]
            tokio::time::sleep(time).await;
        }
    }
}

impl WaitBlocking for Ratelimiter {
    fn wait_blocking(&self) {
        while let Err(TryWaitError::Insufficient(time)) = self.try_wait() {
            sleep(time);
        }
    }
}

/// As the documentation of both has threads wait.
#[expect(clippy::disallowed_methods, reason = "what is waited for is the time itself")]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// Tower limits a service that has one owner. This one does nothing.
pub(crate) struct Tower {
    service: RefCell<RateLimit<Nothing>>,
    /// It wants a timer even for a check.
    _runtime: Runtime,
}

pub(crate) struct Nothing;

impl Service<()> for Nothing {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(()))
    }
}

impl Tower {
    fn at(rate: Rate) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a timer");
        let service = {
            let _inside = runtime.enter();
            RefCell::new(RateLimit::new(Nothing, rate))
        };
        Self { service, _runtime: runtime }
    }
}

impl Check for Tower {
    fn generous(burst: u64) -> Self {
        Self::at(Rate::new(burst, HOUR))
    }

    fn one_an_hour() -> Self {
        Self::at(Rate::new(1, HOUR))
    }

    fn check(&self) -> bool {
        let mut service = self.service.borrow_mut();
        let mut context = Context::from_waker(Waker::noop());
        if service.poll_ready(&mut context).is_pending() {
            return false;
        }
        drop(service.call(()));
        true
    }
}

/// Callers queue for the service.
pub(crate) struct TowerQueue(tokio::sync::Mutex<RateLimit<Nothing>>);

impl Wait for TowerQueue {
    /// Its burst is what it lets through in a period.
    fn new(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        let (calls, interval) = at_least_a_millisecond(rate);
        let calls = calls.max(burst.get() as usize) as u64;
        let interval = interval.max(Duration::from_secs(1) * burst.get() / rate.get());
        Self(tokio::sync::Mutex::new(RateLimit::new(Nothing, Rate::new(calls, interval))))
    }

    async fn wait(&self) {
        let mut service = self.0.lock().await;
        let Ok(ready) = service.ready().await;
        let Ok(()) = ready.call(()).await;
    }
}

/// So many calls each interval: tokio's timers, which these crates use, tell no shorter one.
fn at_least_a_millisecond(rate: NonZeroU32) -> (usize, Duration) {
    let interval = Duration::from_secs(1) / rate.get();
    if interval >= MILLISECOND { (1, interval) } else { (rate.get() as usize / 1000, MILLISECOND) }
}
