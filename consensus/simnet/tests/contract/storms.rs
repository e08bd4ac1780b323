//! Faults from a seed, and how fast they are.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use simnet::{Fault, Input, NodeId, Outbox, Process, Storm, World, seeds};

use super::peer::{self, ms};
use super::say;

#[test]
fn a_storm_brings_every_fault_it_may() {
    let mut world = beacons(3);
    world.record();
    Storm::default().rage(&mut world, Duration::from_mins(1), |_| ());
    let counts = world.counts();
    let rare = [counts.crashes, counts.pauses, counts.cuts, counts.lost, counts.repeated];
    assert!(rare.iter().all(|count| *count > 5), "{counts:?}");
    for event in ["links", "heal", "disk", "drift", "resume", "start"] {
        let line = format!("\"event\":\"{event}\"");
        assert!(world.trace().as_str().matches(&line).count() > 5, "{event}");
    }
}

#[test]
fn a_storm_brings_no_fault_it_may_not() {
    let mut world = beacons(3);
    let storm = Storm { faults: vec![Fault::Split, Fault::Heal], ..Storm::default() };
    storm.rage(&mut world, Duration::from_secs(20), |_| ());
    let counts = world.counts();
    assert_eq!((counts.crashes, counts.pauses, counts.lost, counts.repeated), (0, 0, 0, 0));
    assert!(counts.cuts > 20);
}

#[test]
fn a_run_in_which_nothing_went_wrong_says_so() {
    let mut world = beacons(3);
    world.run_for(Duration::from_secs(1));
    assert!(world.counts().is_quiet() && world.counts().delivered > 50);
    world.cut_one_way(1, 2);
    world.run_for(Duration::from_secs(1));
    assert!(!world.counts().is_quiet(), "{:?}", world.counts());
}

#[test]
fn no_more_fall_than_the_storm_may_fell() {
    let mut world = beacons(3);
    let faults = vec![Fault::Crash, Fault::Pause];
    let storm = Storm { faults, down_at_most: 2, spared: vec![4], ..Storm::default() };
    let mut most = 0;
    storm.rage(&mut world, Duration::from_secs(20), |world| {
        most = most.max(world.ids().filter(|id| !world.is_running(*id)).count());
        assert!(world.is_running(4), "it is spared");
    });
    assert_eq!(most, 2);
}

#[test]
fn after_the_calm_everything_works() {
    seeds(50, |seed| {
        let mut world = peer::world(seed, 4);
        Storm::default().rage(&mut world, Duration::from_secs(5), |_| ());
        world.calm();
        let before = world.counts().clone();
        for from in 1..=4 {
            (1..=4).for_each(|to| peer::send(&mut world, from, to, 77));
        }
        world.run_for(ms(2));
        let late = (1..=4).map(|id| peer::numbers(&world, id));
        assert_eq!(late.flatten().filter(|number| *number == 77).count(), 16);
        assert_eq!(world.counts().lost, before.lost);
    });
}

/// The promise of the recipe, not of a machine: ten times as long would still be "seconds".
const SECONDS: Duration = Duration::from_mins(1);

#[test]
fn a_thousand_seeds_of_five_nodes_take_seconds() {
    let start = Instant::now();
    let (mut events, mut crashes) = (0, 0);
    for seed in 1..=1000 {
        let mut world = beacons(seed);
        Storm::default().rage(&mut world, Duration::from_secs(3), |_| ());
        assert!(!world.counts().is_quiet(), "seed {seed} proves nothing");
        world.calm();
        let agreed = |world: &World<Beacon>| world.nodes().all(|(_, it)| it.leader() == 5);
        let time = world.run_until_it_holds(Duration::from_secs(1), agreed);
        assert!(time.is_some(), "seed {seed}: no leader a second after the storm");
        events += world.counts().delivered + world.counts().times;
        crashes += world.counts().crashes;
    }
    assert!(start.elapsed() < SECONDS, "1,000 seeds took {:?}", start.elapsed());
    assert!(events > 500_000 && crashes > 1000, "{events} events, {crashes} crashes");
    say("COUNT simnet_beacon_seeds=1000");
    say(&format!("COUNT simnet_beacon_events={events}"));
}

/// The simplest of elections: whoever is heard of counts as alive, and the greatest leads.
struct Beacon {
    id: NodeId,
    now: Duration,
    heard: BTreeMap<NodeId, Duration>,
    next: Option<Duration>,
}

#[derive(Clone)]
struct Alive;

impl fmt::Display for Alive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ALIVE")
    }
}

impl Beacon {
    fn leader(&self) -> NodeId {
        let alive = self.heard.iter().filter(|(_, at)| **at + ms(150) > self.now);
        alive.map(|(id, _)| *id).max().unwrap_or(0).max(self.id)
    }
}

impl Process for Beacon {
    type Message = Alive;
    type Write = u8;
    type Disk = ();

    fn keep((): &mut (), _: u8) {}

    fn handle(&mut self, now: Duration, input: Input<Alive>, out: &mut Outbox<Self>) {
        self.now = now;
        match input {
            Input::Start | Input::Time => {
                (1..=5).filter(|to| *to != self.id).for_each(|to| out.send(to, Alive));
                out.save(0);
                self.next = Some(now + ms(50));
            }
            Input::Message { from, .. } => _ = self.heard.insert(from, now),
            Input::Saved(_) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.next
    }
}

fn beacons(seed: u64) -> World<Beacon> {
    let boot = |id, (): &()| Beacon { id, now: ms(0), heard: BTreeMap::new(), next: None };
    let mut world = World::new(seed, 1..=5, boot);
    world.start_all();
    world
}
