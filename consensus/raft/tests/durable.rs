//! Both runtimes on real folders: cases of the labs that crash nodes, and what each folder holds at
//! every start compared with a disk in memory that was given the same.

#[path = "mit/persist.rs"]
mod persist;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/running.rs"]
mod running;
#[allow(dead_code, reason = "half of them crash nobody")]
#[path = "mit/snapshot.rs"]
mod snapshot;

use running::durable::Durable;
use running::tape::Tape;

macro_rules! runtimes {
    ($($variant:ident: $($file:ident::$name:ident)*;)*) => { $(
        mod $variant {
            $(
                #[test]
                fn $name() {
                    crate::$file::$name::<super::Durable<raft::$variant::Node<super::Tape>>>();
                }
            )*
        }
    )* };
}

runtimes! {
    channel: persist::persist_1 persist::persist_2 persist::persist_3
        snapshot::snapshot_install_crash snapshot::snapshot_install_unreliable_crash
        snapshot::snapshot_all_crash snapshot::snapshot_init;
    lock: persist::persist_1 persist::persist_2 persist::persist_3
        snapshot::snapshot_install_crash snapshot::snapshot_install_unreliable_crash
        snapshot::snapshot_all_crash snapshot::snapshot_init;
}
