//! Each promise once, for both variants.

#[path = "../examples/bank/accounts.rs"]
#[allow(dead_code)]
mod accounts;
#[path = "contract/bad_input.rs"]
mod bad_input;
#[path = "contract/costs.rs"]
mod costs;
#[path = "support/faults.rs"]
#[allow(dead_code)]
mod faults;
#[path = "contract/held.rs"]
mod held;
#[path = "contract/logs.rs"]
mod logs;
#[path = "contract/promises.rs"]
mod promises;
#[path = "support/subject.rs"]
mod subject;
#[path = "contract/time.rs"]
mod time;
#[path = "support/world.rs"]
#[allow(dead_code)]
mod world;

macro_rules! contract {
    ($variant:ident: $($module:ident { $(#[test] fn $promise:ident)* })*) => {
        mod $variant {
            $($(
                #[test]
                fn $promise() {
                    crate::$module::$promise::<two_phase_commit::$variant::Coordinator>();
                }
            )*)*
        }
    };
}

macro_rules! both {
    ($($promises:tt)*) => {
        contract!(lock: $($promises)*);
        contract!(channel: $($promises)*);
    };
}

both! {
    promises {
        #[test] fn all_do_their_part_or_nobody_does
        #[test] fn what_is_committed_is_told_again_after_a_crash
        #[test] fn one_participant_needs_one_phase
        #[test] fn who_lost_the_answer_asks_again_and_is_told_once
        #[test] fn in_doubt_they_ask_and_never_decide_alone
        #[test] fn a_peer_that_knows_helps_and_one_that_never_voted_refuses
        #[test] fn who_reads_only_is_out_of_it
        #[test] fn a_panic_of_the_link_loses_one_message_and_nothing_else
        #[test] fn a_store_that_panics_said_nothing
        #[test] fn many_clients_at_once_lose_no_money
    }
    time {
        #[test] fn who_never_answers_costs_its_deadline_and_no_more
        #[test] fn an_answer_after_the_deadline_changes_nothing
        #[test] fn an_answer_that_comes_twice_counts_once
        #[test] fn close_wakes_whoever_waits
        #[test] fn shutdown_lets_a_decision_be_told
        #[test] fn asked_while_it_is_undecided_it_says_wait
    }
    costs {
        #[test] fn a_commit_costs_four_messages_each_and_two_writes_each_and_one
        #[test] fn an_abort_costs_the_coordinator_no_write
        #[test] fn to_read_costs_two_messages_and_no_write
        #[test] fn alone_it_costs_two_messages_and_one_write
    }
    bad_input {
        #[test] fn nobody_or_somebody_twice_is_refused_and_nothing_is_begun
        #[test] fn a_name_used_again_with_another_part_is_refused
        #[test] fn to_prepare_after_its_abort_is_refused
        #[test] fn two_coordinators_of_one_name_are_told_apart
        #[test] fn a_lost_disk_is_noticed_and_waits_for_a_person
        #[test] fn an_operator_who_contradicts_is_reported
        #[test] fn an_operator_decides_what_is_in_doubt_and_nothing_else
        #[test] fn an_unknown_participant_is_as_one_that_never_answers
    }
    logs {
        #[test] fn a_log_with_nonsense_is_refused
        #[test] fn the_log_of_another_is_refused
        #[test] fn a_log_that_fails_leaves_the_outcome_open
        #[test] fn clients_share_the_fsyncs_of_a_durable_log
        #[test] fn the_logs_stay_short
    }
}

/// What may cross threads.
#[test]
fn all_are_send_and_sync() {
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<two_phase_commit::lock::Coordinator>();
    check::<two_phase_commit::channel::Coordinator>();
    check::<world::Bank>();
    check::<two_phase_commit::here::Here>();
}
