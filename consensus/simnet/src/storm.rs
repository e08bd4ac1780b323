//! Faults at random times, all from the seed.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::network::Link;
use crate::process::{NodeId, Process};
use crate::world::World;

/// A kind of fault, and its end: what is broken is mended by chance too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A node crashes, or one that is down starts again.
    Crash,
    /// A node is paused, or one that is paused goes on.
    Pause,
    /// The nodes fall into two groups that cannot reach each other.
    Split,
    /// One link is cut in one direction.
    CutOneWay,
    /// All cuts are healed.
    Heal,
    /// All links change to one of [`Storm::weather`].
    Weather,
    /// A node's disk becomes slow, up to [`Storm::slowest_write`], or fast again.
    Disk,
    /// A node's clock changes its rate, up to [`Storm::most_drift`] either way.
    Drift,
}

/// What goes wrong, and how often.
///
/// ```
/// use simnet::{Fault, Storm};
/// // Without crashes:
/// let storm = Storm { faults: vec![Fault::Split, Fault::Heal], ..Storm::default() };
/// ```
#[derive(Debug, Clone)]
pub struct Storm {
    /// The time from one fault to the next.
    pub gap: RangeInclusive<Duration>,
    /// What may happen, each as likely as the others; one that stands twice is twice as likely.
    pub faults: Vec<Fault>,
    /// These never crash and are never paused, their disks and clocks are good: what stands for the
    /// clients of a test.
    pub spared: Vec<NodeId>,
    /// No more are down or paused at once.
    pub down_at_most: usize,
    /// What the links may be like.
    pub weather: Vec<Link>,
    /// The longest write of a slow disk.
    pub slowest_write: Duration,
    /// The greatest drift of a clock, in millionths.
    pub most_drift: u32,
}

impl Default for Storm {
    /// Everything, every 20 to 200 ms.
    fn default() -> Self {
        let ms = Duration::from_millis;
        let faults = [
            [Fault::Crash, Fault::Pause, Fault::Split, Fault::CutOneWay],
            [Fault::Heal, Fault::Weather, Fault::Disk, Fault::Drift],
        ];
        let weather = [
            Link::default(),
            Link::after(ms(1)..=ms(50)),
            Link::after(ms(1)..=ms(10)).losing(100),
            Link::after(ms(1)..=ms(20)).losing(300).repeating(300),
        ];
        Self {
            gap: ms(20)..=ms(200),
            faults: faults.concat(),
            spared: Vec::new(),
            down_at_most: usize::MAX,
            weather: weather.to_vec(),
            slowest_write: ms(100),
            most_drift: 100_000,
        }
    }
}

impl Storm {
    /// Lets it rage up to a time, and calls `check` after each event. The faults stay when it ends:
    /// [`World::calm`] removes them.
    pub fn rage<P: Process>(
        &self,
        world: &mut World<P>,
        end: Duration,
        mut check: impl FnMut(&World<P>),
    ) {
        loop {
            let next = world.now() + world.storm_rng().time(&self.gap);
            world.run_until(next.min(end), &mut check);
            if next >= end {
                return;
            }
            if let Some(&fault) = world.storm_rng().pick(&self.faults) {
                self.strike(world, fault);
                check(world);
            }
        }
    }

    fn strike<P: Process>(&self, world: &mut World<P>, fault: Fault) {
        let ids: Vec<_> = world.ids().collect();
        let rng = world.storm_rng();
        let one = *rng.pick(&ids).unwrap_or(&0);
        let other = *rng.pick(&ids).unwrap_or(&0);
        let some: Vec<_> = ids.iter().copied().filter(|_| rng.chance(500)).collect();
        let (slow, coin) = (rng.time(&(Duration::ZERO..=self.slowest_write)), rng.chance(500));
        let drift = rng.below(2 * u64::from(self.most_drift) + 1);
        let weather = rng.pick(&self.weather).cloned();
        match fault {
            _ if ids.is_empty() => {}
            Fault::Crash | Fault::Pause | Fault::Disk | Fault::Drift
                if self.spared.contains(&one) => {}
            Fault::Crash => self.crash_or_start(world, one),
            Fault::Pause if world.is_running(one) => {
                if self.may_fall(world) {
                    world.pause(one);
                }
            }
            Fault::Pause => world.resume(one),
            Fault::Split => world.split(&some),
            Fault::CutOneWay if one == other => {}
            Fault::CutOneWay => world.cut_one_way(one, other),
            Fault::Heal => world.heal(),
            Fault::Weather => weather.into_iter().for_each(|link| world.set_links(link)),
            Fault::Disk => {
                world.set_disk(one, Duration::ZERO..=if coin { slow } else { Duration::ZERO });
            }
            Fault::Drift => {
                // Below a million, or `set_drift` refuses it.
                let most = i64::from(self.most_drift);
                world.set_drift(one, (drift.cast_signed() - most) as i32);
            }
        }
    }

    fn crash_or_start<P: Process>(&self, world: &mut World<P>, id: NodeId) {
        if world.node(id).is_none() {
            world.start(id);
        } else if !world.is_running(id) || self.may_fall(world) {
            // A paused node is among the fallen already.
            world.crash(id);
        }
    }

    fn may_fall<P: Process>(&self, world: &World<P>) -> bool {
        world.ids().filter(|&id| !world.is_running(id)).count() < self.down_at_most
    }
}
