//! Lab 3D: logs that are cut short, and nodes that need what was cut off.

use std::time::Duration;

use raft::Config;

use crate::running::cluster::Cluster;
use crate::running::news::lock;
use crate::running::tape::Tape;
use crate::running::wires::Weather;
use crate::running::{Runs, Waits};

/// A snapshot every ten entries, as in the labs.
const INTERVAL: usize = 10;
/// What an entry of these tests takes, by the log's own count.
const ENTRY: usize = 64 + COMMAND;
const COMMAND: usize = 8;
/// The log on a disk is never longer. The labs allow 2,000 bytes, at about 30 for an entry.
const MOST: usize = 2_000 / 30;

#[derive(Clone, Copy, Default)]
struct Trouble {
    /// The victim is cut off.
    cut: bool,
    /// It falls.
    crash: bool,
    weather: Weather,
}

pub(crate) fn snapshot_basic<N: Runs<Machine = Tape>>() {
    run::<N>(Trouble::default());
}

pub(crate) fn snapshot_install<N: Runs<Machine = Tape>>() {
    run::<N>(Trouble { cut: true, ..Trouble::default() });
}

pub(crate) fn snapshot_install_unreliable<N: Runs<Machine = Tape>>() {
    run::<N>(Trouble { cut: true, weather: Weather::BAD, ..Trouble::default() });
}

pub(crate) fn snapshot_install_crash<N: Runs<Machine = Tape>>() {
    run::<N>(Trouble { crash: true, ..Trouble::default() });
}

pub(crate) fn snapshot_install_unreliable_crash<N: Runs<Machine = Tape>>() {
    run::<N>(Trouble { crash: true, weather: Weather::BAD, ..Trouble::default() });
}

fn config(mut config: Config) -> Config {
    config.snapshot_after = INTERVAL * ENTRY;
    // The machine's snapshot has 16 bytes: four pieces.
    config.chunk = 4;
    config
}

fn command(round: u64) -> Vec<u8> {
    round.to_le_bytes().to_vec()
}

fn run<N: Runs<Machine = Tape>>(trouble: Trouble) {
    let mut cluster = Cluster::<N>::with(3, config);
    cluster.wires.set(trouble.weather);
    cluster.one(command(0), 3);
    for round in 0..15 {
        let leader = cluster.leader();
        let next = cluster.after(leader, 1);
        let (victim, sender) = if round % 3 == 1 { (leader, next) } else { (next, leader) };
        if trouble.cut {
            cluster.cut_off([victim]);
            cluster.one(command(round), 2);
        }
        if trouble.crash {
            cluster.kill(victim);
            cluster.one(command(round), 2);
        }
        let all = !trouble.cut && !trouble.crash;
        fill(&cluster, sender, round, if all { 3 } else { 2 });
        cluster.mend([victim]);
        if !cluster.is_up(victim) {
            cluster.start(victim);
        }
        cluster.one(command(round), 3);
    }
    has_snapshots(&cluster, trouble);
}

/// Enough for a snapshot, from one sender, and none waits for the other.
fn fill<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, sender: u64, round: u64, nodes: usize) {
    let sent = INTERVAL as u64 / 2 + round * 7 % INTERVAL as u64;
    let all: Vec<_> = (0..sent).map(|n| cluster.node(sender).submit(command(n))).collect();
    // A node that does not lead takes none.
    for pending in all {
        let _ = pending.wait_timeout(Duration::from_millis(50));
    }
    cluster.one(command(round), nodes);
    for (id, disk) in &cluster.disks {
        let entries = lock(&disk.found).stored.entries.len();
        assert!(entries <= MOST, "{entries} entries on the disk of {id}");
    }
}

fn has_snapshots<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, trouble: Trouble) {
    let (taken, put) = (1..=3)
        .map(|id| cluster.shelf.snapshots(id))
        .fold((0, 0), |(taken, put), (t, p)| (taken + t, put + p));
    assert!(taken >= 15, "{taken} snapshots were taken");
    assert!(put > 0 || !(trouble.cut || trouble.crash), "somebody was behind");
}

/// All fall at once, five times, and go on where they were.
pub(crate) fn snapshot_all_crash<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::with(3, config);
    cluster.one(command(0), 3);
    for round in 0..5 {
        fill(&cluster, cluster.leader(), round, 3);
        let before = cluster.one(command(round), 3);
        (1..=3).for_each(|id| cluster.kill(id));
        (1..=3).for_each(|id| cluster.start(id));
        assert!(cluster.one(command(round), 3) > before);
    }
}

/// A node that has just come back from its snapshot knows how far it is committed.
pub(crate) fn snapshot_init<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::with(3, config);
    for round in 0..=INTERVAL as u64 {
        cluster.one(command(round), 3);
    }
    for round in 0..2 {
        (1..=3).for_each(|id| cluster.kill(id));
        (1..=3).for_each(|id| cluster.start(id));
        cluster.one(command(round), 3);
    }
    let held = cluster.disks.values().filter(|disk| lock(&disk.found).stored.snapshot.is_some());
    assert!(held.count() >= 2, "a majority started from a snapshot");
}
