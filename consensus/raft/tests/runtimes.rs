//! What a node promises that runs on threads, whichever way it is built.

#[path = "runtimes/change.rs"]
mod change;
#[path = "runtimes/disks.rs"]
mod disks;
#[path = "runtimes/errands.rs"]
mod errands;
#[path = "runtimes/fail.rs"]
mod fail;
#[path = "runtimes/instant.rs"]
mod instant;
#[path = "runtimes/reads.rs"]
mod reads;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/running.rs"]
mod running;
#[path = "runtimes/slow.rs"]
mod slow;
#[path = "runtimes/stop.rs"]
mod stop;

use running::tape::Tape;

macro_rules! promises {
    ($node:ty: $($file:ident: $($name:ident)*;)*) => { $($(
        #[test]
        fn $name() {
            crate::$file::$name::<$node>();
        }
    )*)* };
}

macro_rules! runtimes {
    ($($variant:ident),*) => { $(
        mod $variant {
            use raft::$variant::Node;

            promises! { Node<super::Tape>:
                stop: a_node_starts_and_stops_at_any_moment
                    a_dropped_node_has_ended_its_threads
                    close_wakes_all_while_the_disk_writes
                    close_wakes_who_waits_for_the_machine
                    close_wakes_all_while_a_network_does_not_come_back
                    stopping_waits_for_no_heartbeat
                    a_command_goes_on_when_nobody_waits_for_it
                    a_wait_may_have_no_end;
                fail: a_panic_of_the_machine_stops_the_node
                    a_panic_of_the_disk_stops_the_node
                    an_error_of_the_disk_stops_the_node
                    an_error_of_the_disk_at_a_snapshot_stops_the_node
                    a_panic_in_a_read_comes_back_to_the_reader
                    a_snapshot_that_is_not_whole_is_refused
                    the_others_go_on_without_a_node_that_failed;
                disks: an_error_of_the_disk_is_final
                    a_disk_that_is_gone_ends_the_node
                    term_and_vote_outlive_compaction;
                errands: a_disk_that_asks_its_node_is_answered
                    a_machine_that_asks_its_node_is_answered
                    a_network_may_propose_to_its_node;
                slow: a_followers_slow_disk_holds_up_nobody
                    a_leader_lives_on_heartbeats_of_a_slow_disk
                    a_leaders_slow_disk_holds_up_only_its_answers
                    a_slow_peer_holds_up_nobody_else
                    who_cannot_be_reached_is_not_asked_without_end
                    what_is_lost_in_silence_is_sent_again
                    a_slow_disk_asks_for_no_second_snapshot;
                instant: an_instant_disk_keeps_what_all_write_to_it
                    an_instant_disk_is_enough_for_one_node
                    an_instant_disk_that_fails_stops_its_node;
                reads: a_read_sees_what_was_answered_before_it
                    a_leader_that_was_cut_off_reads_nothing
                    a_lease_is_looked_at_again_after_the_read
                    a_stale_read_needs_no_leader
                    a_command_in_whose_place_another_stands_says_so
                    an_answer_of_an_earlier_term_counts_for_nothing;
                change: members_come_and_go_while_clients_work
                    the_lead_is_handed_over
                    who_comes_back_gets_a_snapshot
                    a_node_puts_in_its_snapshot_once;
            }

            #[test]
            fn a_command_is_done_once_however_often_it_is_proposed() {
                crate::change::a_command_is_done_once_however_often_it_is_proposed::<
                    Node<crate::change::Purse>,
                >();
            }

            /// A machine may hold what only one thread at a time may touch.
            #[test]
            fn a_node_and_what_it_gives_go_to_any_thread() {
                fn any<T: Send + Sync>() {}
                fn goes<T: Send>() {}
                any::<Node<crate::stop::Private>>();
                any::<raft::$variant::Pending<std::cell::Cell<u8>>>();
                any::<raft::node::Status>();
                goes::<raft::node::Answerer>();
            }
        }
    )* };
}

runtimes!(channel, lock);

/// Behind a lock nobody is held up by who sends; where the rules have an owner, it is the owner that sends.
#[test]
fn a_network_that_asks_its_node_is_answered() {
    errands::a_network_that_asks_its_node_is_answered::<raft::lock::Node<Tape>>();
}
