//! What is allowed, and the arithmetic of it.
//!
//! Levels and slots are counted in *parts*: a part is the token's 2^bits-th part, and lasts 4 to 8
//! nanoseconds. So `n` tokens are a whole number of parts, and adding up any number of them rounds
//! nothing. Only the clock is converted, each reading by itself: it is off by less than a part (for
//! rounding down; the last bit of the factor adds up to a quarter of one in a limiter's life). No
//! error grows with the number of tokens, and a whole number of periods is a whole number of tokens.

use std::time::Duration;

use super::bucket::MAX_LEASE;
use super::error::QuotaError;

/// So many tokens per so much time, and at most so many at once. Validated, so a limiter can always
/// be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    tokens: u64,
    per: Duration,
    burst: u64,
    strict: bool,
    /// A token is `1 << bits` parts.
    bits: u32,
    /// Parts in a nanosecond, times `1 << SHIFT`, rounded up.
    factor: u64,
    /// Nanoseconds in a part, times `1 << BACK`, rounded down.
    inverse: u64,
    /// How many tokens may go without a look at the clock; see `bucket.rs`. An eighth of the burst
    /// at most, for that is how far the bucket may seem less full than it is. 0 for none.
    lease: u64,
}

/// The factor is at most `1 << (SHIFT - 2)`, as a part lasts 4 nanoseconds at least.
const SHIFT: u32 = 65;
/// The inverse is less than `1 << (BACK + 3)`, as a part lasts less than 8.
const BACK: u32 = 61;
/// Time ends here for a limiter, 18 years after it was made: the clock seems to stand still, and it
/// refuses what does not fit the bucket. With a bucket's worth beyond, it takes 58 bits.
const END: u64 = 1 << 57;

impl Quota {
    /// The shortest time a token may take: a check takes longer.
    pub const MIN_INTERVAL: Duration = Duration::from_nanos(10);
    /// The longest time an empty bucket may take to be full again: five years.
    pub const MAX_REFILL: Duration = Duration::from_hours(5 * 365 * 24);

    /// `tokens` for each `per`, and at most `burst` at once.
    ///
    /// # Errors
    ///
    /// If a number is zero, tokens come faster than every [`MIN_INTERVAL`](Self::MIN_INTERVAL), or
    /// `per` or the time to fill the bucket exceeds [`MAX_REFILL`](Self::MAX_REFILL).
    pub fn new(tokens: u64, per: Duration, burst: u64) -> Result<Self, QuotaError> {
        if tokens == 0 {
            return Err(QuotaError::NoTokens);
        }
        if per.is_zero() {
            return Err(QuotaError::NoTime);
        }
        if burst == 0 {
            return Err(QuotaError::NoBurst);
        }
        let most = Self::MAX_REFILL.as_nanos();
        let nanos = per.as_nanos();
        if u128::from(tokens) * Self::MIN_INTERVAL.as_nanos() > nanos {
            return Err(QuotaError::TooFast { tokens, per });
        }
        // The first keeps the product in range.
        if nanos > most || nanos * u128::from(burst) > most * u128::from(tokens) {
            return Err(QuotaError::TooSlow { tokens, per, burst });
        }
        let bits = (nanos / (4 * u128::from(tokens))).ilog2();
        let factor = (u128::from(tokens) << (bits + SHIFT)).div_ceil(nanos);
        let inverse = (nanos << BACK) / (u128::from(tokens) << bits);
        let lease = match (burst / 8).min(MAX_LEASE) {
            1 => 0,
            lease => lease,
        };
        let (factor, inverse) = (factor as u64, inverse as u64);
        Ok(Self { tokens, per, burst, strict: false, bits, factor, inverse, lease })
    }

    /// `tokens` a second, and at most `burst` at once.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn per_second(tokens: u64, burst: u64) -> Result<Self, QuotaError> {
        Self::new(tokens, Duration::from_secs(1), burst)
    }

    /// The same with a bound that holds at every instant. Who wakes up late from a wait is booked at
    /// the time it woke, so that no window ever holds more than rate x window + burst. What was late
    /// is lost, but for what the bucket can hold: with a burst of one, waiting callers stay below the
    /// rate; with one of some milliseconds' worth, they reach it.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// So many tokens per so much time.
    pub fn rate(&self) -> (u64, Duration) {
        (self.tokens, self.per)
    }

    /// The most tokens at once.
    pub fn burst(&self) -> u64 {
        self.burst
    }

    /// Whether the bound holds at every instant.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// How many tokens a reading of the clock may let go without another; 0 for none.
    #[inline]
    pub(crate) fn lease(&self) -> u64 {
        self.lease
    }

    /// How many parts `tokens` are; none are more than the burst.
    #[inline]
    pub(crate) fn parts(&self, tokens: u64) -> u64 {
        tokens << self.bits
    }

    /// What a full bucket holds, and how long it takes to fill.
    #[inline]
    pub(crate) fn capacity(&self) -> u64 {
        self.burst << self.bits
    }

    /// How many whole tokens `parts` are.
    pub(crate) fn tokens(&self, parts: u64) -> u64 {
        parts >> self.bits
    }

    /// The time since the limiter was made, in parts.
    #[inline]
    pub(crate) fn parts_of(&self, elapsed: Duration) -> u64 {
        // More nanoseconds than fit are far beyond the end.
        let nanos = elapsed.as_secs().saturating_mul(1_000_000_000);
        self.parts_of_nanos(nanos.saturating_add(u64::from(elapsed.subsec_nanos())))
    }

    #[inline]
    fn parts_of_nanos(&self, nanos: u64) -> u64 {
        let parts = (u128::from(nanos) * u128::from(self.factor)) >> SHIFT;
        (parts as u64).min(END)
    }

    /// The first nanosecond at which so many parts have elapsed.
    pub(crate) fn elapsed_at(&self, parts: u64) -> Duration {
        let parts = parts.min(END);
        // At most two too few, and never too many: both factors err on that side.
        let mut nanos = ((u128::from(parts) * u128::from(self.inverse)) >> BACK) as u64;
        while self.parts_of_nanos(nanos) < parts {
            nanos += 1;
        }
        Duration::from_nanos(nanos)
    }
}
