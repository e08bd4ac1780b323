//! All faults at once, then calm.

use std::time::Duration;

use super::ledger::Counts;
use super::run::{ELECTION, Plan, Run, ms};
use super::say;

const SEEDS: u64 = 1000;

/// What happened in all runs.
#[derive(Default)]
struct Totals {
    elections: usize,
    commits: u64,
    judged: usize,
    crashes: u64,
    /// Writes to the disk that a crash took.
    unsaved: u64,
    clients: Counts,
    /// The longest time until a new write was committed in the calm.
    longest: Duration,
}

impl Totals {
    fn run(&mut self, seed: u64, plan: &Plan) {
        let mut run = Run::new(seed, plan, ms(0)..=ms(6));
        run.storm(plan);
        let counts = run.world.counts().clone();
        let is_quiet = counts.is_quiet() || run.ledger.borrow().last() == 0;
        assert!(!is_quiet, "seed {seed} proves nothing");
        self.longest = self.longest.max(run.settle());
        self.judged += run.judge();
        self.elections += run.watch.leaders.len();
        self.crashes += counts.crashes;
        self.unsaved += counts.unsaved;
        let ledger = run.ledger.borrow();
        self.commits += ledger.last();
        self.clients.add(&ledger.counts);
    }

    fn check(&self) {
        let clients = &self.clients;
        let rare = [clients.superseded, clients.unknown, clients.lost_reads, clients.full];
        assert!(rare.iter().all(|count| *count > 20), "what is rare did not occur: {rare:?}");
        assert!(self.elections > 1_500 && self.crashes > 500 && self.unsaved > 50);
        assert!(clients.installs > 500 && clients.transfers > 200 && clients.lease_reads > 2_000);
        assert!(self.longest > ELECTION, "every leader lived on");
    }

    fn say(&self, seeds: u64, names: &str) {
        let Self { elections, commits, judged, clients, .. } = self;
        say(&format!("COUNT raft_{names}_seeds={seeds}"));
        say(&format!("COUNT raft_{names}_elections={elections}"));
        say(&format!("COUNT raft_{names}_commits={commits}"));
        say(&format!("COUNT raft_{names}_snapshots={}", clients.installs));
        say(&format!("COUNT raft_{names}_transfers={}", clients.transfers));
        say(&format!("COUNT raft_{names}_reads={}", clients.reads));
        say(&format!("COUNT raft_{names}_judged={judged}"));
    }
}

#[test]
fn a_cluster_that_stays_as_it_is_survives_every_storm() {
    let mut totals = Totals::default();
    let seeds = simnet::seeds(SEEDS, |seed| totals.run(seed, &Plan::fixed(seed)));
    if seeds >= SEEDS {
        totals.check();
        totals.say(seeds, "fixed");
    }
}

#[test]
fn a_cluster_whose_members_come_and_go_survives_every_storm() {
    let mut totals = Totals::default();
    let seeds = simnet::seeds(SEEDS, |seed| totals.run(seed, &Plan::changing(seed)));
    if seeds >= SEEDS {
        totals.check();
        assert!(totals.clients.changes > 1_000, "only {} changes", totals.clients.changes);
        totals.say(seeds, "changing");
        say(&format!("COUNT raft_changing_changes={}", totals.clients.changes));
    }
}
