//! Disks that wait for nothing are written to by whoever has something to write.

use std::sync::{Arc, Mutex};
use std::thread;

use raft::NodeId;
use raft::core::RoleName;
use raft::node::ProposeError;

use super::stop::says_it_has_stopped;
use crate::running::cluster::{Cluster, LIMIT};
use crate::running::disk::Mode;
use crate::running::news::lock;
use crate::running::tape::Tape;
use crate::running::{Runs, Waits};

fn instant<N: Runs<Machine = Tape>>(count: NodeId) -> Cluster<N> {
    let mut cluster = Cluster::<N>::with(count, |mut config| {
        config.snapshot_after = 2_000;
        config
    });
    for id in 1..=count {
        cluster.disks.get_mut(&id).expect("it was started").is_instant = true;
        cluster.restart(id);
    }
    cluster
}

/// Clients, replicators, the applier and the network all come by.
pub(crate) fn an_instant_disk_keeps_what_all_write_to_it<N: Runs<Machine = Tape>>() {
    let mut cluster = instant::<N>(3);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let writers: Arc<Mutex<Vec<_>>> = Arc::default();
    let seen = Arc::clone(&writers);
    let brake = &cluster.disks[&leader].brake;
    brake.send_on(move || lock(&seen).push(thread::current().id()));
    let last = thread::scope(|scope| {
        let node = cluster.node(leader);
        let client = |me: u8| {
            let all: Vec<_> = (0..100_u8).map(|number| node.submit(vec![me, number])).collect();
            all.into_iter().map(|it| it.fate().expect("it leads")).max().expect("there are some")
        };
        let clients: Vec<_> = (0..4).map(|me| scope.spawn(move || client(me))).collect();
        clients.into_iter().map(|it| it.join().unwrap()).max().expect("there are four")
    });
    cluster.until_done(last, 3);
    assert!(!lock(&writers).is_empty(), "it was written to");
    assert!(cluster.shelf.snapshots(leader).0 > 0, "and has kept a snapshot");
    (1..=3).for_each(|id| cluster.restart(id));
    assert_eq!(cluster.one([9], 3), last + 2, "behind the first entry of a new term");
}

/// Nobody else's answer brings a thread by.
pub(crate) fn an_instant_disk_is_enough_for_one_node<N: Runs<Machine = Tape>>() {
    let cluster = instant::<N>(1);
    let first = cluster.one([0], 1);
    let all: Vec<_> = (1..=50).map(|number| cluster.node(1).submit(vec![number])).collect();
    for (pending, index) in all.into_iter().zip(first + 1..) {
        assert_eq!(pending.fate(), Ok(index));
    }
}

pub(crate) fn an_instant_disk_that_fails_stops_its_node<N: Runs<Machine = Tape>>() {
    for mode in [Mode::Fails, Mode::Panics] {
        let cluster = instant::<N>(3);
        cluster.one([1], 3);
        let leader = cluster.leader();
        cluster.disks[&leader].brake.set(mode);
        assert_eq!(cluster.node(leader).submit(vec![2]).fate(), Err(ProposeError::Unknown));
        let stopped = || cluster.node(leader).status().is_none().then_some(());
        cluster.news.until(LIMIT, stopped).expect("it has stopped");
        says_it_has_stopped(&**cluster.node(leader));
        let other = |id: &NodeId| *id != leader && cluster.role(*id) == RoleName::Leader;
        let leads = || (1..=3).filter(|id| *id != leader).find(other);
        cluster.news.until(LIMIT, leads).expect("the others go on");
    }
}
