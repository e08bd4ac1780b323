//! The network: who can reach whom, how fast, and how badly.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::clock::Micros;
use crate::process::{NodeId, micros};
use crate::rng::Rng;

/// What happens to a message on its way from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    delay: RangeInclusive<Duration>,
    loss: u32,
    repeats: u32,
    in_order: bool,
}

impl Link {
    /// Every message arrives, each after a delay of its own from this range. So they overtake each
    /// other, unless the range holds one value.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    pub fn after(delay: RangeInclusive<Duration>) -> Self {
        assert!(!delay.is_empty(), "{delay:?} holds no delay; put the shorter one first");
        Self { delay, loss: 0, repeats: 0, in_order: false }
    }

    /// This many of a thousand are lost.
    ///
    /// # Panics
    ///
    /// When that is more than a thousand.
    #[must_use]
    pub fn losing(self, permille: u32) -> Self {
        Self { loss: checked(permille), ..self }
    }

    /// This many of a thousand arrive twice, each at a time of its own.
    ///
    /// # Panics
    ///
    /// When that is more than a thousand.
    #[must_use]
    pub fn repeating(self, permille: u32) -> Self {
        Self { repeats: checked(permille), ..self }
    }

    /// None overtakes another, as on one TCP connection.
    #[must_use]
    pub fn in_order(self) -> Self {
        Self { in_order: true, ..self }
    }
}

impl Default for Link {
    /// A local network on a good day: one to two milliseconds.
    fn default() -> Self {
        Self::after(Duration::from_millis(1)..=Duration::from_millis(2))
    }
}

fn checked(permille: u32) -> u32 {
    assert!(permille <= 1000, "{permille} of a thousand is more than all; give 0 to 1000");
    permille
}

/// When the copies of one message arrive.
pub(crate) enum Fate {
    Lost,
    Once(Micros),
    Twice(Micros, Micros),
}

#[derive(Debug, Default)]
pub(crate) struct Network {
    everywhere: Link,
    exceptions: BTreeMap<(NodeId, NodeId), Link>,
    /// Directed: what leaves the first does not reach the second.
    cuts: BTreeSet<(NodeId, NodeId)>,
    /// The latest arrival on a link that keeps the order.
    latest: BTreeMap<(NodeId, NodeId), Micros>,
}

impl Network {
    pub(crate) fn set_all(&mut self, link: Link) {
        self.everywhere = link;
        self.exceptions.clear();
    }

    pub(crate) fn set(&mut self, from: NodeId, to: NodeId, link: Link) {
        self.exceptions.insert((from, to), link);
    }

    /// Says whether it was whole before.
    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId) -> bool {
        self.cuts.insert((from, to))
    }

    pub(crate) fn heal(&mut self) {
        self.cuts.clear();
    }

    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        // Looked up for every message, and most of the time there is no cut.
        !self.cuts.is_empty() && self.cuts.contains(&(from, to))
    }

    pub(crate) fn fate(&mut self, now: Micros, from: NodeId, to: NodeId, rng: &mut Rng) -> Fate {
        let link = self.exceptions.get(&(from, to)).unwrap_or(&self.everywhere);
        // Each message draws as often as any other, so that one rate does not shift the rest.
        let (lost, twice) = (rng.chance(link.loss), rng.chance(link.repeats));
        let mut first = now + micros(rng.time(&link.delay));
        let mut second = now + micros(rng.time(&link.delay));
        if lost {
            return Fate::Lost;
        }
        if link.in_order {
            let latest = self.latest.entry((from, to)).or_default();
            first = first.max(*latest);
            second = second.max(first);
            *latest = if twice { second } else { first };
        }
        if twice { Fate::Twice(first, second) } else { Fate::Once(first) }
    }
}
