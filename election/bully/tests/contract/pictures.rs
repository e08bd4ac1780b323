//! The pictures on the page are drawn from these runs. `SIMNET_ACCEPT=1` stores them anew.

use std::path::Path;
use std::time::Duration;

use bully::{NodeId, Timing, Token};
use simnet::{Link, Process, Trace, World};

use super::counts::unhurried;
use super::sim::{self, Node, ms};

const SECOND: Duration = Duration::from_secs(1);

/// The stored trace is what just happened.
pub(crate) fn is_stored(name: &str, trace: &Trace) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/traces/{name}.jsonl"));
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, trace.as_str()).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == trace.as_str(), "it is now:\n{}", trace.as_str());
}

/// Records from here on, and notes first who leads, so that the picture can show it.
pub(crate) fn record<P: Process>(world: &mut World<P>, leader: NodeId, token: Token) {
    world.record();
    world.call(leader, |_, _, out| out.note(format_args!("leads {token}")));
}

/// Nodes that follow the highest, a millisecond from each other, when the first second is over.
fn settled(count: u64) -> World<Node> {
    let (mut world, _) = sim::world(1, count, unhurried(), |config| config);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    world.run_until_it_holds(SECOND, sim::is_settled).expect("they settle");
    world.run_until(SECOND, |_| ());
    let token = world.node(count).unwrap().core.token().expect("the highest leads");
    record(&mut world, count, token);
    world
}

fn elect(world: &mut World<Node>, starter: u64) {
    world.call(starter, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
}

#[test]
fn the_trace_of_the_dearest_election_is_the_stored_one() {
    let mut world = settled(4);
    world.crash(4);
    elect(&mut world, 1);
    world.run_until_it_holds(SECOND, sim::is_settled).expect("3 leads");
    is_stored("dearest_election", world.trace());
}

#[test]
fn the_trace_of_the_cheapest_election_is_the_stored_one() {
    let mut world = settled(4);
    world.crash(4);
    elect(&mut world, 3);
    world.run_until_it_holds(SECOND, sim::is_settled).expect("3 leads");
    is_stored("cheapest_election", world.trace());
}

/// 2 answers 1, and the network loses it: both believe that nobody above them lives.
#[test]
fn the_trace_of_a_lost_answer_is_the_stored_one() {
    let mut world = settled(3);
    world.crash(3);
    elect(&mut world, 1);
    world.set_link(2, 1, Link::after(ms(1)..=ms(1)).losing(1000));
    world.run_for(ms(2));
    world.set_link(2, 1, Link::after(ms(1)..=ms(1)));
    world.run_until_it_holds(SECOND, both_lead).expect("in one epoch");
    world.run_until_it_holds(SECOND, sim::is_settled).expect("2 leads");
    is_stored("lost_answer", world.trace());
}

fn both_lead(world: &World<Node>) -> bool {
    let [one, two] = [1, 2].map(|id| world.node(id).unwrap().core.token());
    one.zip(two).is_some_and(|(one, two)| one.epoch == two.epoch && one < two)
}

/// 3 is cut off and leads on, the others elect 2, and the cut is healed.
#[test]
fn the_trace_of_a_split_brain_is_the_stored_one() {
    let timing = Timing { heartbeat: ms(20), silence: ms(25), answer: ms(5), takeover: ms(15) };
    let (mut world, _) = sim::world(1, 3, timing, |config| config);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    world.run_until_it_holds(SECOND, sim::is_settled).expect("they settle");
    world.run_until(ms(101), |_| ());
    let first = world.node(3).unwrap().core.token().expect("3 leads");
    record(&mut world, 3, first);
    world.split(&[3]);
    world.run_until_it_holds(SECOND, |world| {
        world.node(1).unwrap().core.leader().is_some_and(|token| token.id == 2)
    });
    assert_eq!(world.node(3).unwrap().core.token(), Some(first), "two lead");
    world.heal();
    world.run_until_it_holds(SECOND, sim::is_settled).expect("3 leads again");
    assert!(world.node(3).unwrap().core.token() > Some(first));
    is_stored("split_brain", world.trace());
}
