//! Row 22 of the table of bugs: something slow, or something that asks the node itself, was called under
//! the lock. Here a disk, a machine and a network call their own node while they work for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use raft::node::ProposeError;

use super::stop::ends;
use crate::running::cluster::{Cluster, LIMIT};
use crate::running::disk::Brake;
use crate::running::tape::Tape;
use crate::running::{Runs, Waits};

/// So many commands are proposed on the way: each makes more work for a disk.
const MOST: u64 = 5;
/// What is proposed on the way.
const ERRAND: &[u8] = b"on the way";

/// How often the node was asked, and answered, on the way.
#[derive(Default)]
struct Count {
    asked: AtomicU64,
    answered: AtomicU64,
    proposed: AtomicU64,
}

/// Whoever comes by this brake calls the node.
fn errand<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, brake: &Brake, asks: bool) -> Arc<Count> {
    let count = Arc::new(Count::default());
    let (node, counted) = (cluster.handle(1), Arc::clone(&count));
    brake.send_on(move || {
        if asks {
            counted.asked.fetch_add(1, Ordering::SeqCst);
            if node.with(Runs::status).is_some() {
                counted.answered.fetch_add(1, Ordering::SeqCst);
            }
        }
        if counted.proposed.fetch_add(1, Ordering::SeqCst) < MOST {
            node.with(|node| drop(node.submit(ERRAND.to_vec())));
        }
    });
    count
}

/// A cluster of so many nodes goes on, and whoever asked was answered.
fn goes_on<N: Runs<Machine = Tape>>(
    nodes: u64,
    asks: bool,
    brake: impl Fn(&Cluster<N>) -> Arc<Brake> + Send + 'static,
) {
    ends(move || {
        let cluster = Cluster::<N>::new(nodes);
        cluster.one([1], nodes as usize);
        let brake = brake(&cluster);
        let count = errand(&cluster, &brake, asks);
        for number in 0..10 {
            let pending = cluster.node(cluster.leader()).submit(vec![2, number]);
            let fate = pending.fate();
            assert!(!matches!(fate, Err(ProposeError::Unknown)), "{fate:?}");
        }
        let proposed = || (cluster.shelf.count_of(ERRAND) > 0).then_some(());
        cluster.news.until(LIMIT, proposed).expect("what was proposed on the way is done");
        brake.send_on(|| ());
        // Whoever is on the way comes back before the node falls.
        let done = || {
            let answered = count.answered.load(Ordering::SeqCst);
            (answered == count.asked.load(Ordering::SeqCst)).then_some(answered)
        };
        let answered = cluster.news.until(LIMIT, done).expect("all are answered");
        assert!(answered > 0 || !asks, "nobody asked");
    });
}

pub(crate) fn a_disk_that_asks_its_node_is_answered<N: Runs<Machine = Tape>>() {
    goes_on::<N>(1, true, |cluster| Arc::clone(&cluster.disks[&1].brake));
}

pub(crate) fn a_machine_that_asks_its_node_is_answered<N: Runs<Machine = Tape>>() {
    goes_on::<N>(1, true, |cluster| Arc::clone(&cluster.brakes[&1]));
}

/// Whatever node 1 sends comes by here.
fn network<N: Runs<Machine = Tape>>(cluster: &Cluster<N>) -> Arc<Brake> {
    for peer in [2, 3] {
        cluster.wires.jam(1, peer);
    }
    cluster.wires.jam.release();
    let leads = || {
        let leader = cluster.find_leader()?;
        let _ = cluster.node(leader).transfer(1);
        (leader == 1).then_some(())
    };
    cluster.news.until(LIMIT, leads).expect("the lead is handed over");
    Arc::clone(&cluster.wires.jam)
}

pub(crate) fn a_network_may_propose_to_its_node<N: Runs<Machine = Tape>>() {
    goes_on::<N>(3, false, network);
}

pub(crate) fn a_network_that_asks_its_node_is_answered<N: Runs<Machine = Tape>>() {
    goes_on::<N>(3, true, network);
}
