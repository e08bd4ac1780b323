//! What clients of running nodes see, under loss, delay, cuts and crashes, is what one register at a time
//! could have told them. Two judges say so, of which one is not ours; and both are judged first.

#[path = "histories/by_role.rs"]
mod by_role;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/dice.rs"]
mod dice;
#[path = "histories/judges.rs"]
mod judges;
#[path = "histories/known.rs"]
mod known;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/running.rs"]
mod running;
#[path = "histories/store.rs"]
mod store;
#[path = "histories/storm.rs"]
mod storm;

use std::io::Write as _;
use std::time::Duration;

use running::Runs;
use running::wires::Weather;
use store::Store;
use storm::{Counts, Plan};

fn is_deep() -> bool {
    std::env::var_os("COOKBOOK_DEEP").is_some()
}

/// How many histories of each runtime.
fn many() -> u64 {
    if is_deep() { 150 } else { 14 }
}

fn plan(seed: u64) -> Plan {
    let weather = Weather {
        loss: [0, 2, 5][seed as usize % 3],
        delay: Duration::from_micros(1_500),
        late_replies: false,
        silent: false,
    };
    Plan { seed, nodes: [3, 5][seed as usize % 2], clients: 4, blows: 4, weather }
}

fn every_history_is_linearizable<N: Runs<Machine = Store>>(variant: &str) {
    let (mut all, mut refused) = (Counts::default(), 0);
    for seed in 1..=many() {
        let seen = storm::run::<N>(plan(seed));
        let is_linearizable = judges::is_linearizable(&seen.operations);
        let history = judges::History::from(seen.operations);
        assert!(is_linearizable, "history {seed} is none of registers:\n{history}");
        // On a busy machine time-outs may come before anything else does.
        refused += u64::from(seen.counts.is_quiet());
        all.add(&seen.counts);
    }
    let judged = many() - refused;
    assert!(refused <= many() / 4, "{refused} of {} histories show nothing: {all:?}", many());
    assert!(all.crashes > 0 && all.cuts > 0 && all.open > 0, "{all:?}");
    let line = format!("COUNT raft_histories_{variant}={judged}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    println!("{judged} histories, both judges agree: {all:?}");
}

/// No blow, no loss, one client: a history that proves nothing, however long it is.
fn a_history_in_which_nothing_happened_is_refused<N: Runs<Machine = Store>>() {
    let calm = Plan { clients: 1, blows: 0, weather: Weather::default(), ..plan(2) };
    let alone = storm::run::<N>(calm);
    assert!(judges::is_linearizable(&alone.operations));
    assert!(alone.counts.is_quiet(), "{:?}", alone.counts);
    let many = storm::run::<N>(Plan { clients: 4, ..calm });
    assert!(many.counts.overlaps > 0 && many.counts.is_quiet(), "{:?}", many.counts);
}

macro_rules! runtimes {
    ($($variant:ident),*) => { $(
        mod $variant {
            use raft::$variant::Node;

            #[test]
            fn every_history_is_linearizable() {
                crate::every_history_is_linearizable::<Node<crate::Store>>(stringify!($variant));
            }

            #[test]
            fn a_history_in_which_nothing_happened_is_refused() {
                crate::a_history_in_which_nothing_happened_is_refused::<Node<crate::Store>>();
            }

            #[test]
            fn both_judges_refuse_a_read_by_role_alone() {
                crate::by_role::both_judges_refuse_a_read_by_role_alone::<Node<crate::Store>>();
            }
        }
    )* };
}

runtimes!(channel, lock);
