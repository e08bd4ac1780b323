//! What fails stops its own node, and tells.

use std::panic::{AssertUnwindSafe, catch_unwind};

use raft::node::{Found, ProposeError, ReadError};
use raft::{Config, ConfigError, Position, Snapshot, Stored};

use super::stop::says_it_has_stopped;
use crate::running::cluster::{Cluster, LIMIT};
use crate::running::disk::{Memory, Mode};
use crate::running::tape::Tape;
use crate::running::wires::Wires;
use crate::running::{Runs, Waits};

/// Of one node, which cannot lose the lead to another.
fn one<N: Runs<Machine = Tape>>() -> Cluster<N> {
    let cluster = Cluster::new(1);
    cluster.one([1], 1);
    cluster
}

fn stops<N: Runs<Machine = Tape>>(cluster: &Cluster<N>) {
    let pending = cluster.node(1).submit(vec![2]);
    assert_eq!(pending.fate(), Err(ProposeError::Unknown));
    let stopped = || cluster.node(1).status().is_none().then_some(());
    cluster.news.until(LIMIT, stopped).expect("it has stopped");
    says_it_has_stopped(&**cluster.node(1));
}

pub(crate) fn a_panic_of_the_machine_stops_the_node<N: Runs<Machine = Tape>>() {
    let cluster = one::<N>();
    cluster.brakes[&1].set(Mode::Panics);
    stops(&cluster);
}

pub(crate) fn a_panic_of_the_disk_stops_the_node<N: Runs<Machine = Tape>>() {
    let cluster = one::<N>();
    cluster.disks[&1].brake.set(Mode::Panics);
    stops(&cluster);
}

pub(crate) fn an_error_of_the_disk_stops_the_node<N: Runs<Machine = Tape>>() {
    let cluster = one::<N>();
    cluster.disks[&1].brake.set(Mode::Fails);
    stops(&cluster);
}

pub(crate) fn an_error_of_the_disk_at_a_snapshot_stops_the_node<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(1, |mut config| {
        config.snapshot_after = 200;
        config
    });
    cluster.one([1], 1);
    // The machine is held, so that the disk is idle when it fails, and is then given the snapshot.
    let machine = &cluster.brakes[&1];
    machine.set(Mode::Waits);
    let last: Vec<_> = (0..5).map(|_| cluster.node(1).submit(vec![2; 100])).collect();
    let all = || cluster.node(1).status().filter(|it| it.commit == it.last.index);
    cluster.news.until(LIMIT, all).expect("all are committed");
    cluster.disks[&1].brake.set(Mode::Fails);
    machine.release();
    for pending in last {
        let _ = pending.fate();
    }
    let stopped = || cluster.node(1).status().is_none().then_some(());
    cluster.news.until(LIMIT, stopped).expect("it has stopped");
}

pub(crate) fn a_panic_in_a_read_comes_back_to_the_reader<N: Runs<Machine = Tape>>() {
    let cluster = one::<N>();
    let node = cluster.node(1);
    let read = || node.read::<()>(|_| panic!("the reader's own"));
    let panic = catch_unwind(AssertUnwindSafe(read)).expect_err("it is the reader's");
    assert_eq!(panic.downcast_ref(), Some(&"the reader's own"));
    let stale = || node.read_stale::<()>(|_| panic!("the reader's own"));
    assert!(catch_unwind(AssertUnwindSafe(stale)).is_err());
    assert_ne!(node.read(Tape::last), Err(ReadError::Lost), "the node lives");
    cluster.one([2], 1);
}

pub(crate) fn a_snapshot_that_is_not_whole_is_refused<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(1);
    let last = Position { term: 1, index: 5 };
    let config = Config::new(2, 1..=3).unwrap();
    let members = raft::membership::Membership::new(1..=3).into();
    let stored = Stored {
        hard_state: raft::HardState { term: 1, vote: None },
        snapshot: Some(Snapshot { last, members, size: 16 }),
        ..Stored::default()
    };
    let found = Found { stored, snapshot: vec![0; 15] };
    let tape = Tape::new(2, cluster.shelf.clone(), cluster.brakes[&2].clone());
    let (wires, courier) = Wires::start(cluster.news.clone());
    let socket = crate::running::wires::Socket { id: 2, wires: wires.clone() };
    let refused = N::start(config, found, tape, Memory::default(), std::sync::Arc::new(socket));
    wires.end();
    courier.join().unwrap();
    assert!(matches!(refused, Err(ConfigError::Disk(_))), "{refused:?}");
}

pub(crate) fn the_others_go_on_without_a_node_that_failed<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::new(3);
    cluster.one([1], 3);
    let leader = cluster.leader();
    cluster.disks[&leader].brake.set(Mode::Fails);
    let _ = cluster.node(leader).submit(vec![2]).fate();
    cluster.one([3], 2);
    cluster.disks[&leader].brake.release();
    cluster.restart(leader);
    cluster.one([4], 3);
}
