//! Both variants under every schedule with few preemptions.
//!
//! The variants are compiled here once more, over the checker's primitives and a disk in memory, which
//! gives way to other threads before each write and each sync. Channels are a model, and time passes when
//! a scenario says so.

#![expect(unreachable_pub, reason = "public items are private here")]

#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/checksum.rs"]
mod checksum;
#[path = "shared/disk.rs"]
#[allow(dead_code)]
mod disk;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../src/format.rs"]
mod format;
#[path = "../src/group.rs"]
mod group;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../src/record.rs"]
#[allow(dead_code)]
mod record;
#[path = "../src/recover.rs"]
mod recover;
#[path = "models/scenarios.rs"]
mod scenarios;
#[path = "../src/segment.rs"]
mod segment;
#[path = "shared/surface.rs"]
#[allow(dead_code)]
mod surface;
#[path = "models/world.rs"]
mod sync;
#[path = "models/textbook.rs"]
mod textbook;

use std::io::Write as _;
use std::sync::atomic::Ordering::SeqCst;

use interleave::{bound, holds};

/// The copies in here.
mod under_test {
    pub(crate) use super::error::*;
    pub(crate) use super::record::*;
    pub(crate) use super::{channel, lock};
}

/// What the disk does before each call.
fn pause(what: &str) {
    if matches!(what, "write" | "sync") {
        shuttle::thread::yield_now();
    }
}

fn explore(variant: &str, name: &str, preemptions: usize, scenario: fn()) {
    // The channel has schedules by the hundred thousand as it is.
    let preemptions = if variant == "lock" { bound(preemptions) } else { preemptions };
    let schedules = holds(preemptions, scenario);
    assert!(schedules > 20, "{name}: {schedules} schedules are too few to have met each other");
    writeln!(std::io::stderr(), "COUNT schedules_wal_{variant}_{name}={schedules}")
        .expect("stderr is open");
}

macro_rules! models {
    ($variant:ident, $module:ident) => {
        mod $module {
            use super::{explore, scenarios};
            type Wal = super::$variant::Wal;
            const VARIANT: &str = stringify!($variant);

            #[test]
            fn whoever_is_told_is_safe() {
                explore(
                    VARIANT,
                    "whoever_is_told_is_safe",
                    2,
                    scenarios::whoever_is_told_is_safe::<Wal>,
                );
                let met = |syncs| scenarios::enough(VARIANT, syncs).load(super::SeqCst);
                assert!(met(1) > 0 && met(2) > 0, "they never shared a sync, or always did");
            }

            #[test]
            fn three_callers_all_get_their_answer() {
                // With a thread of its own and three callers there are too many at bound 2.
                let preemptions = if VARIANT == "lock" { 2 } else { 1 };
                let scenario = scenarios::three_callers_all_get_their_answer::<Wal>;
                explore(VARIANT, "three_callers_all_get_their_answer", preemptions, scenario);
            }

            #[test]
            fn a_committer_that_dies_leaves_nobody_waiting() {
                explore(
                    VARIANT,
                    "a_committer_that_dies_leaves_nobody_waiting",
                    2,
                    scenarios::a_committer_that_dies_leaves_nobody_waiting::<Wal>,
                );
            }

            #[test]
            fn a_write_that_fails_leaves_nobody_waiting() {
                explore(
                    VARIANT,
                    "a_write_that_fails_leaves_nobody_waiting",
                    2,
                    scenarios::a_write_that_fails_leaves_nobody_waiting::<Wal>,
                );
            }

            #[test]
            fn a_close_during_a_commit_loses_nothing() {
                explore(
                    VARIANT,
                    "a_close_during_a_commit_loses_nothing",
                    2,
                    scenarios::a_close_during_a_commit_loses_nothing::<Wal>,
                );
            }

            #[test]
            fn who_waits_for_room_gets_in_or_is_turned_away() {
                explore(
                    VARIANT,
                    "who_waits_for_room_gets_in_or_is_turned_away",
                    2,
                    scenarios::who_waits_for_room_gets_in_or_is_turned_away::<Wal>,
                );
            }

            #[test]
            fn a_room_of_one_holds_nobody_up_for_ever() {
                explore(
                    VARIANT,
                    "a_room_of_one_holds_nobody_up_for_ever",
                    2,
                    scenarios::a_room_of_one_holds_nobody_up_for_ever::<Wal>,
                );
            }

            #[test]
            fn who_gives_up_leaves_the_others_served() {
                explore(
                    VARIANT,
                    "who_gives_up_leaves_the_others_served",
                    2,
                    scenarios::who_gives_up_leaves_the_others_served::<Wal>,
                );
            }

            #[test]
            fn a_release_and_a_commit_take_turns() {
                explore(
                    VARIANT,
                    "a_release_and_a_commit_take_turns",
                    2,
                    scenarios::a_release_and_a_commit_take_turns::<Wal>,
                );
            }
        }
    };
}
models!(channel, channel_models);
models!(lock, lock_models);
