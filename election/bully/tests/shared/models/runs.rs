//! Each scenario, on both variants, under every schedule with few preemptions.
//!
//! The models of the ring include this file too; what differs is in `subject`.

use std::io::Write as _;
use std::sync::atomic::Ordering::SeqCst;

use interleave::{bound, holds};

use super::scenarios::{self, ANNOUNCED};
use super::{select, subject};

/// Explores a scenario, for each order in which a select may look if the variant has one.
fn explore(variant: &str, name: &str, preemptions: usize, scenario: fn()) {
    let orders = if variant == "channel" { select::ORDERS } else { 1 };
    let explore = |order| {
        holds(bound(preemptions), move || {
            select::look_first(order);
            scenario();
        })
    };
    let schedules: usize = (0..orders).map(explore).sum();
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    let recipe = subject::NAME;
    writeln!(std::io::stderr(), "COUNT schedules_{recipe}_{variant}_{name}={schedules}")
        .expect("stderr is open");
}

macro_rules! models {
    ($variant:ident) => {
        mod $variant {
            use super::{ANNOUNCED, SeqCst, explore, scenarios, subject};
            type Node = subject::$variant::Node;
            const VARIANT: &str = stringify!($variant);

            #[test]
            fn a_change_wakes_who_waits_for_it() {
                explore(
                    VARIANT,
                    "a_change_wakes_who_waits_for_it",
                    2,
                    scenarios::a_change_wakes_who_waits_for_it::<Node>,
                );
            }
            #[test]
            fn stopping_ends_the_thread_whatever_it_does() {
                explore(
                    VARIANT,
                    "stopping_ends_the_thread_whatever_it_does",
                    2,
                    scenarios::stopping_ends_the_thread_whatever_it_does::<Node>,
                );
            }
            #[test]
            fn a_panic_of_save_wakes_who_waits() {
                explore(
                    VARIANT,
                    "a_panic_of_save_wakes_who_waits",
                    2,
                    scenarios::a_panic_of_save_wakes_who_waits::<Node>,
                );
            }
            #[test]
            fn a_panic_of_send_wakes_who_waits() {
                explore(
                    VARIANT,
                    "a_panic_of_send_wakes_who_waits",
                    2,
                    scenarios::a_panic_of_send_wakes_who_waits::<Node>,
                );
            }
            #[test]
            fn a_deadline_that_passes_is_seen() {
                explore(
                    VARIANT,
                    "a_deadline_that_passes_is_seen",
                    2,
                    scenarios::a_deadline_that_passes_is_seen::<Node>,
                );
            }
            #[test]
            fn a_wait_ends_with_its_time() {
                explore(
                    VARIANT,
                    "a_wait_ends_with_its_time",
                    1,
                    scenarios::a_wait_ends_with_its_time::<Node>,
                );
            }
            #[test]
            fn a_full_inbox_holds_nobody_up() {
                explore(
                    VARIANT,
                    "a_full_inbox_holds_nobody_up",
                    2,
                    scenarios::a_full_inbox_holds_nobody_up::<Node>,
                );
            }
            #[test]
            fn two_full_nodes_both_go_on() {
                explore(
                    VARIANT,
                    "two_full_nodes_both_go_on",
                    1,
                    scenarios::two_full_nodes_both_go_on::<Node>,
                );
            }
            #[test]
            fn no_announcement_overtakes_its_save() {
                explore(
                    VARIANT,
                    "no_announcement_overtakes_its_save",
                    2,
                    scenarios::no_announcement_overtakes_its_save::<Node>,
                );
                assert!(ANNOUNCED.load(SeqCst) > 0, "nothing was ever announced");
            }
        }
    };
}
models!(channel);
models!(lock);
