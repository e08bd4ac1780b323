//! Random time-outs that a seed determines.

use std::time::Duration;

/// `SplitMix64` by Steele, Lea and Flood.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// At least this long, and less than twice as long.
    pub(crate) fn stretch(&mut self, time: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let more = (u128::from(bits) * time.as_micros()) >> 64;
        time.saturating_add(Duration::from_micros(more as u64))
    }
}
