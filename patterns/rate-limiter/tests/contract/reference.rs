//! What a limiter ought to do, in exact fractions; and runs to hold one against it.

use std::time::Duration;

use proptest::prelude::*;
use rate_limiter::Quota;

use super::nanos;

/// The textbook's token bucket, without rounding: all times are in nanoseconds times the tokens of
/// the quota, so that one token takes `per` of them.
#[derive(Debug)]
pub(crate) struct Reference {
    tokens: i128,
    per: i128,
    burst: i128,
    full_at: i128,
}

impl Reference {
    pub(crate) fn new(quota: &Quota) -> Self {
        let (tokens, per) = quota.rate();
        let (tokens, per) = (i128::from(tokens), nanos(per));
        Self { tokens, per, burst: i128::from(quota.burst()), full_at: 0 }
    }

    /// How long from `now` until it has `n` tokens; not positive if it has them. In nanoseconds,
    /// rounded up.
    pub(crate) fn missing(&self, n: u64, now: Duration) -> i128 {
        let now = nanos(now) * self.tokens;
        let full_at = self.full_at.max(now);
        let slot = full_at + (i128::from(n) - self.burst) * self.per;
        -(now - slot).div_euclid(self.tokens)
    }

    pub(crate) fn take(&mut self, n: u64, now: Duration) {
        let now = nanos(now) * self.tokens;
        self.full_at = self.full_at.max(now) + i128::from(n) * self.per;
    }
}

/// What was admitted, in order: when, and how much.
#[derive(Debug, Default)]
pub(crate) struct Admitted(Vec<(Duration, u64)>);

impl Admitted {
    pub(crate) fn note(&mut self, now: Duration, n: u64) {
        self.0.push((now, n));
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|&(_, n)| n).sum()
    }

    /// Panics if a window from any admission to any later one holds more than rate x window + burst.
    /// `slack` is added to each window. A clock that went back makes windows of less than nothing,
    /// and they hold less than the burst.
    pub(crate) fn keeps_the_bound(&self, quota: &Quota, slack: Duration) {
        let (tokens, per) = quota.rate();
        let per = nanos(per);
        for (first, &(from, _)) in self.0.iter().enumerate() {
            let mut sum = 0;
            for &(to, n) in &self.0[first..] {
                sum += i128::from(n);
                let window = nanos(to + slack) - nanos(from);
                let bound = window * i128::from(tokens) + i128::from(quota.burst()) * per;
                assert!(sum * per <= bound, "{sum} from {from:?} to {to:?} under {quota:?}");
            }
        }
    }
}

/// Failures are not stored: what was found once becomes a test.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// A step of a run: the clock moves, then somebody asks for so many.
pub(crate) type Step = (Duration, u64);

/// Runs of a quota with a small burst or a large one, at a rate from 1 a day to 10^8 a second. The
/// clock moves by what some tokens take, or not at all, or by a lot.
pub(crate) fn runs(burst: impl Strategy<Value = u64>) -> impl Strategy<Value = (Quota, Vec<Step>)> {
    let rate = prop_oneof![
        (1..=1000_u64, Just(Duration::from_secs(1))),
        (1..=100_000_000_u64, Just(Duration::from_secs(1))),
        (1..=7_u64, Just(Duration::from_hours(24))),
        (1..=50_u64, (1_000_000..u64::MAX >> 30).prop_map(Duration::from_nanos)),
    ];
    let quota = (rate, burst).prop_filter_map("too slow", |((tokens, per), burst)| {
        // Else 200 steps may go beyond the end of a limiter's time.
        let days = per.as_secs() * burst / tokens / 86_400;
        Quota::new(tokens, per, burst).ok().filter(|_| days < 32)
    });
    quota.prop_flat_map(|quota| {
        let ((tokens, per), burst) = (quota.rate(), quota.burst());
        let token = per.as_nanos() as f64 / tokens as f64;
        let moved = prop_oneof![
            3 => Just(0.0),
            4 => 0.0..2.0,
            2 => 0.0..burst as f64,
            1 => 0.0..4.0 * burst as f64,
        ];
        let moved = moved.prop_map(move |tokens| Duration::from_nanos((tokens * token) as u64));
        let most = burst.min(40);
        let asked = prop_oneof![4 => Just(1), 2 => 1..=most, 1 => 1..=burst];
        (Just(quota), prop::collection::vec((moved, asked), 1..200))
    })
}
