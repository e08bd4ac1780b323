//! What an election in a ring costs, in messages and in time, and both runtimes side by side.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Figures that are no
//! times name their unit there.

use std::time::Duration;

use benches::{Figure, Scenario, figure, figures, is_test, settings};
use criterion::{Criterion, criterion_group, criterion_main};
use ring as under_test;
use ring::{channel, lock};

#[path = "bully/bodies.rs"]
mod bodies;
#[path = "../../election/bully/tests/shared/cluster.rs"]
#[allow(dead_code)]
mod cluster;
#[path = "ring/counted.rs"]
mod counted;
#[path = "../../election/bully/tests/shared/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../../election/ring/tests/contract/rivals.rs"]
mod rivals;
#[path = "../../election/ring/tests/contract/sim.rs"]
mod sim;
#[path = "../../election/ring/tests/contract/subject.rs"]
#[allow(dead_code)]
mod subject;
#[path = "../../election/bully/tests/shared/surface.rs"]
#[allow(dead_code)]
mod surface;

use bodies::{ask, ask_behind_a_save, deliver, elect};
use counted::Algorithm;

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// The longest that a message takes, as the nodes on threads are told.
const LONGEST: Duration = Duration::from_millis(2);

/// `ring/elect` by nodes: nodes on threads follow the highest, which is stopped; how long until all
/// others follow the next, when they are told that a message takes 2 ms at most.
fn election(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "ring/elect");
    for nodes in [3, 5, 9] {
        let timing = ring::Timing::for_ring(nodes as usize, LONGEST);
        let all = vec![
            elect::<lock::Node>("lock", nodes, timing),
            elect::<channel::Node>("channel", nodes, timing),
        ];
        scenario.compare(nodes as usize, all);
    }
}

/// `ring/deliver` by threads: threads hand a node messages that change nothing, each until it is
/// taken.
fn chatter(criterion: &mut Criterion) {
    deliveries(criterion, "ring/deliver", subject::chatter());
}

/// `ring/answer` by threads: threads hand a node questions, each until it is taken, and the node
/// sends an answer to each.
fn questions(criterion: &mut Criterion) {
    deliveries(criterion, "ring/answer", subject::question());
}

fn deliveries(criterion: &mut Criterion, name: &str, message: ring::Message) {
    let mut scenario = scenario(criterion, name);
    for threads in [1, 2] {
        let all = vec![
            deliver::<lock::Node>("lock", threads, message),
            deliver::<channel::Node>("channel", threads, message),
        ];
        scenario.compare(threads, all);
    }
}

/// `ring/leader` by threads: threads ask a node that has nothing else to do who leads.
fn leader(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "ring/leader");
    for threads in [1, 2] {
        let all =
            vec![ask::<lock::Node>("lock", threads), ask::<channel::Node>("channel", threads)];
        scenario.compare(threads, all);
    }
}

/// `ring/leader-behind-a-save` by threads: a thread asks a node who leads, just when the node has
/// begun to save, which takes 1 ms.
fn leader_behind_a_save(criterion: &mut Criterion) {
    let all = vec![
        ask_behind_a_save::<lock::Node>("lock"),
        ask_behind_a_save::<channel::Node>("channel"),
    ];
    scenario(criterion, "ring/leader-behind-a-save").compare(1, all);
}

/// How many nodes there are, where nothing runs on threads.
fn sizes() -> impl Iterator<Item = usize> {
    let most = if is_test() { 100 } else { 1_000 };
    [3, 10, 30, 100, 300, 1_000].into_iter().filter(move |nodes| *nodes <= most)
}

/// `ring/messages` in messages by nodes: all nodes of a ring start at once; how many messages are sent
/// until one knows that it leads, on average over 1,000 rings in random order.
fn messages(criterion: &mut Criterion<Figure>) {
    for nodes in sizes() {
        for algorithm in ALGORITHMS {
            counted::random(criterion, "ring/messages", algorithm, nodes);
        }
    }
}

/// `ring/messages-at-worst` in messages by nodes: as `messages`, on one ring in which each node is
/// greater than the next.
fn messages_at_worst(criterion: &mut Criterion<Figure>) {
    for nodes in sizes() {
        for algorithm in ALGORITHMS {
            counted::falling(criterion, "ring/messages-at-worst", algorithm, nodes);
        }
    }
}

/// `ring/virtual-time` in milliseconds by nodes: how long it takes on one random ring until all follow
/// the highest that lives, when all start, or when the leader is dead and one starts; every message
/// takes 1 ms, a dead node is given up after 6 ms, and nobody has to work or write.
fn virtual_time(criterion: &mut Criterion<Figure>) {
    for nodes in sizes() {
        let name = "ring/virtual-time";
        figure(criterion, name, "all-start", nodes, || counted::all_start(nodes));
        figure(criterion, name, "one-starts", nodes, || counted::one_starts(nodes));
    }
}

const ALGORITHMS: [Algorithm; 4] = [
    ("chang-roberts", rivals::chang_roberts),
    ("lelann", rivals::lelann),
    ("hirschberg-sinclair", rivals::hirschberg_sinclair),
    ("peterson", rivals::peterson),
];

criterion_group! {
    name = runtimes;
    config = settings();
    targets = election, chatter, questions, leader, leader_behind_a_save
}
criterion_group! {
    name = counts;
    config = figures("messages");
    targets = messages, messages_at_worst
}
criterion_group! {
    name = times;
    config = figures("milliseconds");
    targets = virtual_time
}
criterion_main!(runtimes, counts, times);
