//! On which terms a subscriber joins, and what a hub has counted.

/// What happens to a subscriber that has not read as many messages as the hub has room for, when
/// one more is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slow {
    /// It loses the oldest it has not read, and its next call says how many: `Lagged(n)`.
    DropOldest,
    /// It is out, and its next call says so: `Evicted`.
    Evict,
    /// Publishers wait for it. A publisher may set itself a deadline, and evict whoever made it
    /// wait with `evict_slow`.
    Wait,
}

/// With which message a subscriber begins. A hub keeps as many messages as it has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// The next that is published.
    Now,
    /// The last so many, or as many as are kept; then what is published.
    Last(usize),
    /// The first after the one of this number; 0 means the very first. If some are no longer kept,
    /// the subscriber is told first how many it misses. A number not given out yet is from another
    /// life of the hub: then everything that is kept.
    After(u64),
}

impl Start {
    /// How many messages are behind such a subscriber, when `published` have been published and
    /// those after number `gone` are kept.
    pub(crate) fn position(self, published: u64, gone: u64) -> u64 {
        match self {
            Self::Now => published,
            Self::Last(n) => published - (published - gone).min(n as u64),
            Self::After(number) if number > published => gone,
            Self::After(number) => number,
        }
    }
}

/// What a hub has counted since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages; the last of them has this number.
    pub published: u64,
    /// Subscribers that joined.
    pub joined: u64,
    /// Subscribers that left by themselves.
    pub left: u64,
    /// Subscribers that were evicted. None is counted here and under `left`.
    pub evicted: u64,
    /// Messages skipped by slow subscribers, all together; counted at the latest when the subscriber
    /// is told, or leaves.
    pub lagged: u64,
}

impl Counts {
    /// Subscribers there are.
    pub fn subscribers(&self) -> u64 {
        self.joined - self.left - self.evicted
    }
}
