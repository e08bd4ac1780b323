//! The rules of Raft beside those of the crate `raft`, `TiKV`'s, which is etcd's in Rust.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Figures that are no times
//! name their unit there. First come cores without threads, clock, disk and network, so that it is the
//! rules that are timed and nothing else: `raft_rs` puts what it has to say to a peer into as few
//! messages as it can, and `raft_rs-unbatched` sends a message for each proposal, as it does unless it
//! is told otherwise. Then come whole nodes, in one process, joined by function calls and channels:
//! `raft_rs` has one thread a node, which applies what is committed, and `openraft` runs on two
//! threads of tokio, its clients too.

use benches::{Figure, Scenario, figures, settings};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "raft/bodies.rs"]
mod bodies;
#[path = "raft/machine.rs"]
mod machine;
#[path = "raft/ours.rs"]
mod ours;
#[path = "raft/peer.rs"]
mod peer;
#[path = "raft/processes/mod.rs"]
mod processes;
#[path = "raft/runtimes/mod.rs"]
mod runtimes;
#[path = "raft/store.rs"]
mod store;

use bodies::applies;
use ours::Ours;
use peer::{Batched, Unbatched};
use processes::{Channel, Etcd, Gateway, Grpc, Kv, Lock, Processes};
use raft::{channel, lock};
use runtimes::contender::Scene;
use runtimes::notes::{self, Sum};
use runtimes::ours::{Counts, Ours as Nodes};
use runtimes::tasks::Tasks;
use runtimes::threads::Threads;
use runtimes::{bodies as whole, lines};

const CLIENTS: [usize; 3] = [1, 64, 1_024];
const STORE_CLIENTS: [usize; 2] = [1, 64];

/// What was noted of a contender.
type Noted = fn(&str, usize, Scene) -> Sum;

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

/// `raft/nodes` by clients: three nodes in one process, and disks that are safe at once; each client
/// proposes 64 bytes and waits until the leader has applied them, again and again. Two threads have all
/// clients. How long a command takes.
fn nodes(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "raft/nodes");
    for clients in CLIENTS {
        let all = vec![
            whole::applies::<Nodes<lock::Node<Counts>>>("lock", clients, Scene::Calm),
            whole::applies::<Nodes<channel::Node<Counts>>>("channel", clients, Scene::Calm),
            whole::applies::<Threads>("raft_rs", clients, Scene::Calm),
            whole::applies::<Tasks>("openraft", clients, Scene::Calm),
        ];
        scenario.compare(clients, all);
    }
}

/// `raft/durable` by clients: as `nodes`, but all three nodes write to one disk, each with a log of the
/// crate `wal`, and nothing counts before an fsync. How long a command takes. The core of `openraft` takes
/// in nothing while it waits for a write, so that there is little for an fsync to share.
fn durable(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "raft/durable");
    for clients in CLIENTS {
        let all = vec![
            whole::applies::<Nodes<lock::Node<Counts>>>("lock", clients, Scene::Durable),
            whole::applies::<Nodes<channel::Node<Counts>>>("channel", clients, Scene::Durable),
            whole::applies::<Threads>("raft_rs", clients, Scene::Durable),
            whole::applies::<Tasks>("openraft", clients, Scene::Durable),
        ];
        scenario.compare(clients, all);
    }
}

/// `raft/store` by clients: three processes of the example `kv`, whose disks are folders on one disk, and
/// three of etcd 3.4, Debian's package, if it is installed; each client puts 64 bytes over loopback, at
/// the node that leads, again and again. How long a put takes. All ask with the same client library,
/// `reqwest`.
fn store(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "raft/store");
    for clients in STORE_CLIENTS {
        let mut all = vec![
            whole::applies::<Processes<Kv<Lock>>>("lock", clients, Scene::Loopback),
            whole::applies::<Processes<Kv<Channel>>>("channel", clients, Scene::Loopback),
        ];
        if has_etcd() {
            all.push(whole::applies::<Processes<Etcd<Gateway>>>(
                "etcd-gateway",
                clients,
                Scene::Loopback,
            ));
            all.push(whole::applies::<Processes<Etcd<Grpc>>>(
                "etcd-grpc",
                clients,
                Scene::Loopback,
            ));
        }
        scenario.compare(clients, all);
    }
}

fn has_etcd() -> bool {
    let has = Etcd::<Grpc>::is_installed();
    if !has {
        eprintln!("SKIP raft/store beside etcd: it is not installed");
    }
    has
}

/// `raft/cpu` in nanoseconds by clients: what a command costs of the processor, in the heats of `nodes`,
/// on all nodes and at the clients.
fn cpu(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/cpu", (&CLIENTS, Scene::Calm), Sum::cpu);
}

/// `raft/wake-ups` in wake-ups by clients: how often a thread had to be woken for a command, in the
/// heats of `nodes`.
fn wake_ups(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/wake-ups", (&CLIENTS, Scene::Calm), Sum::switches);
}

/// `raft/latency` in microseconds by clients: how long half of the commands took at most, in the heats
/// of `nodes`.
fn median(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/latency", (&CLIENTS, Scene::Calm), |sum| sum.percentile(50));
}

/// `raft/latency-99` in microseconds by clients: how long 99 in 100 took at most.
fn tail(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/latency-99", (&CLIENTS, Scene::Calm), |sum| sum.percentile(99));
}

/// `raft/slow-peer` in microseconds by clients: how long half of the commands took at most, while the
/// replies of one follower come 20 ms late.
fn slow_peer(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/slow-peer", (&[1, 64], Scene::SlowPeer), |sum| sum.percentile(50));
}

/// `raft/slow-peer-99` in microseconds by clients: how long 99 in 100 commands took at most then.
fn slow_peer_tail(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/slow-peer-99", (&[1, 64], Scene::SlowPeer), |sum| sum.percentile(99));
}

/// `raft/slow-disk` in microseconds by clients: how long half of the commands took at most, while each
/// write of one follower takes 20 ms.
fn slow_disk(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/slow-disk", (&[1, 64], Scene::SlowDisk), |sum| sum.percentile(50));
}

/// `raft/slow-disk-99` in microseconds by clients: how long 99 in 100 commands took at most then.
fn slow_disk_tail(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/slow-disk-99", (&[1, 64], Scene::SlowDisk), |sum| sum.percentile(99));
}

/// `raft/slow-write` in milliseconds by clients: the slowest command, while one write of one follower
/// takes a second.
fn slow_write(criterion: &mut Criterion<Figure>) {
    let (name, scene) = ("raft/slow-write", Scene::SlowWrite);
    let slowest = |sum: &Sum| sum.percentile(100) / 1e3;
    benches::figure(criterion, name, "lock", 1, || {
        slowest(&notes::of::<Nodes<lock::Node<Counts>>>("lock", 1, scene))
    });
    benches::figure(criterion, name, "channel", 1, || {
        slowest(&notes::of::<Nodes<channel::Node<Counts>>>("channel", 1, scene))
    });
}

/// `raft/durable-per-fsync` in commands by clients: how many commands one fsync of a node made safe, in
/// the heats of `durable`.
fn sharing(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/durable-per-fsync", (&CLIENTS, Scene::Durable), Sum::per_sync);
}

/// `raft/durable-fsync` in microseconds by clients: how long one fsync took on average, in the heats of
/// `durable`.
fn fsync(criterion: &mut Criterion<Figure>) {
    tell(criterion, "raft/durable-fsync", (&CLIENTS, Scene::Durable), Sum::sync);
}

/// `raft/store-99` in microseconds by clients: how long 99 in 100 puts took at most, in the heats of
/// `store`.
fn store_tail(criterion: &mut Criterion<Figure>) {
    tell_stores(criterion, "raft/store-99", |sum| sum.percentile(99));
}

/// `raft/store-per-fsync` in commands by clients: how many puts one fsync of a node made safe, in the
/// heats of `store`.
fn store_sharing(criterion: &mut Criterion<Figure>) {
    tell_stores(criterion, "raft/store-per-fsync", Sum::per_sync);
}

/// `raft/store-fsync` in microseconds by clients: how long one fsync took on average, in the heats of
/// `store`.
fn store_fsync(criterion: &mut Criterion<Figure>) {
    tell_stores(criterion, "raft/store-fsync", Sum::sync);
}

fn tell_stores(criterion: &mut Criterion<Figure>, scenario: &str, figure: fn(&Sum) -> f64) {
    let mut all = vec![
        ("lock", notes::of::<Processes<Kv<Lock>>> as Noted),
        ("channel", notes::of::<Processes<Kv<Channel>>>),
    ];
    if has_etcd() {
        all.push(("etcd-gateway", notes::of::<Processes<Etcd<Gateway>>>));
        all.push(("etcd-grpc", notes::of::<Processes<Etcd<Grpc>>>));
    }
    tell_all(criterion, scenario, (&STORE_CLIENTS, Scene::Loopback), figure, &all);
}

/// `raft/lines` in lines by copies: how much code each runtime is, without blank lines and comments;
/// `shared` is what both need beside the rules.
fn code(criterion: &mut Criterion<Figure>) {
    benches::figure(criterion, "raft/lines", "lock", 1, lines::lock);
    benches::figure(criterion, "raft/lines", "channel", 1, lines::channel);
    benches::figure(criterion, "raft/lines", "shared", 1, lines::shared);
}

fn tell(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    heats: (&[usize], Scene),
    figure: fn(&Sum) -> f64,
) {
    let all = [
        ("lock", notes::of::<Nodes<lock::Node<Counts>>> as Noted),
        ("channel", notes::of::<Nodes<channel::Node<Counts>>>),
        ("raft_rs", notes::of::<Threads>),
        ("openraft", notes::of::<Tasks>),
    ];
    tell_all(criterion, scenario, heats, figure, &all);
}

fn tell_all(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    (clients, scene): (&[usize], Scene),
    figure: fn(&Sum) -> f64,
    all: &[(&str, Noted)],
) {
    for &clients in clients {
        for &(contender, of) in all {
            benches::figure(criterion, scenario, contender, clients, || {
                figure(&of(contender, clients, scene))
            });
        }
    }
}

criterion_group! {
    name = times;
    config = settings();
    targets = in_memory, nodes, durable, store
}
criterion_group! {
    name = nanoseconds;
    config = figures("nanoseconds");
    targets = cpu
}
criterion_group! {
    name = counts;
    config = figures("wake-ups");
    targets = wake_ups
}
criterion_group! {
    name = microseconds;
    config = figures("microseconds");
    targets = median, tail, slow_peer, slow_peer_tail, slow_disk, slow_disk_tail, fsync,
        store_tail, store_fsync
}
criterion_group! {
    name = milliseconds;
    config = figures("milliseconds");
    targets = slow_write
}
criterion_group! {
    name = records;
    config = figures("commands");
    targets = sharing, store_sharing
}
criterion_group! {
    name = amounts;
    config = figures("lines");
    targets = code
}
criterion_main!(times, nanoseconds, counts, microseconds, milliseconds, records, amounts);
