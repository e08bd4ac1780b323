//! Who takes part (section 6; dissertation, chapter 4).

use raft::core::{ChangeRefused, RoleName};
use raft::membership::{Change, ChangeError, Membership};
use raft::message::Request;
use raft::{Config, NodeId, Stored};

use crate::cluster::{Cluster, command};
use crate::solo::{Solo, ms};

/// Nodes 1 to 3 lead by 1, and others that wait to be taken in.
fn cluster(waiting: &[NodeId]) -> Cluster {
    let mut cluster = Cluster::new(3);
    for id in waiting {
        cluster.start(Config::joining(*id).expect("it has a name"), Stored::default());
    }
    cluster.elect(1);
    cluster.run(ms(100));
    cluster
}

fn change(cluster: &mut Cluster, changes: &[Change]) {
    let now = cluster.now;
    cluster.core(1).propose_change(now, changes).expect("it leads and nothing is under way");
}

/// Section 6: "a server always uses the latest configuration in its log, regardless of whether the
/// entry is committed".
#[test]
fn change_is_in_force_when_it_is_in_the_log() {
    let mut solo = Solo::new(3);
    solo.rule();
    let place = solo.core.propose_change(solo.now, &[Change::Voter(4)]).expect("it leads");
    assert!(solo.core.log().membership().is_voter(4));
    solo.save();
    let sent = solo.next(2).expect("there is an entry");
    solo.agree(2, &sent);
    assert_eq!(solo.core.commit(), place.index - 1, "two of four are no majority");
    let sent = solo.next(3).expect("there is an entry");
    solo.agree(3, &sent);
    assert_eq!(solo.core.commit(), place.index);
}

/// Dissertation, 4.2.1: a node that joins gets the log before it may vote.
#[test]
fn learner_catches_up_and_does_not_count() {
    let mut cluster = cluster(&[4]);
    for round in 0..20 {
        cluster.core(1).propose(command(&round.to_string())).expect("it leads");
    }
    change(&mut cluster, &[Change::Learner(4)]);
    cluster.run(ms(100));
    assert_eq!(cluster.nodes[&4].commands().len(), 20);
    assert_eq!((cluster.core(4).role(), cluster.core(4).deadline()), (RoleName::Learner, None));
    cluster.isolate(2);
    cluster.isolate(3);
    let last = cluster.core(1).propose(command("alone")).expect("it leads");
    cluster.settle();
    assert_eq!(cluster.core(1).matched(4), Some(last.index));
    assert!(cluster.core(1).commit() < last.index, "a learner is no part of a majority");
}

/// Section 6: "Log entries are replicated to all servers in both configurations. Agreement requires
/// separate majorities from both the old and new configurations."
#[test]
fn joint_consensus_needs_both_majorities() {
    let mut solo = Solo::new(3);
    solo.rule();
    let changes = [Change::Voter(4), Change::Voter(5), Change::Remove(2), Change::Remove(3)];
    let place = solo.core.propose_change(solo.now, &changes).expect("it leads");
    assert!(solo.core.log().membership().is_joint());
    (4..=5).for_each(|peer| solo.core.link_up(peer, 1));
    solo.obey(&[4, 5]);
    assert_eq!(solo.core.commit(), place.index - 1, "the new ones alone decide nothing");
    solo.obey(&[3]);
    assert_eq!(solo.core.commit(), place.index);
    assert_eq!(**solo.core.log().membership(), Membership::new([1, 4, 5]), "it is left at once");
    solo.obey(&[2, 3]);
    assert_eq!(solo.core.commit(), place.index, "the old ones decide nothing any more");
    solo.obey(&[4]);
    assert_eq!(solo.core.commit(), place.index + 1);
}

/// Section 6: the new configuration takes over by itself, and those that left rest.
#[test]
fn cluster_moves_to_other_servers() {
    let mut cluster = cluster(&[4, 5, 6]);
    cluster.core(1).propose(command("before")).expect("it leads");
    let all = [4, 5, 6].map(Change::Voter).into_iter().chain([1, 2, 3].map(Change::Remove));
    change(&mut cluster, &all.collect::<Vec<_>>());
    cluster.run(ms(1000));
    let leader = cluster.nodes.values().filter(|node| node.core.is_leader()).map(|it| it.core.id());
    let leader: Vec<_> = leader.collect();
    assert!(leader.len() == 1 && leader[0] >= 4, "{leader:?} lead");
    for id in 1..=3 {
        assert!(!cluster.core(id).log().membership().contains(id));
        cluster.nodes.remove(&id);
    }
    cluster.core(leader[0]).propose(command("after")).expect("it leads");
    cluster.run(ms(200));
    for id in 4..=6 {
        assert_eq!(cluster.nodes[&id].commands(), ["before", "after"]);
    }
}

/// Section 6: "the leader is not part of the new configuration. In this case, the leader steps down
/// once it has committed the Cnew log entry", and until then does not count itself.
#[test]
fn leader_leads_its_own_removal_to_the_end() {
    let mut solo = Solo::new(3);
    solo.rule();
    let place = solo.core.propose_change(solo.now, &[Change::Remove(1)]).expect("it leads");
    solo.save();
    let sent = solo.next(2).expect("there is an entry");
    solo.agree(2, &sent);
    assert_eq!(solo.core.commit(), place.index - 1, "one of the two that remain");
    let sent = solo.next(3).expect("there is an entry");
    solo.agree(3, &sent);
    assert_eq!(solo.core.commit(), place.index);
    assert_eq!((solo.core.role(), solo.core.deadline()), (RoleName::Learner, None));
}

/// Dissertation, 4.1: one change at a time; and the correction of 2015: not before the leader has
/// committed an entry of its own term.
#[test]
fn changes_do_not_overlap() {
    let mut solo = Solo::new(3);
    let refused = solo.core.propose_change(ms(0), &[Change::Voter(4)]);
    assert_eq!(refused, Err(ChangeRefused::NotLeader { leader: None }));
    solo.lead();
    let refused = solo.core.propose_change(solo.now, &[Change::Voter(4)]);
    assert_eq!(refused, Err(ChangeRefused::TooSoon));
    solo.obey(&[2, 3]);
    solo.core.propose_change(solo.now, &[Change::Voter(4)]).expect("its entry is committed");
    let refused = solo.core.propose_change(solo.now, &[Change::Remove(2)]);
    assert_eq!(refused, Err(ChangeRefused::Busy));
    solo.obey(&[2, 3]);
    let nobody = [1, 2, 3, 4].map(Change::Remove);
    let refused = solo.core.propose_change(solo.now, &nobody);
    assert_eq!(refused, Err(ChangeRefused::Never(ChangeError::NoVoter)));
    solo.core.propose_change(solo.now, &[Change::Remove(2)]).expect("the first is committed");
}

/// Section 6: a leader that finds a joint configuration in its log ends it.
#[test]
fn new_leader_ends_a_joint_change() {
    let mut cluster = cluster(&[4, 5]);
    change(&mut cluster, &[Change::Voter(4), Change::Voter(5)]);
    // The joint entry reaches 2 and 3 and no farther; then 1 is gone.
    cluster.write();
    cluster.collect();
    cluster.mail.retain(|mail| matches!(mail, crate::cluster::Mail::Request { to: 2 | 3, .. }));
    while cluster.deliver() {}
    cluster.write();
    assert!(cluster.core(2).log().membership().is_joint());
    cluster.isolate(1);
    cluster.mail.clear();
    cluster.run(ms(2000));
    let whole = Membership::new(1..=5);
    for id in 2..=5 {
        assert_eq!(**cluster.core(id).log().membership(), whole, "node {id}");
    }
}

/// Section 6: a voter that becomes a learner votes on until the joint change is left.
#[test]
fn voter_is_demoted_when_the_change_is_over() {
    let mut cluster = cluster(&[4]);
    change(&mut cluster, &[Change::Learner(3), Change::Voter(4)]);
    assert!(cluster.core(1).log().membership().is_voter(3));
    cluster.run(ms(100));
    let members = cluster.core(1).log().membership().clone();
    assert!(!members.is_joint() && members.is_learner(3) && members.is_voter(4), "{members}");
    cluster.core(1).propose(command("for all")).expect("it leads");
    cluster.run(ms(100));
    assert_eq!(cluster.nodes[&3].commands(), ["for all"], "it goes on listening");
}

/// Dissertation, 4.2.2: a removed server is told, so that it need not start elections.
#[test]
fn removed_server_gets_the_entry_that_removes_it() {
    let mut solo = Solo::new(3);
    solo.rule();
    let place = solo.core.propose_change(solo.now, &[Change::Remove(3)]).expect("it leads");
    let sent = solo.next(3).expect("it gets the entry");
    assert!(matches!(&sent.1, Request::Append(append) if append.entries.len() == 1));
    solo.obey(&[2]);
    assert_eq!(solo.core.commit(), place.index);
    solo.agree(3, &sent);
    let (context, request) = solo.next(3).expect("and the word that it is committed");
    let Request::Append(told) = &request else { panic!("{request}") };
    assert_eq!(told.commit, place.index);
    solo.agree(3, &(context, request));
    assert_eq!(solo.core.matched(3), None, "it is forgotten");
    assert_eq!(solo.next(3), None);
}
