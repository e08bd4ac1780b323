//! Both runtimes under every schedule with few preemptions.
//!
//! The whole crate is compiled here once more, over the checker's primitives instead of the real ones.
//! Channels and `select` are models, and time passes when a scenario says so. The other nodes, the disk
//! and the machine are the scenario.

#![expect(unreachable_pub, reason = "public items are private here")]
#![allow(clippy::duplicate_mod, reason = "the slot is explored by itself too")]

#[path = "models/props.rs"]
mod props;
#[path = "models/scenarios.rs"]
mod scenarios;
#[path = "models/select.rs"]
mod select;
#[allow(dead_code, reason = "it is used in its place too")]
#[path = "../src/lock/slot.rs"]
mod slot;
#[path = "models/surface.rs"]
mod surface;
#[path = "models/world.rs"]
mod sync;

#[allow(dead_code, unused_imports, reason = "it is tested elsewhere")]
#[path = "../src"]
mod whole {
    pub mod bytes;
    pub mod channel;
    pub mod config;
    pub mod core;
    pub mod desk;
    pub mod lock;
    pub mod log;
    pub mod membership;
    pub mod message;
    pub mod node;
    pub mod progress;
    pub mod quorum;
    pub mod rng;
    pub mod saves;
    pub mod stored;
    pub mod types;
}
pub(crate) use whole::*;

use std::io::Write as _;

use interleave::holds;

/// Explores a scenario; where there is a select, from its other end too, with one preemption less.
fn explore(variant: &str, name: &str, preemptions: usize, scenario: fn()) {
    let explore = |preemptions, backwards| {
        holds(preemptions, move || {
            select::look_backwards(backwards);
            scenario();
        })
    };
    let mut schedules = explore(preemptions, false);
    if variant == "channel" {
        schedules += explore(preemptions.saturating_sub(1), true);
    }
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_raft_{variant}_{name}={schedules}")
        .expect("stderr is open");
}

macro_rules! models {
    ($variant:ident, $module:ident, $node:ident: $($name:ident $preemptions:literal $outcomes:tt)*) => {
        mod $module {
            $(
                #[test]
                fn $name() {
                    let (variant, name) = (stringify!($variant), stringify!($name));
                    let scenario = super::scenarios::$name::<super::surface::$node>;
                    super::explore(variant, name, $preemptions, scenario);
                    let outcomes: &[&str] = &$outcomes;
                    assert_eq!(super::scenarios::seen(variant, name), outcomes);
                }
            )*
        }
    };
}

// Beside each the most preemptions, and what came of the command in one schedule or another. With one
// preemption more most of these have schedules by the million: whoever is woken is one of many.
models! { channel, channel_models, Channel:
    a_node_stops_whatever_it_does 1 ["dropped", "stopped"]
    close_tells_who_waits 1 ["done", "stopped", "unknown"]
    a_caller_is_answered 1 ["done"]
    a_drop_waits_for_the_write_under_way 1 ["done", "unknown"]
    a_step_down_gives_one_outcome 1 ["dropped", "superseded"]
    a_late_vote_makes_no_leader 1 ["dropped"]
}
models! { lock, lock_models, Lock:
    a_node_stops_whatever_it_does 1 ["dropped", "unknown"]
    close_tells_who_waits 1 ["done", "stopped", "unknown"]
    a_caller_is_answered 2 ["done"]
    two_callers_are_both_answered 1 ["done"]
    a_drop_waits_for_the_write_under_way 1 ["done", "unknown"]
    a_step_down_gives_one_outcome 1 ["dropped", "superseded"]
    a_late_vote_makes_no_leader 0 ["dropped"]
}

/// The place in which a caller behind the lock waits.
#[test]
fn a_slot_is_filled_or_never_will_be() {
    let schedules = holds(3, || {
        let (filler, slot) = slot::Slot::new();
        shuttle::thread::scope(|scope| {
            scope.spawn(|| filler.fill(7));
            scope.spawn(|| slot.give_up());
            let got = slot.wait();
            assert!(matches!(got, Some(7) | None), "{got:?}");
        });
        assert_eq!(slot.wait(), None, "what it held was taken");
        let (filler, slot) = slot::Slot::<u8>::new();
        shuttle::thread::scope(|scope| {
            scope.spawn(|| drop(filler));
            assert_eq!(slot.wait(), None);
        });
    });
    assert!(schedules > 20);
    writeln!(std::io::stderr(), "COUNT schedules_raft_lock_slot={schedules}")
        .expect("stderr is open");
}
