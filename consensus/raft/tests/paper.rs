//! One test for each rule of the paper, and of the dissertation where it adds one, named after it.
//! Sections are those of the extended version of the paper, unless they say dissertation.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "a time that comes before what it is taken from fails the test"
)]

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/solo.rs"]
mod solo;

#[path = "paper/commits.rs"]
mod commits;
#[path = "paper/disk.rs"]
mod disk;
#[path = "paper/elections.rs"]
mod elections;
#[path = "paper/leadership.rs"]
mod leadership;
#[path = "paper/members.rs"]
mod members;
#[path = "paper/pipeline.rs"]
mod pipeline;
#[path = "paper/pre_vote.rs"]
mod pre_vote;
#[path = "paper/proposals.rs"]
mod proposals;
#[path = "paper/reads.rs"]
mod reads;
#[path = "paper/replication.rs"]
mod replication;
#[path = "paper/snapshots.rs"]
mod snapshots;
#[path = "paper/terms.rs"]
mod terms;
#[path = "paper/waits.rs"]
mod waits;

use cluster::{Cluster, command, ms};

/// Section 5.2: a leader, one alone, within a few time-outs; and what it takes goes to all.
#[test]
fn a_cluster_elects_a_leader_and_applies_what_it_takes() {
    let mut cluster = Cluster::new(3);
    cluster.run(ms(1000));
    let leaders: Vec<_> = cluster.nodes.values().filter(|node| node.core.is_leader()).collect();
    assert_eq!(leaders.len(), 1);
    let leader = leaders[0].core.id();
    cluster.core(leader).propose(command("a")).expect("it leads");
    cluster.run(ms(100));
    for node in cluster.nodes.values() {
        assert_eq!(node.commands(), ["a"], "node {}", node.core.id());
    }
}
