//! How many are enough, and how the members change. The 182 cases of etcd and `TiKV` are replayed in
//! `benches/tests/foreign_raft.rs`.

use std::collections::BTreeSet;

use proptest::prelude::*;
use raft::NodeId;
use raft::membership::{Change, ChangeError, Membership};
use raft::quorum::{Tally, committed, majority, tally};

#[test]
fn half_is_no_majority() {
    let needed = [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)];
    for (voters, enough) in needed {
        assert_eq!(majority(voters), enough, "{voters} voters");
    }
    let two_of_four = |id| (id <= 2).then_some(true);
    assert_eq!(tally(&(1..=4).collect(), two_of_four), Tally::Pending);
}

#[test]
fn a_joint_change_needs_both_groups() {
    let old = Membership::new([1, 2, 3]);
    let changes = [Change::Voter(4), Change::Voter(5), Change::Remove(1), Change::Remove(2)];
    let joint = old.enter_joint(&changes, true).unwrap();
    assert_eq!(joint.to_string(), "voters=(3 4 5)&&(1 2 3) autoleave");
    let new_alone = |id| (id >= 4).then_some(true);
    assert_eq!(joint.tally(new_alone), Tally::Pending);
    assert_eq!(joint.committed(|id| if id >= 3 { 9 } else { 0 }), 0, "1 and 2 lack it");
    assert_eq!(joint.committed(|id| if id >= 2 { 9 } else { 0 }), 9);
    assert_eq!(joint.leave_joint().unwrap(), Membership::new([3, 4, 5]));
}

#[test]
fn two_changes_at_once_are_refused() {
    let joint = Membership::new([1]).enter_joint(&[Change::Voter(2)], false).unwrap();
    assert_eq!(joint.simple(&[Change::Voter(3)]), Err(ChangeError::Joint));
    assert_eq!(joint.enter_joint(&[], false), Err(ChangeError::Joint));
    assert_eq!(Membership::new([1]).leave_joint(), Err(ChangeError::NotJoint));
}

proptest! {
    /// Any two groups that could each decide share a member, before and after a simple change.
    #[test]
    fn majorities_meet_across_a_simple_change(
        voters in prop::collection::btree_set(1_u64..8, 1..6),
        change in 1_u64..8,
        yes in prop::collection::btree_set(1_u64..8, 0..8),
    ) {
        let old = Membership::new(voters.clone());
        let wish = if voters.contains(&change) { Change::Remove(change) } else { Change::Voter(change) };
        if let Ok(new) = old.simple(&[wish]) {
            let say = |id: NodeId| Some(yes.contains(&id));
            let others = |id: NodeId| Some(!yes.contains(&id));
            prop_assert!(!(old.tally(say) == Tally::Won && new.tally(others) == Tally::Won));
        }
    }

    /// The definition, slowly.
    #[test]
    fn what_a_majority_holds_is_the_greatest_index_that_enough_hold(
        held in prop::collection::btree_map(1_u64..30, 0_u64..50, 1..12),
    ) {
        let voters: BTreeSet<_> = held.keys().copied().collect();
        let enough = |index: &u64| {
            held.values().filter(|it| *it >= index).count() >= majority(voters.len())
        };
        prop_assert_eq!(committed(&voters, |id| held[&id]), (0..50).filter(enough).max().unwrap());
    }
}
