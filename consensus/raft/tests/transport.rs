//! What nodes say to each other over a wire: as bytes, over sockets, and against whoever is no node.

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/authority.rs"]
mod authority;
#[path = "transport/board.rs"]
mod board;
#[path = "transport/decoders.rs"]
mod decoders;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/dice.rs"]
mod dice;
#[path = "transport/group.rs"]
mod group;
#[path = "transport/nodes.rs"]
mod nodes;
#[path = "transport/raw.rs"]
mod raw;
#[path = "transport/relay.rs"]
mod relay;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/running.rs"]
mod running;
#[path = "transport/sealed.rs"]
mod sealed;
#[path = "transport/strangers.rs"]
mod strangers;
#[path = "transport/talk.rs"]
mod talk;
#[path = "transport/tls.rs"]
mod tls;

use running::tape::Tape;

macro_rules! runtimes {
    ($($variant:ident { $($file:ident: $($name:ident)*;)* })*) => { $(
        mod $variant {
            $( $(
                #[test]
                fn $name() {
                    crate::$file::$name::<raft::$variant::Node<super::Tape>>();
                }
            )* )*
        }
    )* };
}

runtimes! {
    channel {
        nodes: three_nodes_agree a_leader_that_falls_is_replaced_and_comes_back
            who_is_cut_off_comes_back a_snapshot_comes_in_pieces nodes_join_and_leave_over_the_wire
            nothing_is_lost_in_a_storm;
        sealed: three_nodes_agree_over_tls nothing_is_lost_in_a_storm_over_tls;
    }
    lock {
        nodes: three_nodes_agree a_leader_that_falls_is_replaced_and_comes_back
            who_is_cut_off_comes_back a_snapshot_comes_in_pieces nodes_join_and_leave_over_the_wire
            nothing_is_lost_in_a_storm;
        sealed: three_nodes_agree_over_tls nothing_is_lost_in_a_storm_over_tls;
    }
}
