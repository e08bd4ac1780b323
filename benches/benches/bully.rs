//! What an election by Bully costs, in messages and in time, and both runtimes side by side.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Figures that are no
//! times name their unit there.

use std::time::Duration;

use benches::{Figure, Scenario, figures, is_test, settings};
use bully as under_test;
use bully::{Form, channel, lock};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "bully/bodies.rs"]
mod bodies;
#[path = "../../election/bully/tests/shared/cluster.rs"]
#[allow(dead_code)]
mod cluster;
#[path = "bully/counted.rs"]
mod counted;
#[path = "../../election/bully/tests/shared/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../../election/bully/tests/contract/sim.rs"]
mod sim;
#[path = "../../election/bully/tests/contract/subject.rs"]
#[allow(dead_code)]
mod subject;
#[path = "../../election/bully/tests/shared/surface.rs"]
#[allow(dead_code)]
mod surface;

use bodies::{ask, ask_behind_a_save, deliver, elect};
use counted::{Starter, Way};

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// The longest that a message takes, as the nodes on threads are told.
const LONGEST: Duration = Duration::from_millis(10);

/// `bully/elect` by nodes: nodes on threads follow the highest, which is stopped; how long until all
/// others follow the next, when they are told that a message takes 10 ms at most.
fn election(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "bully/elect");
    for nodes in [3, 5, 9] {
        let timing = bully::Timing::for_delay(LONGEST);
        let all = vec![
            elect::<lock::Node>("lock", nodes, timing),
            elect::<channel::Node>("channel", nodes, timing),
        ];
        scenario.compare(nodes as usize, all);
    }
}

/// `bully/deliver` by threads: threads hand a node messages that change nothing, each until it is
/// taken.
fn chatter(criterion: &mut Criterion) {
    deliveries(criterion, "bully/deliver", subject::chatter());
}

/// `bully/answer` by threads: threads hand a node questions, each until it is taken, and the node
/// sends an answer to each.
fn questions(criterion: &mut Criterion) {
    deliveries(criterion, "bully/answer", subject::question());
}

fn deliveries(criterion: &mut Criterion, name: &str, message: bully::Message) {
    let mut scenario = scenario(criterion, name);
    for threads in [1, 2] {
        let all = vec![
            deliver::<lock::Node>("lock", threads, message),
            deliver::<channel::Node>("channel", threads, message),
        ];
        scenario.compare(threads, all);
    }
}

/// `bully/leader` by threads: threads ask a node that has nothing else to do who leads.
fn leader(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "bully/leader");
    for threads in [1, 2] {
        let all =
            vec![ask::<lock::Node>("lock", threads), ask::<channel::Node>("channel", threads)];
        scenario.compare(threads, all);
    }
}

/// `bully/leader-behind-a-save` by threads: a thread asks a node who leads, just when the node has
/// begun to save, which takes 1 ms.
fn leader_behind_a_save(criterion: &mut Criterion) {
    let all = vec![
        ask_behind_a_save::<lock::Node>("lock"),
        ask_behind_a_save::<channel::Node>("channel"),
    ];
    scenario(criterion, "bully/leader-behind-a-save").compare(1, all);
}

/// How many nodes there are in the simulated worlds, the dead leader among them.
fn sizes() -> impl Iterator<Item = usize> {
    let most = if is_test() { 100 } else { 1_000 };
    [3, 10, 30, 100, 300, 1_000].into_iter().filter(move |nodes| *nodes <= most)
}

/// `bully/messages` in messages by nodes: the leader is dead, and one node notices, the lowest of all
/// or the highest that lives; how many messages are sent until all follow the next leader.
fn messages(criterion: &mut Criterion<Figure>) {
    for nodes in sizes() {
        for way in WAYS {
            counted::cost(criterion, "bully/messages", way, nodes, |cost| cost.messages);
        }
    }
}

/// `bully/virtual-time` in milliseconds by nodes: the same elections; how long they take when every
/// message takes 1 ms, whoever asks waits 3 ms for an answer, and nobody has to work or write.
fn virtual_time(criterion: &mut Criterion<Figure>) {
    for nodes in sizes() {
        for way in WAYS {
            counted::cost(criterion, "bully/virtual-time", way, nodes, |cost| cost.millis);
        }
    }
}

const WAYS: [Way; 6] = [
    ("classic-from-lowest", Form::Classic, Starter::Lowest),
    ("classic-from-highest", Form::Classic, Starter::Highest),
    ("modified-from-lowest", Form::Modified, Starter::Lowest),
    ("modified-from-highest", Form::Modified, Starter::Highest),
    ("quorum-from-lowest", Form::Quorum, Starter::Lowest),
    ("quorum-from-highest", Form::Quorum, Starter::Highest),
];

criterion_group! {
    name = runtimes;
    config = settings();
    targets = election, chatter, questions, leader, leader_behind_a_save
}
criterion_group! {
    name = counts;
    config = figures("messages");
    targets = messages
}
criterion_group! {
    name = times;
    config = figures("milliseconds");
    targets = virtual_time
}
criterion_main!(runtimes, counts, times);
