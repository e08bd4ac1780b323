//! Every point at which a coordinator or a participant can die, beside every message that can be lost:
//! after all were started again, the five properties of atomic commitment hold, and nothing is locked.

#[path = "../examples/bank/accounts.rs"]
mod accounts;
#[path = "support/faults.rs"]
#[allow(dead_code)]
mod faults;
#[path = "crashes/run.rs"]
mod run;
#[path = "support/subject.rs"]
#[allow(dead_code)]
mod subject;
#[path = "support/world.rs"]
#[allow(dead_code)]
mod world;

use std::collections::BTreeSet;
use std::io::Write as _;

use faults::Plan;
use run::{Case, Kind, Tally, run};
use subject::Coordinate;
use two_phase_commit::{channel, lock};

fn count(name: &str, number: usize) {
    let line = format!("COUNT two_phase_commit_{name}={number}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
}

/// One death at each step, or none, beside one loss of each message, or none.
fn one_death_one_loss<C: Coordinate>(name: &str) {
    let mut tally = Tally::default();
    for banks in 1..=3 {
        for kind in [Kind::Agreed, Kind::Refused, Kind::Reads] {
            for rescue in [false, true] {
                let case = Case { banks, kind, rescue };
                let (steps, messages) = run::<C>(case, Plan::default(), &mut tally);
                for death in (0..steps).map(Some).chain([None]) {
                    for loss in (0..messages).map(Some).chain([None]) {
                        // What was not forced is there afterwards, or not: by turns.
                        let keeps_lazy = (death.unwrap_or(0) + loss.unwrap_or(0)) % 2 == 0;
                        let (deaths, lost) =
                            (death.into_iter().collect(), loss.into_iter().collect());
                        run::<C>(case, Plan { deaths, lost, keeps_lazy }, &mut tally);
                    }
                }
            }
        }
    }
    tally.check(name);
    count(&format!("crash_points_{name}"), tally.runs);
}

/// Two deaths, of one node or two, the second also while it recovers from the first.
fn two_deaths<C: Coordinate>(name: &str) {
    let mut tally = Tally::default();
    for kind in [Kind::Agreed, Kind::Reads] {
        for rescue in [false, true] {
            let case = Case { banks: 2, kind, rescue };
            let (steps, _) = run::<C>(case, Plan::default(), &mut tally);
            // Recovery takes steps of its own.
            let steps = steps + 12;
            for first in 0..steps {
                for second in first + 1..steps {
                    let deaths = BTreeSet::from([first, second]);
                    let plan = Plan { deaths, keeps_lazy: second % 2 == 0, ..Plan::default() };
                    run::<C>(case, plan, &mut tally);
                }
            }
        }
    }
    tally.check(name);
    count(&format!("two_deaths_{name}"), tally.runs);
}

#[test]
fn lock_survives_every_death_and_loss() {
    one_death_one_loss::<lock::Coordinator>("lock");
}

#[test]
fn channel_survives_every_death_and_loss() {
    one_death_one_loss::<channel::Coordinator>("channel");
}

#[test]
fn lock_survives_two_deaths() {
    two_deaths::<lock::Coordinator>("lock");
}

#[test]
fn channel_survives_two_deaths() {
    two_deaths::<channel::Coordinator>("channel");
}
