//! What is slow holds up nobody else.

use std::time::{Duration, Instant};

use raft::core::RoleName;
use raft::{Config, NodeId};

use crate::running::cluster::{Cluster, HEARTBEAT, LIMIT};
use crate::running::disk::Mode;
use crate::running::tape::Tape;
use crate::running::wires::Weather;
use crate::running::{Runs, Waits};

/// Long enough that no busy machine holds up heartbeats so long.
const ELECTION: Duration = Duration::from_millis(400);

fn calm(mut config: Config) -> Config {
    config.election = ELECTION;
    config
}

/// Whether a node leads in a term for three elections.
fn leads_on<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, leader: NodeId) -> bool {
    let term = cluster.node(leader).status().unwrap().term;
    cluster.news.never(ELECTION * 3, || {
        let status = cluster.node(leader).status().unwrap();
        (status.role, status.term) != (RoleName::Leader, term)
    })
}

pub(crate) fn a_followers_slow_disk_holds_up_nobody<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, calm);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let slow = cluster.after(leader, 1);
    let disk = &cluster.disks[&slow].brake;
    disk.set(Mode::Waits);
    for number in 0..20 {
        let index = cluster.node(leader).submit(vec![2, number]).fate().unwrap();
        cluster.until_done(index, 2);
    }
    cluster.news.until(LIMIT, || disk.holds().then_some(())).expect("its disk is held");
    assert!(leads_on(&cluster, leader));
    assert_eq!(cluster.shelf.count_of(&[2, 0]), 2, "not done where it is not on the disk");
    disk.release();
    cluster.one([3], 3);
}

/// Only a follower with a slow disk is left: nothing is committed, and yet the leader is followed.
pub(crate) fn a_leader_lives_on_heartbeats_of_a_slow_disk<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, calm);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let [slow, gone] = [1, 2].map(|places| cluster.after(leader, places));
    let disk = &cluster.disks[&slow].brake;
    disk.set(Mode::Waits);
    cluster.cut_off([gone]);
    let pending = cluster.node(leader).submit(vec![2]);
    cluster.news.until(LIMIT, || disk.holds().then_some(())).expect("its disk is held");
    assert!(leads_on(&cluster, leader));
    // Nor does a read wait for that disk.
    assert!(cluster.node(leader).read(Tape::last).is_ok());
    let pending = pending.wait_timeout(Duration::ZERO).expect_err("no majority has it");
    disk.release();
    assert!(pending.fate().is_ok());
}

/// The others commit; the leader answers when it has it too.
pub(crate) fn a_leaders_slow_disk_holds_up_only_its_answers<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, calm);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let disk = &cluster.disks[&leader].brake;
    disk.set(Mode::Waits);
    let pending = cluster.node(leader).submit(vec![2]);
    let others = || (cluster.shelf.count_of(&[2]) == 2).then_some(());
    cluster.news.until(LIMIT, others).expect("the others have done it");
    assert!(disk.holds());
    assert!(leads_on(&cluster, leader));
    let pending = pending.wait_timeout(Duration::ZERO).expect_err("it is not on the own disk");
    disk.release();
    cluster.until_done(pending.fate().unwrap(), 3);
}

pub(crate) fn a_slow_peer_holds_up_nobody_else<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, calm);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let late = Duration::from_millis(150);
    cluster.wires.slow_down(cluster.after(leader, 1), late);
    let start = Instant::now();
    for number in 0..30 {
        assert!(cluster.node(leader).submit(vec![number]).fate().is_ok());
    }
    let waited = start.elapsed();
    assert!(waited < late * 2 * 30 / 2, "{waited:?} for 30 commands");
    cluster.one([100], 3);
}

/// Its network says at once that a message is lost.
pub(crate) fn who_cannot_be_reached_is_not_asked_without_end<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, calm);
    let leader = cluster.leader();
    let [one, two] = [1, 2].map(|places| cluster.after(leader, places));
    let requests = || {
        let (before, start) = (cluster.wires.count().requests, Instant::now());
        cluster.news.never(HEARTBEAT * 10, || false);
        let beats = start.elapsed().as_micros() / HEARTBEAT.as_micros() + 1;
        // Three nodes, two peers each: no more than three a heartbeat.
        (cluster.wires.count().requests - before, beats as u64 * 3 * 2 * 3)
    };
    cluster.cut_off([one]);
    let _ = cluster.node(leader).submit(vec![1]);
    let (asked, most) = requests();
    assert!(asked <= most, "a leader asked {asked} times, and not {most}");
    cluster.cut_off([leader, two]);
    let tries = || (1..=3).any(|id| cluster.role(id) == RoleName::Candidate).then_some(());
    cluster.news.until(LIMIT, tries).expect("they try to lead");
    let (asked, most) = requests();
    assert!(asked <= most, "candidates asked {asked} times, and not {most}");
}

pub(crate) fn what_is_lost_in_silence_is_sent_again<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.wires.set(Weather { silent: true, ..Weather::BAD });
    for number in 0..10 {
        cluster.one([number], 2);
    }
    cluster.wires.set(Weather::default());
    cluster.one([100], 3);
}

/// One is enough, until it is safe or no news any more.
pub(crate) fn a_slow_disk_asks_for_no_second_snapshot<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(1, |mut config| {
        config.snapshot_after = 400;
        config
    });
    let (machine, disk) = (&cluster.brakes[&1], &cluster.disks[&1].brake);
    cluster.one([1], 1);
    machine.set(Mode::Waits);
    let all: Vec<_> =
        (0..4000).map(|n: u16| cluster.node(1).submit(n.to_le_bytes().to_vec())).collect();
    let committed = || cluster.node(1).status().filter(|it| it.commit == it.last.index);
    cluster.news.until(LIMIT, committed).expect("all are committed");
    disk.set(Mode::Waits);
    machine.release();
    for pending in all {
        assert!(pending.fate().is_ok());
    }
    cluster.news.until(LIMIT, || disk.holds().then_some(())).expect("the snapshot is written");
    assert_eq!(cluster.shelf.snapshots(1).0, 1, "4,000 commands were done meanwhile");
    disk.release();
    cluster.one([2], 1);
}
