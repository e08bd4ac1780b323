//! Chance that a seed decides, and what came of it.

/// What happened.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    pub(crate) delivered: u64,
    pub(crate) refused: u64,
    pub(crate) installed: u64,
    pub(crate) crashes: u64,
    pub(crate) elections: u64,
    /// Reads that were answered.
    pub(crate) reads: u64,
    /// Commands and changes that somebody applied.
    pub(crate) commands: u64,
    pub(crate) changes: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.installed += other.installed;
        self.crashes += other.crashes;
        self.elections += other.elections;
        self.reads += other.reads;
        self.commands += other.commands;
        self.changes += other.changes;
    }
}

/// `SplitMix64`.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Less than `below`.
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        self.roll() % below.max(1)
    }

    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}
