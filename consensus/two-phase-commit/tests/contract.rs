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
    ($variant:ident: $($module:ident { $($promise:ident)* })*) => {
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
        all_do_their_part_or_nobody_does
        what_is_committed_is_told_again_after_a_crash
        one_participant_needs_one_phase
        who_lost_the_answer_asks_again_and_is_told_once
        in_doubt_they_ask_and_never_decide_alone
        a_peer_that_knows_helps_and_one_that_never_voted_refuses
        who_reads_only_is_out_of_it
        a_panic_of_the_link_loses_one_message_and_nothing_else
        a_store_that_panics_said_nothing
        many_clients_at_once_lose_no_money
    }
    time {
        who_never_answers_costs_its_deadline_and_no_more
        an_answer_after_the_deadline_changes_nothing
        an_answer_that_comes_twice_counts_once
        close_wakes_whoever_waits
        shutdown_lets_a_decision_be_told
        asked_while_it_is_undecided_it_says_wait
    }
    costs {
        a_commit_costs_four_messages_each_and_two_writes_each_and_one
        an_abort_costs_the_coordinator_no_write
        to_read_costs_two_messages_and_no_write
        alone_it_costs_two_messages_and_one_write
    }
    bad_input {
        nobody_or_somebody_twice_is_refused_and_nothing_is_begun
        a_name_used_again_with_another_part_is_refused
        to_prepare_after_its_abort_is_refused
        two_coordinators_of_one_name_are_told_apart
        a_lost_disk_is_noticed_and_waits_for_a_person
        an_operator_who_contradicts_is_reported
        an_operator_decides_what_is_in_doubt_and_nothing_else
        an_unknown_participant_is_as_one_that_never_answers
    }
    logs {
        a_log_with_nonsense_is_refused
        the_log_of_another_is_refused
        a_log_that_fails_leaves_the_outcome_open
        clients_share_the_fsyncs_of_a_durable_log
        the_logs_stay_short
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
