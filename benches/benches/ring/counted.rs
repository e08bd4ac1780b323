//! What an election costs on random rings, counted, and in a simulated world where every message takes
//! a millisecond and none is lost.

use std::time::Duration;

use benches::{Figure, figure, is_test};
use criterion::Criterion;
use ring::{NodeId, Timing};
use simnet::{Link, Rng};

use super::rivals;
use super::sim::{self, ms};

/// How many messages an algorithm sends on a ring, and its name in tables and charts.
pub(crate) type Algorithm = (&'static str, fn(&[NodeId]) -> u64);

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

/// The mean of an algorithm on random rings.
pub(crate) fn random(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    (name, cost): Algorithm,
    nodes: usize,
) {
    figure(criterion, scenario, name, nodes, || {
        let costs: Vec<_> = rings(nodes).map(|order| cost(&order)).collect();
        costs.iter().sum::<u64>() as f64 / costs.len() as f64
    });
}

/// An algorithm on the ring that is the worst for Chang and Roberts.
pub(crate) fn falling(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    (name, cost): Algorithm,
    nodes: usize,
) {
    let order: Vec<_> = (1..=nodes as NodeId).rev().collect();
    figure(criterion, scenario, name, nodes, || cost(&order) as f64);
}

/// Only who is asked notices that the leader is dead; the others wait for as long as it takes.
fn timing() -> Timing {
    let hour = Duration::from_hours(1);
    Timing { ack: ms(3), heartbeat: hour, silence: 3 * hour, election: hour, mend: hour }
}

/// One random ring of so many, for both that follow.
fn ring(nodes: usize) -> Vec<NodeId> {
    shuffled(nodes, &mut Rng::new(1))
}

/// From the start of all until all follow the highest.
pub(crate) fn all_start(nodes: usize) -> f64 {
    let order = &ring(nodes);
    let (mut world, mail) = sim::world(1, order, timing());
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    let time = world.run_until_it_holds(Duration::from_mins(1), sim::is_settled);
    assert_eq!(mail.borrow()["CANDIDATE"].0, rivals::chang_roberts(order), "as it was counted");
    time.expect("they settle").as_secs_f64() * 1e3
}

/// From the first word of the one who notices that the leader is dead until all follow the next.
pub(crate) fn one_starts(nodes: usize) -> f64 {
    let order = &ring(nodes);
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
