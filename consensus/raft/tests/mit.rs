//! The 28 cases by which students of MIT 6.5840 test their Raft (labs 3A to 3D), by their names, on both
//! runtimes. Times are about a tenth of the labs'; bounds on messages, bytes and logs are the labs' own.
//!
//! The labs count 3 cases of elections, 10 of agreement, 8 of persistence and 7 of snapshots.

#[path = "mit/agree.rs"]
mod agree;
#[path = "mit/backup.rs"]
mod backup;
#[path = "mit/churn.rs"]
mod churn;
#[path = "mit/elect.rs"]
mod elect;
#[path = "mit/figure8.rs"]
mod figure8;
#[path = "mit/persist.rs"]
mod persist;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/running.rs"]
mod running;
#[path = "mit/snapshot.rs"]
mod snapshot;

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use running::tape::Tape;

/// How many cases each lab has: 3A, 3B, 3C, 3D.
const LABS: [usize; 4] = [3, 10, 8, 7];
const CASES: usize = 28;

/// The last case to pass says how many did.
fn passed(count: &AtomicUsize, variant: &str) {
    if count.fetch_add(1, Ordering::SeqCst) + 1 == CASES {
        // Not by `eprintln`, which the test harness swallows.
        let count = format!("COUNT raft_mit_{variant}={CASES}/{CASES}\n");
        std::io::stderr().write_all(count.as_bytes()).unwrap();
    }
}

macro_rules! cases {
    ($node:ty, $variant:expr; $($lab:ident: $($file:ident::$name:ident)*;)*) => {
        use super::*;

        static PASSED: AtomicUsize = AtomicUsize::new(0);

        $($(
            #[test]
            fn $name() {
                $file::$name::<$node>();
                passed(&PASSED, $variant);
            }
        )*)*

        #[test]
        fn no_case_of_the_labs_is_missing() {
            let labs = [$([$(stringify!($name)),*].len()),*];
            assert_eq!(labs, LABS);
            assert_eq!(labs.iter().sum::<usize>(), CASES);
        }
    };
}

macro_rules! runtimes {
    ($($variant:ident),*) => { $(
        mod $variant {
            cases! { raft::$variant::Node<Tape>, stringify!($variant);
                lab_3a: elect::initial_election elect::re_election elect::many_elections;
                lab_3b: agree::basic_agree agree::rpc_bytes agree::follower_failure
                    agree::leader_failure agree::fail_agree agree::fail_no_agree
                    agree::concurrent_starts backup::rejoin backup::backup agree::count;
                lab_3c: persist::persist_1 persist::persist_2 persist::persist_3
                    figure8::figure_8 churn::unreliable_agree figure8::figure_8_unreliable
                    churn::reliable_churn churn::unreliable_churn;
                lab_3d: snapshot::snapshot_basic snapshot::snapshot_install
                    snapshot::snapshot_install_unreliable snapshot::snapshot_install_crash
                    snapshot::snapshot_install_unreliable_crash snapshot::snapshot_all_crash
                    snapshot::snapshot_init;
            }
        }
    )* };
}

runtimes!(channel, lock);
