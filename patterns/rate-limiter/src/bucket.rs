//! The bucket as arithmetic on time: no counter to refill, no timer, one number. All times are in
//! parts (see `quota.rs`), and `now` comes in as a value.
//!
//! # Reading the clock less often
//!
//! To read the clock, and to count its time in parts, costs more than the rest of a check. So one
//! reading that finds the bucket rich may *lease* some tokens: they go to whoever comes next, with no
//! look at the clock. When they went is not known; they are booked at the next reading, as of then.
//! That is never too early:
//!
//! - Whatever goes at time `t`, booked or leased, fits: `full_at` with what is not booked yet is at
//!   most `t + capacity`. A lease was checked at `r`, and `r <= t`.
//! - Whatever goes at `t` is booked on a `full_at` of at least `t`. For a lease it is that of the
//!   reading after, which is later.
//! - So what goes between the first and the last in a window from `a` to `b` adds up to at most
//!   `(b + capacity) - a`: rate x window + burst. If no reading lies between them, both are of one
//!   lease, which is less than the burst.
//!
//! The price: after a pause, the bucket may seem less full by what went of the last lease. A late
//! turn (below) may leave `full_at` behind `t` by its `lag`, and the bound grows by as much; but not
//! if the quota is strict.

use super::quota::Quota;

/// The most tokens in a lease: it must fit the bits that a word has to spare.
pub(crate) const MAX_LEASE: u64 = 30;

/// What is left, as a time: `level = capacity - (full_at - now)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// When it is full again if nobody takes more. In the past it is full.
    pub(crate) full_at: u64,
    /// 0: no lease. Else one more than the tokens left of it.
    pub(crate) lease: u64,
    /// How far `full_at` may lie in the past and yet stand: so late was the last who waited. Its
    /// schedule goes on until it has caught up. Always 0 in a strict one.
    pub(crate) lag: u64,
}

impl Bucket {
    /// One that is full from `now` on.
    pub(crate) fn full(now: u64) -> Self {
        Self { full_at: now, lease: 0, lag: 0 }
    }

    /// Takes `n` tokens if they are leased.
    #[allow(dead_code, reason = "not for channel, which alone may have been copied")]
    #[inline]
    pub(crate) fn take_leased(&mut self, n: u64) -> bool {
        let leased = n < self.lease;
        if leased {
            self.lease -= n;
        }
        leased
    }

    // ANCHOR: take
    /// Takes `n` tokens, or tells when there will be as many.
    #[inline]
    pub(crate) fn take(&mut self, quota: &Quota, n: u64, now: u64) -> Result<(), u64> {
        self.settle(quota, now);
        let slot = self.slot(quota, quota.parts(n));
        if now < slot {
            return Err(slot);
        }
        self.full_at += quota.parts(n);
        let lease = quota.lease();
        if lease > 0 && self.lag == 0 && self.full_at + quota.parts(lease) <= now + quota.capacity()
        {
            self.lease = lease + 1;
        }
        Ok(())
    }

    /// Books what was leased, and lets what is beyond full overflow.
    #[inline]
    fn settle(&mut self, quota: &Quota, now: u64) {
        if now <= self.full_at {
            self.lag = 0;
        } else if now - self.full_at > self.lag {
            self.full_at = now;
            self.lag = 0;
        }
        if self.lease > 0 {
            self.full_at += quota.parts(quota.lease() + 1 - self.lease);
            self.lease = 0;
        }
    }
    // ANCHOR_END: take

    // ANCHOR: turn
    /// Takes `n` tokens for one who has waited for them, at or after its slot. Slots are absolute:
    /// who is late does not delay the others, because its tokens are booked as of the slot. Strictly
    /// they are booked as of now.
    pub(crate) fn take_turn(&mut self, quota: &Quota, n: u64, now: u64) {
        let late = now.saturating_sub(self.full_at);
        if quota.is_strict() {
            self.full_at += late;
        }
        self.full_at += quota.parts(n);
        self.lag = if quota.is_strict() || now <= self.full_at { 0 } else { late };
    }
    // ANCHOR_END: turn

    /// The first time at which there are so many parts. What is leased counts as taken not at all,
    /// so it is for one that is settled.
    #[inline]
    pub(crate) fn slot(&self, quota: &Quota, parts: u64) -> u64 {
        self.full_at.saturating_add(parts).saturating_sub(quota.capacity())
    }

    /// How many tokens a caller would find.
    pub(crate) fn level(mut self, quota: &Quota, now: u64) -> u64 {
        self.settle(quota, now);
        quota.tokens((now + quota.capacity()).saturating_sub(self.full_at)).min(quota.burst())
    }

    /// Whether it is as good as a new one. Books what was leased.
    pub(crate) fn is_full(&mut self, quota: &Quota, now: u64) -> bool {
        self.settle(quota, now);
        self.lag == 0 && self.full_at <= now
    }
}
