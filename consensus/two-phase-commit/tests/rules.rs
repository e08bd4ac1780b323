//! Every order in which messages, time-outs, disks and crashes can come, within a bound: the rules
//! themselves, in a model that leaves none out.
//!
//! A message that was sent may arrive at any time after, any number of times, or never: loss, delay,
//! disorder and duplicates need no action of their own. What is on its way to a disk when its writer
//! crashes is there afterwards, or not. Every time-out has always come.

use std::io::Write as _;

use stateright::{Checker as _, HasDiscoveries, Model as _};

#[path = "rules/model.rs"]
mod model;
#[path = "rules/state.rs"]
mod state;

use model::{Bound, NEVER, SOMETIMES};

/// Explores all of a bound: nothing that must never be was found, and all that may be.
fn explore(name: &str, bound: Bound, states: usize) {
    let checker = bound.checker().threads(2).finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.spawn_bfs().join();
    let found = checker.discoveries();
    for never in NEVER {
        assert!(
            !found.contains_key(never),
            "{name}, {never}: {:#?}",
            found[never].clone().into_actions()
        );
    }
    for sometimes in SOMETIMES {
        assert!(found.contains_key(sometimes), "{name}: never reached: {sometimes}");
    }
    let unique = checker.unique_state_count();
    let count = format!("COUNT two_phase_commit_model_{name}={unique}\n");
    std::io::stderr().write_all(count.as_bytes()).expect("stderr is open");
    assert_eq!(
        unique, states,
        "{name}: the rules changed, or the model: look why, then say so here"
    );
}

#[test]
fn whoever_crashes_all_agree() {
    explore("crashes", Bound { participants: 2, transactions: 1, crashes: 3 }, 238_954);
}

#[test]
fn votes_that_no_disk_knows_of_mislead_nobody() {
    explore("votes", Bound { participants: 2, transactions: 1, crashes: 2 }, 73_611);
}

#[test]
fn three_agree_as_two_do() {
    explore("three", Bound { participants: 3, transactions: 1, crashes: 1 }, 460_556);
}
