//! What an election costs in a simulated world, where every message takes a millisecond, none is lost
//! and a disk takes no time worth a mention.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use benches::{Figure, figure};
use bully::{Form, NodeId, Timing};
use criterion::Criterion;
use simnet::Link;

use super::sim::{self, ms};

/// Who notices that the leader is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Starter {
    Lowest,
    Highest,
}

/// What one election took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) messages: f64,
    pub(crate) millis: f64,
}

/// A way to elect, by its name in tables and charts.
pub(crate) type Way = (&'static str, Form, Starter);

thread_local! {
    /// One run gives two figures.
    static RUNS: RefCell<HashMap<(&'static str, usize), Cost>> = RefCell::default();
}

/// A figure of an election among so many nodes, the dead leader among them.
pub(crate) fn cost(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    (name, form, starter): Way,
    nodes: usize,
    pick: fn(Cost) -> f64,
) {
    figure(criterion, scenario, name, nodes, || {
        let known = RUNS.with_borrow(|runs| runs.get(&(name, nodes)).copied());
        let cost = known.unwrap_or_else(|| run(nodes as NodeId, form, starter));
        RUNS.with_borrow_mut(|runs| runs.insert((name, nodes), cost));
        pick(cost)
    });
}

/// The waits fit the links; only the starter notices in time that the leader is dead.
fn timing() -> Timing {
    let hour = Duration::from_hours(1);
    Timing { heartbeat: hour, silence: 3 * hour, ..Timing::for_delay(ms(1)) }
}

fn run(nodes: NodeId, form: Form, starter: Starter) -> Cost {
    let (mut world, mail) = sim::world(1, nodes, timing(), move |config| config.form(form));
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    let minute = Duration::from_mins(1);
    world.run_until_it_holds(minute, sim::is_settled).expect("they settle");
    world.run_for(minute);
    world.crash(nodes);
    mail.borrow_mut().clear();
    let starter = if starter == Starter::Lowest { 1 } else { nodes - 1 };
    let start = world.call(starter, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
    start.expect("it runs");
    let time = world.run_until_it_holds(minute, sim::is_settled).expect("they settle");
    world.run_for(minute);
    assert!(sim::is_settled(&world), "it lasts");
    let messages: u64 = mail.borrow().values().map(|(sent, _)| sent).sum();
    verify(nodes, form, starter, messages);
    Cost { messages: messages as f64, millis: time.as_secs_f64() * 1e3 }
}

/// As the contract tests say.
fn verify(n: NodeId, form: Form, starter: NodeId, messages: u64) {
    let classic = if starter == 1 { n * n - n - 1 } else { n - 1 };
    let expected = match form {
        Form::Classic => classic,
        Form::Modified => classic.min(3 * n - 4),
        // The winner asks all others, of whom all that live agree.
        Form::Quorum => classic + 2 * n - 3,
    };
    assert_eq!(messages, expected, "n = {n}, {form:?}, started by {starter}");
}
