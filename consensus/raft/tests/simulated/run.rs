//! A run from a seed: a storm, then calm.

use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use raft::{Config, NodeId, Stored, Term};
use simnet::{Fault, Rng, Storm, World};

use super::client::{Client, Wishes};
use super::disk::Disk;
use super::history::judge;
use super::ledger::Shared;
use super::process::{Habits, Node};
use super::watch::Watch;

pub(crate) const ELECTION: Duration = Duration::from_millis(100);
const HEARTBEAT: Duration = Duration::from_millis(30);
/// How long the faults last.
const STORM: Duration = Duration::from_millis(2500);
/// How far a clock may be off in a storm, in millionths, and what leases allow for.
const DRIFT: u32 = 100_000;

/// In a calm world a leader commits a new write within so many election time-outs.
///
/// A leader that nobody hears notices after one, and a hand-over to the dead is given up after one.
/// Each attempt of the others takes two at most; that several fail one after the other, because two
/// nodes always try within the same few milliseconds, is a matter of chance.
pub(crate) const TIMEOUTS: u32 = 16;

/// What differs from seed to seed.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) founders: NodeId,
    pub(crate) nodes: NodeId,
    /// Whether members come and go.
    pub(crate) changes: bool,
    pub(crate) lease: bool,
    pub(crate) small: bool,
    pub(crate) habits: Habits,
    pub(crate) down_at_most: usize,
    /// This node's disk holds a term, and nothing else.
    pub(crate) stranger: Option<(NodeId, Term)>,
}

pub(crate) struct Run {
    pub(crate) world: World<Node>,
    pub(crate) ledger: Shared,
    pub(crate) watch: Watch,
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Plan {
    /// A cluster that stays as it is, of three or five.
    pub(crate) fn fixed(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5eed);
        let count = if rng.chance(500) { 3 } else { 5 };
        Self::of(rng, count, count, false)
    }

    /// Three nodes found it; five come and go.
    pub(crate) fn changing(seed: u64) -> Self {
        Self::of(Rng::new(seed ^ 0x5eed), 3, 5, true)
    }

    /// Nothing is small, slow or off.
    pub(crate) fn calm(count: NodeId) -> Self {
        let habits = Habits { saves: 4, busy: 0, snapshot_every: 10, keep: 3, apply: 8 };
        let (changes, lease, small) = (false, false, false);
        Self {
            founders: count,
            nodes: count,
            changes,
            lease,
            small,
            habits,
            down_at_most: 0,
            stranger: None,
        }
    }

    fn of(mut rng: Rng, founders: NodeId, nodes: NodeId, changes: bool) -> Self {
        let habits = Habits {
            saves: 1 + rng.below(4) as usize,
            busy: if rng.chance(500) { 300 } else { 0 },
            snapshot_every: 10 + rng.below(11),
            keep: rng.below(6),
            apply: 1 + rng.below(8) as usize,
        };
        let down_at_most = if rng.chance(250) { usize::MAX } else { founders as usize / 2 };
        let (lease, small) = (rng.chance(500), rng.chance(250));
        Self { founders, nodes, changes, lease, small, habits, down_at_most, stranger: None }
    }

    fn stored(&self, id: NodeId, disk: &Disk) -> Stored {
        let mut stored = disk.stored.clone();
        if let Some((stranger, term)) = self.stranger
            && id == stranger
        {
            stored.hard_state.term = stored.hard_state.term.max(term);
        }
        stored
    }

    fn config(&self, id: NodeId, seed: u64) -> Config {
        let mut config = if id <= self.founders {
            Config::new(id, 1..=self.founders)
        } else {
            Config::joining(id)
        }
        .expect("the list is good");
        (config.election, config.heartbeat) = (ELECTION, HEARTBEAT);
        (config.chunk, config.seed) = (16, seed);
        config.lease_drift = self.lease.then_some(DRIFT);
        if self.small {
            // A command takes 73 bytes.
            (config.window, config.flights) = (300, 2);
            (config.batch, config.uncommitted) = (150, 200);
        }
        config
    }

    fn storm(&self) -> Storm {
        use Fault::{Crash, CutOneWay, Disk, Drift, Heal, Pause, Split, Weather};
        let nodes = [Crash, Crash, Crash, Pause, Disk, Disk, Disk, Drift];
        let links = [Split, Split, CutOneWay, Heal, Heal, Weather, Weather];
        Storm {
            gap: ms(10)..=ms(150),
            faults: [&nodes[..], &links].concat(),
            down_at_most: self.down_at_most,
            slowest_write: ms(30),
            most_drift: DRIFT,
            ..Storm::default()
        }
    }
}

impl Run {
    /// Nodes that are not started yet.
    pub(crate) fn new(seed: u64, plan: &Plan, gap: RangeInclusive<Duration>) -> Self {
        let ledger = Shared::default();
        let (theirs, plan) = (Rc::clone(&ledger), plan.clone());
        let (nodes, mut rng, mut life) = (plan.nodes, Rng::new(seed), 0);
        let members = plan.changes.then_some(plan.nodes);
        let wishes = Wishes { gap, members };
        let boot = move |id, disk: &Disk| {
            life += 1;
            let config = plan.config(id, rng.next());
            let peers = (1..=plan.nodes).filter(|peer| *peer != id).collect();
            let client = Client::new(rng.fork(), wishes.clone());
            let rest = (plan.habits.clone(), client, Rc::clone(&theirs));
            Node::new(config, life, peers, (disk, plan.stored(id, disk)), rest)
        };
        let world = World::new(seed, 1..=nodes, boot);
        Self { world, watch: Watch::new(Rc::clone(&ledger)), ledger }
    }

    /// All faults, then none.
    pub(crate) fn storm(&mut self, plan: &Plan) {
        (1..=plan.nodes).for_each(|id| self.world.set_disk(id, ms(1)..=ms(10)));
        self.world.start_all();
        if is_looked_at() {
            self.world.record();
        }
        let ledger = Rc::clone(&self.ledger);
        self.until(TIMEOUTS * ELECTION, |_| ledger.borrow().last() > 0);
        let (watch, end) = (&mut self.watch, self.world.now() + STORM);
        plan.storm().rage(&mut self.world, end, |world| watch.look(world));
    }

    /// Runs until something holds; says how long that took.
    pub(crate) fn until(
        &mut self,
        most: Duration,
        mut holds: impl FnMut(&World<Node>) -> bool,
    ) -> Option<Duration> {
        let watch = &mut self.watch;
        self.world.run_until_it_holds(most, |world| {
            watch.look(world);
            holds(world)
        })
    }

    /// Says how long it took in the calm until a new write was committed. All must come to have it,
    /// and the leader must last.
    pub(crate) fn settle(&mut self) -> Duration {
        self.world.calm();
        self.ledger.borrow_mut().calm();
        let ledger = Rc::clone(&self.ledger);
        let time = self.until(TIMEOUTS * ELECTION, |_| ledger.borrow().fresh().is_some());
        self.check(time.is_some(), "no write is committed");
        self.ledger.borrow_mut().close();
        let all = self.until(TIMEOUTS * ELECTION, |world| is_settled(world, &ledger));
        self.check(all.is_some(), "not all members apply everything");
        // A word to lead that was sent in the storm is obeyed, however late it comes.
        self.until(2 * ELECTION, |_| false);
        let elections = self.watch.leaders.len();
        self.until(5 * ELECTION, |_| false);
        self.check(self.watch.leaders.len() == elections, "the leader does not last");
        time.unwrap_or_default()
    }

    fn check(&self, holds: bool, complaint: &str) {
        if holds {
            return;
        }
        let nodes: Vec<_> = self.world.nodes().map(|(id, node)| describe(id, node)).collect();
        panic!("{complaint}, {TIMEOUTS} time-outs after the storm:\n{}", nodes.join("\n"));
    }

    /// What clients saw is judged; says how many operations.
    pub(crate) fn judge(&mut self) -> usize {
        judge(self.ledger.borrow_mut().operations())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() && is_looked_at() {
            super::say(self.world.trace().as_str());
        }
    }
}

fn describe(id: NodeId, Node { core, machine, client, .. }: &Node) -> String {
    let (role, term, last, log) = (core.role(), core.term(), core.last(), core.log());
    let (base, members) = (log.base(), log.membership());
    let (commit, applied) = (core.commit(), machine.upto);
    format!(
        "{id}: {role:?} {term}, log {base}..{last}, {commit} committed, {applied} applied, {members}; {client:?}"
    )
}

/// Every member has applied all there is, and nobody waits for a read.
fn is_settled(world: &World<Node>, ledger: &Shared) -> bool {
    let last = ledger.borrow().last();
    let leader = world.nodes().map(|(_, node)| node).find(|node| {
        node.core.is_leader() && node.core.last().index == last && node.machine.upto == last
    });
    let Some(leader) = leader else { return false };
    let members = leader.core.log().membership();
    let is_done = |(id, node): (NodeId, &Node)| {
        !node.client.is_reading() && (!members.contains(id) || node.machine.upto == last)
    };
    !members.is_joint() && world.nodes().all(is_done)
}

/// One seed is run alone to be looked at.
pub(crate) fn is_looked_at() -> bool {
    std::env::var_os(simnet::SEED).is_some()
}
