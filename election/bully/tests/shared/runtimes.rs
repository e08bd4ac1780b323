//! Each promise, on both variants.
//!
//! The contract tests of the ring include this file too; what differs is in `subject`.

use super::{promises, subject};

macro_rules! contract {
    ($variant:ident) => {
        mod $variant {
            use super::{promises, subject};
            type Node = subject::$variant::Node;

            #[test]
            fn five_nodes_agree_on_the_highest() {
                promises::five_nodes_agree_on_the_highest::<Node>();
            }
            #[test]
            fn killing_the_leader_elects_the_next_a_hundred_times() {
                promises::killing_the_leader_elects_the_next_a_hundred_times::<Node>(stringify!(
                    $variant
                ));
            }
            #[test]
            fn a_restarted_node_leads_under_a_greater_token() {
                promises::a_restarted_node_leads_under_a_greater_token::<Node>();
            }
            #[test]
            fn stopping_joins_the_thread() {
                promises::stopping_joins_the_thread::<Node>();
            }
            #[test]
            fn dropping_a_node_stops_it() {
                promises::dropping_a_node_stops_it::<Node>();
            }
            #[test]
            fn a_full_inbox_blocks_nobody() {
                promises::a_full_inbox_blocks_nobody::<Node>();
            }
            #[test]
            fn nodes_that_flood_each_other_both_go_on() {
                promises::nodes_that_flood_each_other_both_go_on::<Node>();
            }
            #[test]
            fn a_flood_does_not_keep_the_deadline_waiting() {
                promises::a_flood_does_not_keep_the_deadline_waiting::<Node>();
            }
            #[test]
            fn nothing_is_announced_before_it_is_saved() {
                promises::nothing_is_announced_before_it_is_saved::<Node>();
            }
            #[test]
            fn a_panic_of_the_callers_code_stops_the_node_and_is_told() {
                promises::a_panic_of_the_callers_code_stops_the_node_and_is_told::<Node>();
            }
            #[test]
            fn whoever_waits_is_woken_when_the_node_stops() {
                promises::whoever_waits_is_woken_when_the_node_stops::<Node>();
            }
            #[test]
            fn a_wait_ends_when_its_time_is_up() {
                promises::a_wait_ends_when_its_time_is_up::<Node>();
            }
            #[test]
            fn a_node_that_is_outbid_claims_anew() {
                promises::a_node_that_is_outbid_claims_anew::<Node>();
            }
            #[test]
            fn a_node_alone_leads() {
                promises::a_node_alone_leads::<Node>();
            }
        }
    };
}
contract!(channel);
contract!(lock);
