//! What an election costs on random rings, counted, and in a simulated world where every message takes
//! a millisecond and none is lost.

use std::time::Duration;

use benches::{Figure, figure, is_test};
use criterion::Criterion;
use ring::{NodeId, Timing};
use simnet::{Link, Rng};

use super::rivals;
use super::sim::{self, ms};

type Algorithm = fn(&[NodeId]) -> u64;

const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("chang-roberts", rivals::chang_roberts),
    ("lelann", rivals::lelann),
    ("hirschberg-sinclair", rivals::hirschberg_sinclair),
    ("peterson", rivals::peterson),
];

/// The same rings for every algorithm.
fn rings(nodes: usize) -> impl Iterator<Item = Vec<NodeId>> {
    let mut rng = Rng::new(nodes as u64);
    let count = if is_test() { 10 } else { 1_000 };
    (0..count).map(move |_| shuffled(nodes, &mut rng))
}

fn shuffled(nodes: usize, rng: &mut Rng) -> Vec<NodeId> {
    let mut order: Vec<_> = (1..=nodes as NodeId).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, rng.below(last as u64 + 1) as usize);
    }
    order
}

/// The mean of each algorithm on random rings.
pub(crate) fn random(criterion: &mut Criterion<Figure>, scenario: &str, nodes: usize) {
    for (name, algorithm) in ALGORITHMS {
        figure(criterion, scenario, name, nodes, || {
            let (sum, count) = rings(nodes)
                .fold((0, 0_u64), |(sum, count), order| (sum + algorithm(&order), count + 1));
            sum as f64 / count as f64
        });
    }
}

/// Each algorithm on the ring that is the worst for the first.
pub(crate) fn falling(criterion: &mut Criterion<Figure>, scenario: &str, nodes: usize) {
    let order: Vec<_> = (1..=nodes as NodeId).rev().collect();
    for (name, algorithm) in ALGORITHMS {
        figure(criterion, scenario, name, nodes, || algorithm(&order) as f64);
    }
}

/// Only who is asked notices that the leader is dead; the others wait for as long as it takes.
fn timing() -> Timing {
    let hour = Duration::from_hours(1);
    Timing { ack: ms(3), heartbeat: hour, silence: 3 * hour, election: hour, mend: hour }
}

/// From the first message until all follow the highest that lives, on one random ring.
pub(crate) fn time(criterion: &mut Criterion<Figure>, scenario: &str, nodes: usize) {
    let order = shuffled(nodes, &mut Rng::new(1));
    figure(criterion, scenario, "all start", nodes, || all_start(&order));
    figure(criterion, scenario, "one starts, the leader is dead", nodes, || one_starts(&order));
}

fn all_start(order: &[NodeId]) -> f64 {
    let (mut world, mail) = sim::world(1, order, timing());
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    let time = world.run_until_it_holds(Duration::from_mins(1), sim::is_settled);
    assert_eq!(mail.borrow()["CANDIDATE"].0, rivals::chang_roberts(order), "as it was counted");
    time.expect("they settle").as_secs_f64() * 1e3
}

fn one_starts(order: &[NodeId]) -> f64 {
    let (mut world, _) = sim::world(1, order, timing());
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    let minute = Duration::from_mins(1);
    world.run_until_it_holds(minute, sim::is_settled).expect("they settle");
    world.run_for(minute);
    let highest = order.len() as NodeId;
    world.crash(highest);
    let starter = order.iter().copied().find(|id| *id != highest).expect("there are three");
    let start = world.call(starter, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
    start.expect("it runs");
    let time = world.run_until_it_holds(minute, sim::is_settled);
    time.expect("they settle").as_secs_f64() * 1e3
}
