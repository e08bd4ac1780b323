//! Random numbers that are the same on every machine, for ever.
//!
//! `SplitMix64` by Steele, Lea and Flood: whole numbers only, so that no optimisation can change them.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A generator that a seed determines.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator of its own, so that draws here do not shift the draws there.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "it never ends, so an Option would be noise")]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`.
    ///
    /// # Panics
    ///
    /// When `end` is 0: there is no such number.
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "no number is below 0; ask for at least one");
        // The high half of a product: even, but for a bias of less than end / 2^64.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// True this often in a thousand times.
    pub fn chance(&mut self, permille: u32) -> bool {
        // A chance of 0 draws too: otherwise a rate that is set to 0 would shift all that follows.
        self.below(1000) < u64::from(permille)
    }

    /// A time within the range, in whole microseconds.
    pub fn time(&mut self, range: &RangeInclusive<Duration>) -> Duration {
        let (low, high) = (range.start().as_micros() as u64, range.end().as_micros() as u64);
        Duration::from_micros(low + self.below(high.saturating_sub(low) + 1))
    }

    /// One of these, if there is any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len() as u64) as usize) }
    }
}
