//! Both variants under every schedule with few preemptions.
//!
//! They are compiled here once more, over the checker's primitives instead of the real ones. Channels are
//! models, and time passes when a scenario says so. The rules and the logs know nothing of threads, so they
//! are the crate's.

#![expect(unreachable_pub, reason = "public items are private here")]

#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/coordinator.rs"]
#[allow(dead_code)]
mod coordinator;
#[path = "../src/desk.rs"]
mod desk;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/post.rs"]
mod post;
#[path = "../src/round.rs"]
mod round;
#[path = "models/scenarios.rs"]
mod scenarios;
#[path = "models/sync.rs"]
mod sync;

use two_phase_commit::{branches, ledger, log, message, record};

mod types {
    pub(crate) use two_phase_commit::{
        Answer, CoordinatorId, LogId, Outcome, ParticipantId, StoreId, Tx, Votes,
    };
}

/// All of them have one log each.
mod drawn {
    pub(crate) fn drawn() -> u64 {
        1
    }
}

use std::io::Write as _;

use interleave::{bound, holds};

fn explore(variant: &str, name: &str, preemptions: usize, scenario: fn()) {
    let schedules = holds(bound(preemptions), scenario);
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    let line = format!("COUNT schedules_two_phase_commit_{variant}_{name}={schedules}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
}

/// How many preemptions each is explored with. The channel variant has two threads of its own and meets
/// itself more often: there the order in which threads wait for each other has to do.
macro_rules! models {
    ($($scenario:ident: lock $lock:literal, channel $channel:literal;)*) => {
        models!(lock as of_lock: $($scenario: $lock,)*);
        models!(channel as of_channel: $($scenario: $channel,)*);
    };
    ($variant:ident as $module:ident: $($scenario:ident: $preemptions:literal,)*) => {
        mod $module {
            use super::{explore, scenarios};
            use super::$variant::Coordinator;
            $(
                #[test]
                fn $scenario() {
                    let scenario = scenarios::$scenario::<Coordinator>;
                    explore(stringify!($variant), stringify!($scenario), $preemptions, scenario);
                }
            )*
        }
    };
}

models! {
    the_last_vote_and_the_deadline_come_at_once: lock 1, channel 0;
    close_meets_the_last_vote: lock 1, channel 0;
    a_reply_meets_the_end: lock 2, channel 0;
    to_settle_meets_the_last_word: lock 2, channel 0;
}
