//! What becomes of commands (sections 5.3 and 8), and how many may wait.

use raft::Stored;
use raft::core::{Dropped, Fate, Outcome, Why};

use crate::solo::{Solo, append, at, chunk, command, snapshot};

fn one(solo: &mut Solo) -> Outcome {
    let outcomes = solo.core.take_outcomes();
    let [outcome] = outcomes[..] else { panic!("{outcomes:?}") };
    outcome
}

/// A node that led, and has a command in its log that nobody else has.
fn deposed() -> (Solo, raft::Position) {
    let mut solo = Solo::new(3);
    solo.rule();
    let proposal = solo.propose("work");
    solo.save();
    solo.ask(2, append(2, at(1, 1), &[], 1));
    assert_eq!(solo.core.take_outcomes(), [], "nothing is known of it");
    (solo, proposal)
}

#[test]
fn proposal_is_committed() {
    let mut solo = Solo::new(3);
    solo.rule();
    let proposal = solo.propose("work");
    solo.obey(&[2]);
    assert_eq!(one(&mut solo), Outcome { proposal, fate: Fate::Committed });
    assert_eq!(solo.core.take_outcomes(), [], "once");
}

/// Another leader may still commit what this one could not.
#[test]
fn proposal_is_committed_by_another_leader() {
    let (mut solo, proposal) = deposed();
    solo.ask(2, append(2, at(1, 2), &[2], 3));
    assert_eq!(one(&mut solo), Outcome { proposal, fate: Fate::Committed });
}

/// Another entry is committed at its index: it is certain that it will never be applied; not before,
/// though it was cut off.
#[test]
fn proposal_is_superseded() {
    let (mut solo, proposal) = deposed();
    solo.ask(2, append(2, at(1, 1), &[2], 1));
    assert_eq!(solo.core.take_outcomes(), [], "another leader could still have it");
    solo.ask(2, append(2, at(2, 2), &[], 2));
    assert_eq!(one(&mut solo), Outcome { proposal, fate: Fate::Superseded });
}

/// A snapshot covers its place: nobody can tell. At its last entry one can.
#[test]
fn proposal_under_a_snapshot_is_unknown() {
    for (last, fate) in
        [(at(2, 9), Fate::Unknown), (at(2, 2), Fate::Superseded), (at(1, 2), Fate::Committed)]
    {
        let (mut solo, proposal) = deposed();
        solo.ask(2, chunk(2, &snapshot(last, 4), 0, 4));
        assert_eq!(one(&mut solo), Outcome { proposal, fate }, "the snapshot ends at {last}");
    }
}

/// Led twice, proposed twice at one index: each has its own fate.
#[test]
fn two_proposals_at_one_index_have_two_fates() {
    let (mut solo, first) = deposed();
    solo.ask(2, append(2, at(1, 1), &[2], 1));
    solo.lead();
    // Index 3 is the first entry of the new term.
    let second = solo.propose("again");
    solo.obey(&[2, 3]);
    let fates: Vec<_> = solo.core.take_outcomes().iter().map(|it| (it.proposal, it.fate)).collect();
    assert_eq!(fates, [(first, Fate::Superseded), (second, Fate::Committed)]);
}

/// What was not taken comes back, and was taken nowhere.
#[test]
fn refused_proposal_gives_the_command_back() {
    let mut solo = Solo::new(3);
    let refused = solo.core.propose(command("early")).expect_err("it follows");
    let why = Why::NotLeader { leader: None };
    assert_eq!(refused, Dropped { command: command("early"), why });
    assert_eq!(refused.to_string(), "the command was not taken: this node does not lead");
    assert_eq!(solo.core.last(), at(0, 0));
}

/// A leader without a majority takes no more than it is allowed; with one, it takes more.
#[test]
fn uncommitted_log_is_bounded() {
    let mut solo = Solo::with(3, Stored::default(), |mut config| {
        config.uncommitted = 1000;
        config
    });
    solo.rule();
    let take = |solo: &mut Solo| {
        (0..100).take_while(|_| solo.core.propose([0; 36].into()).is_ok()).count()
    };
    assert_eq!(take(&mut solo), 10);
    let refused = solo.core.propose(command("more")).expect_err("it is full");
    assert_eq!(refused.why, Why::Full);
    solo.obey(&[2]);
    assert_eq!(take(&mut solo), 10);
    solo.obey(&[2]);
    solo.core.propose([0; 5000].into()).expect("alone it is always taken, or it never were");
    assert!(solo.core.propose(command("more")).is_err());
}
