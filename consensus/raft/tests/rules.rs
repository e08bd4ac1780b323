//! Every order in which messages, time-outs, disks and crashes can come, within a bound: the rules
//! themselves, in a model that leaves none out.
//!
//! A message that was sent may arrive at any time after, any number of times, or never. So loss,
//! delay, disorder and duplicates are there without an action of their own. It is always the end of
//! time: every deadline has come, and nobody is loyal to a leader. So what rests on time is not shown
//! here: leases, heartbeats, and that a cluster gets somewhere. Snapshots are left out too.

use std::io::Write as _;

use raft::membership::Change;
use raft::{NodeId, Term};
use stateright::{Checker, HasDiscoveries, Model};

#[path = "rules/model.rs"]
mod model;
#[path = "rules/promises.rs"]
mod promises;
#[path = "rules/state.rs"]
mod state;

use promises::{A_COMMIT, A_CUT, A_FALL, A_LEADER, A_REFUSAL};

/// How far a model goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// In its count.
    name: &'static str,
    /// How many nodes there are. All of them vote.
    nodes: NodeId,
    /// What the disks hold when it begins, node 1's first. Those that are not named are empty.
    disks: &'static [Disk],
    /// Begins when this node leads and all that it has to say has arrived.
    settled: Option<NodeId>,
    /// No node goes past this term, and no log past this index.
    term: Term,
    length: u64,
    /// So many time-outs are there of each node. A leader's is that it no longer hears a majority.
    time_outs: &'static [u8],
    /// Otherwise the messages of trials too arrive whenever they want.
    trials_at_once: bool,
    /// Whether a leader proposes a command, one in each term.
    proposes: bool,
    /// The change that a leader proposes, once.
    change: &'static [Change],
    crashes: u8,
    /// So often a leader takes what it sent a peer for lost, and asks again.
    retries: u8,
    /// Otherwise what is written is safe at once.
    slow_disks: bool,
    /// What must happen in some order.
    happens: &'static [&'static str],
}

/// What a disk holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk {
    term: Term,
    vote: Option<NodeId>,
    /// The terms of its entries.
    log: &'static [Term],
}

const BOUND: Bound = Bound {
    name: "",
    nodes: 3,
    disks: &[],
    settled: None,
    term: 2,
    length: 3,
    time_outs: &[],
    trials_at_once: true,
    proposes: false,
    change: &[],
    crashes: 0,
    retries: 0,
    slow_disks: false,
    happens: &[A_LEADER, A_COMMIT, A_CUT, A_REFUSAL, A_FALL],
};

/// All of it; the number of states is known.
fn check(bound: Bound, states: usize) {
    let name = bound.name;
    let checker = bound.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    checker.assert_properties();
    let found = checker.unique_state_count();
    assert_eq!(found, states, "{name}");
    writeln!(std::io::stderr(), "COUNT raft_model_states_{name}={found}").expect("stderr is open");
}

/// With nobody to ask, it is the own vote alone that must be on the disk.
#[test]
fn every_order_of_events_of_one_node_that_crashes_and_whose_disk_is_slow() {
    let bound = Bound {
        name: "alone",
        nodes: 1,
        time_outs: &[3],
        proposes: true,
        crashes: 2,
        slow_disks: true,
        happens: &[A_LEADER, A_COMMIT],
        ..BOUND
    };
    check(bound, 731);
}

/// Two can cut nothing off: nobody is elected without the vote of whoever has more.
#[test]
fn every_order_of_events_of_two_nodes_that_crash_and_whose_disks_are_slow() {
    let bound = Bound {
        name: "crash",
        nodes: 2,
        length: 2,
        time_outs: &[2, 1],
        trials_at_once: false,
        proposes: true,
        crashes: 1,
        slow_disks: true,
        happens: &[A_LEADER, A_COMMIT, A_REFUSAL, A_FALL],
        ..BOUND
    };
    check(bound, 327_148);
}

#[test]
fn every_order_of_events_of_three_nodes_that_elect() {
    let bound = Bound { name: "elect", length: 2, time_outs: &[1, 1, 1], ..BOUND };
    check(bound, 132_027);
}

/// A vote that is told before it is on the disk can be given twice.
#[test]
fn every_order_of_events_of_three_nodes_that_elect_and_crash_and_whose_disks_are_slow() {
    let bound = Bound {
        name: "elect_crash",
        term: 1,
        length: 1,
        time_outs: &[1, 1, 0],
        crashes: 1,
        slow_disks: true,
        happens: &[A_LEADER, A_COMMIT],
        ..BOUND
    };
    check(bound, 16_386);
}

/// Figure 8 with three nodes: node 1 led in term 2, and node 3 in term 3, and each has an entry that
/// nobody else has. When node 1 leads again and brings its entry to node 2, a majority has it; and still
/// node 3 may lead, and cut it off.
#[test]
fn every_order_of_events_of_figure_8() {
    let bound = Bound {
        name: "figure_8",
        disks: &[
            Disk { term: 3, vote: None, log: &[1, 2] },
            Disk { term: 3, vote: Some(3), log: &[1] },
            Disk { term: 3, vote: Some(3), log: &[1, 3] },
        ],
        term: 5,
        time_outs: &[1, 0, 1],
        ..BOUND
    };
    check(bound, 177_891);
}

/// The command of the first leader is superseded, or committed by the second.
#[test]
fn every_order_of_events_of_three_nodes_that_take_a_command_in_each_of_two_terms() {
    let bound = Bound {
        name: "commands",
        settled: Some(1),
        time_outs: &[0, 1, 0],
        proposes: true,
        retries: 1,
        ..BOUND
    };
    check(bound, 18_310);
}

/// Two of three voters go. Those two are a majority of the old voters, and the one that stays is a
/// majority of the new: so both must agree until all is over.
#[test]
fn every_order_of_events_of_a_change_that_leaves_one_voter_of_three() {
    let bound = Bound {
        name: "change",
        settled: Some(1),
        term: 3,
        time_outs: &[0, 1, 1],
        change: &[Change::Remove(2), Change::Remove(3)],
        ..BOUND
    };
    check(bound, 31_672);
}
