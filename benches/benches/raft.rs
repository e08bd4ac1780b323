//! The rules of Raft beside those of the crate `raft`, `TiKV`'s, which is etcd's in Rust.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Both contenders are cores
//! without threads, clock, disk and network, so that it is the rules that are timed and nothing else.
//! `raft_rs` puts what it has to say to a peer into as few messages as it can, and `raft_rs-unbatched`
//! sends a message for each proposal, as it does unless it is told otherwise.

use benches::{Scenario, settings};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "raft/bodies.rs"]
mod bodies;
#[path = "raft/machine.rs"]
mod machine;
#[path = "raft/ours.rs"]
mod ours;
#[path = "raft/peer.rs"]
mod peer;
#[path = "raft/store.rs"]
mod store;

use bodies::applies;
use ours::Ours;
use peer::{Batched, Unbatched};

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `raft/in-memory` by proposals: three cores are stepped in turns by one thread, and what they save
/// is safe at once; so many commands of 64 bytes are in flight, each until the leader has applied it,
/// and all three forget what they applied long ago.
fn in_memory(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "raft/in-memory");
    for proposals in [1, 64, 1_024] {
        let all = vec![
            applies::<Ours>("core", proposals),
            applies::<Batched>("raft_rs", proposals),
            applies::<Unbatched>("raft_rs-unbatched", proposals),
        ];
        scenario.compare(proposals, all);
    }
}

criterion_group! {
    name = cores;
    config = settings();
    targets = in_memory
}
criterion_main!(cores);
