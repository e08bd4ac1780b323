//! What an election costs, exactly, when nothing is lost.

use std::path::Path;
use std::time::Duration;

use bully::{Form, NodeId, Timing};
use simnet::Link;

use super::say;
use super::sim::{self, ms};

/// So slow that nobody but the starter notices that the leader is dead.
fn unhurried() -> Timing {
    let second = Duration::from_secs(1);
    Timing { heartbeat: 100 * second, silence: 300 * second, answer: ms(9), takeover: ms(27) }
}

struct Cost {
    sent: u64,
    delivered: u64,
    to_the_dead: u64,
    time: Duration,
}

/// All run, then the leader dies and `starter` alone notices.
fn cost(count: NodeId, starter: NodeId, form: Form) -> Cost {
    let (mut world, mail) = sim::world(1, count, unhurried(), move |config| config.form(form));
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    let settled = world.run_until_it_holds(Duration::from_secs(1), sim::is_settled);
    assert!(settled.is_some(), "{count} nodes do not settle");
    world.run_for(Duration::from_secs(1));
    world.crash(count);
    mail.borrow_mut().clear();
    let dead_before = world.counts().to_the_dead;
    let asked = world.call(starter, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
    assert!(asked.is_some());
    let time = world.run_until_it_holds(Duration::from_secs(1), sim::is_settled);
    world.run_for(Duration::from_secs(1));
    assert!(sim::is_settled(&world));
    let sum = |of: fn(&(u64, u64)) -> u64| mail.borrow().values().map(of).sum::<u64>();
    Cost {
        sent: sum(|it| it.0),
        delivered: sum(|it| it.1),
        to_the_dead: world.counts().to_the_dead - dead_before,
        time: time.expect("the second highest leads"),
    }
}

#[test]
fn the_cheapest_election_delivers_n_minus_2_messages() {
    for n in [3, 4, 5, 6, 7, 10, 50] {
        let cost = cost(n, n - 1, Form::Classic);
        // One COORDINATOR to each lower node.
        assert_eq!(cost.delivered, n - 2, "n = {n}");
        // And the ELECTION to the dead leader.
        assert_eq!((cost.sent, cost.to_the_dead), (n - 1, 1), "n = {n}");
    }
}

#[test]
fn the_dearest_election_delivers_n_times_n_minus_2_messages() {
    for n in [3, 4, 5, 6, 7, 10, 50] {
        let cost = cost(n, 1, Form::Classic);
        assert_eq!(cost.delivered, n * (n - 2), "n = {n}");
        // Every living node asks the dead leader too.
        assert_eq!((cost.sent, cost.to_the_dead), (n * n - n - 1, n - 1), "n = {n}");
    }
}

#[test]
fn the_modified_form_sends_at_most_3_n_minus_4_messages() {
    for n in [3, 4, 5, 6, 7, 10, 50] {
        let dearest = cost(n, 1, Form::Modified);
        // ELECTION to n - 1, OK from n - 2, APPOINT, COORDINATOR to n - 2.
        assert_eq!((dearest.sent, dearest.delivered), (3 * n - 4, 3 * n - 5), "n = {n}");
        let cheapest = cost(n, n - 1, Form::Modified);
        assert_eq!((cheapest.sent, cheapest.delivered), (n - 1, n - 2), "n = {n}");
    }
}

#[test]
fn the_quorum_form_asks_everybody_once_more() {
    for n in [3, 4, 5, 6, 7, 10] {
        let classic = cost(n, n - 1, Form::Classic);
        let quorum = cost(n, n - 1, Form::Quorum);
        // PROPOSE to n - 1, GRANT from n - 2.
        assert_eq!(quorum.sent - classic.sent, 2 * n - 3, "n = {n}");
    }
}

/// The picture on the page is drawn from this run. `SIMNET_ACCEPT=1` stores it anew.
#[test]
fn the_trace_of_the_dearest_election_is_the_stored_one() {
    let (mut world, _) = sim::world(1, 4, unhurried(), |config| config);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    world.run_until_it_holds(Duration::from_secs(1), sim::is_settled).expect("they settle");
    world.run_until(Duration::from_secs(1), |_| ());
    world.record();
    world.crash(4);
    world.call(1, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
    world.run_until_it_holds(Duration::from_secs(1), sim::is_settled).expect("3 leads");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces/dearest_election.jsonl");
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, world.trace().as_str()).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == world.trace().as_str(), "it is now:\n{}", world.trace().as_str());
}

#[test]
fn the_costs_grow_as_the_formulas_say() {
    for n in [3, 10, 100, 300] {
        let (classic, modified) = (cost(n, 1, Form::Classic), cost(n, 1, Form::Modified));
        assert_eq!((classic.sent, modified.sent), (n * n - n - 1, 3 * n - 4));
        // The highest asked waits in vain for an answer, then tells: one way there and one way
        // back. Modified, the starter waits, and the appointment is one more way.
        assert_eq!((classic.time, modified.time), (ms(1 + 9 + 1), ms(9 + 1 + 1)));
        say(&format!("COUNT bully_messages_classic_{n}={}", classic.sent));
        say(&format!("COUNT bully_messages_modified_{n}={}", modified.sent));
    }
}
