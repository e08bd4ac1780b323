//! What the simulation found in these rules, each as small as it can be.

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/cluster.rs"]
mod cluster;

use cluster::{Cluster, command, ms};
use raft::Config;
use raft::core::ReadOutcome;
use raft::membership::{Change, Membership};

/// The leader's own first entry says what was committed before it led; when a snapshot holds that
/// entry, the place behind the snapshot is not the place to wait for.
#[test]
fn a_read_does_not_wait_for_an_entry_that_nobody_writes() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.core(1).propose(command("a")).expect("it leads");
    cluster.settle();
    let last = cluster.core(1).last().index;
    cluster.node(1).compact(last, vec![0]);
    let now = cluster.now;
    cluster.core(1).read_index(now).expect("it leads");
    cluster.settle();
    let reads = &cluster.node(1).reads;
    assert!(matches!(reads[..], [ReadOutcome::Ready { index, .. }] if index == last), "{reads:?}");
}

/// Node 1 wants to leave, writes that down and falls. Node 2 has not heard of it, and lacks the entry: it
/// cannot win. So 1 must (dissertation, 4.2.2).
#[test]
fn a_node_that_leaves_may_lead_until_that_is_committed() {
    let mut cluster = Cluster::new(2);
    cluster.elect(1);
    cluster.isolate(1);
    let now = cluster.now;
    cluster.core(1).propose_change(now, &[Change::Remove(1)]).expect("it leads");
    cluster.settle();
    let disk = cluster.node(1).disk.clone();
    cluster.start(Config::new(1, 1..=2).expect("the list is good"), disk);
    cluster.heal();
    cluster.run(ms(2000));
    for node in cluster.nodes.values() {
        assert_eq!(**node.core.log().membership(), Membership::new([2]));
    }
    assert!(cluster.core(2).is_leader(), "and it alone leads");
}
