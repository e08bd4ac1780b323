//! What is explored: a body for each scenario.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use interleave::models::clock;
use interleave::{calm, note};
use shuttle::thread;

use crate::config::Config;
use crate::core::Why;
use crate::log::{Entry, Payload};
use crate::message::{Answer, AppendRequest, Reply, Request};
use crate::node::{Answerer, ProposeError};
use crate::props::{Props, look};
use crate::surface::{Outcome, Runs};
use crate::sync::{Receiver, bounded};
use crate::types::{NodeId, Position, Term};

/// However long a node waits before it runs for the lead, it is less.
const LONG: Duration = Duration::from_secs(1);

fn config(founders: NodeId) -> Config {
    Config::new(1, 1..=founders).expect("good names")
}

/// A node alone, which will run for the lead at once.
fn alone<N: Runs>(gate: Option<(Vec<u8>, Receiver<()>)>) -> (N, Props) {
    let (props, machine, disk, wire) = Props::new(gate);
    let node = N::start(config(1), machine, disk, wire);
    clock::advance(LONG);
    (node, props)
}

/// A node alone that leads, and has nothing left to do.
fn leader<N: Runs>(gate: Option<(Vec<u8>, Receiver<()>)>) -> (N, Props) {
    calm(|| {
        let (node, props) = alone::<N>(gate);
        props.begins.recv().expect("the node lives");
        N::wait(node.submit(b"first")).expect("it leads");
        props.forget();
        (node, props)
    })
}

fn told(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(ProposeError::Dropped(it)) if it.why == Why::Stopped => "stopped",
        Err(ProposeError::Dropped(_)) => "dropped",
        Err(ProposeError::Superseded) => "superseded",
        Err(ProposeError::Unknown) => "unknown",
    }
}

static SEEN: Mutex<BTreeSet<(&str, &str, &str)>> = Mutex::new(BTreeSet::new());

/// What came of commands in a scenario, in all schedules.
pub(crate) fn seen(variant: &str, scenario: &str) -> Vec<&'static str> {
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = seen.iter().filter(|it| (it.0, it.1) == (variant, scenario));
    seen.map(|it| it.2).collect()
}

/// What was answered was done, and what was not taken was not; nothing twice.
fn is_true<N: Runs>(scenario: &'static str, outcome: &Outcome, command: &[u8], props: &Props) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.insert((N::VARIANT, scenario, told(outcome)));
    drop(seen);
    note!("{command:?} is {}", told(outcome));
    let count = look(&props.traces, |it| it.done.iter().filter(|it| *it == command).count());
    let allowed = match outcome {
        Ok(_) => 1..=1,
        Err(ProposeError::Dropped(_) | ProposeError::Superseded) => 0..=0,
        Err(ProposeError::Unknown) => 0..=1,
    };
    assert!(allowed.contains(&count), "{} and done {count} times", told(outcome));
    if outcome.is_ok() {
        let is_it = |payload: &Payload| matches!(payload, Payload::Command(it) if **it == *command);
        let safe = look(&props.traces, |it| it.written.iter().any(|(_, payload)| is_it(payload)));
        assert!(safe, "it was answered before it was safe");
    }
}

/// At any moment between its start and its first election.
pub(crate) fn a_node_stops_whatever_it_does<N: Runs>() {
    let (node, props) = alone::<N>(None);
    let pending = node.submit(b"a");
    drop(node);
    let outcome = N::wait(pending);
    is_true::<N>("a_node_stops_whatever_it_does", &outcome, b"a", &props);
    // Whatever the threads held is free: they have ended.
    assert_eq!(Arc::strong_count(&props.traces), 1);
}

pub(crate) fn close_tells_who_waits<N: Runs>() {
    let (node, props) = leader::<N>(None);
    let outcome = thread::scope(|scope| {
        let caller = scope.spawn(|| N::wait(node.submit(b"a")));
        node.close();
        note!("closed");
        caller.join().expect("no panic")
    });
    drop(node);
    assert!(matches!(told(&outcome), "done" | "unknown" | "stopped"), "{outcome:?}");
    is_true::<N>("close_tells_who_waits", &outcome, b"a", &props);
    assert_eq!(Arc::strong_count(&props.traces), 1);
}

pub(crate) fn a_caller_is_answered<N: Runs>() {
    let (node, props) = leader::<N>(None);
    let outcome = N::wait(node.submit(b"a"));
    assert_eq!(told(&outcome), "done");
    is_true::<N>("a_caller_is_answered", &outcome, b"a", &props);
    calm(|| drop(node));
}

pub(crate) fn two_callers_are_both_answered<N: Runs>() {
    let (node, props) = leader::<N>(None);
    let outcomes = thread::scope(|scope| {
        let caller = scope.spawn(|| N::wait(node.submit(b"a")));
        let mine = N::wait(node.submit(b"b"));
        [caller.join().expect("no panic"), mine]
    });
    for (outcome, command) in outcomes.iter().zip([b"a", b"b"]) {
        assert_eq!(told(outcome), "done");
        is_true::<N>("two_callers_are_both_answered", outcome, command, &props);
    }
    calm(|| {
        assert!(!node.is_stopped());
        drop(node);
    });
}

pub(crate) fn a_drop_waits_for_the_write_under_way<N: Runs>() {
    let (opens, gate) = bounded(1);
    let (node, props) = leader::<N>(Some((b"a".to_vec(), gate)));
    let pending = node.submit(b"a");
    props.begins.recv().expect("it is written");
    let opener = thread::spawn(move || {
        note!("the disk goes on");
        opens.try_send(()).expect("there is room");
    });
    drop(node);
    note!("dropped");
    assert_eq!(Arc::strong_count(&props.traces), 1);
    let outcome = N::wait(pending);
    is_true::<N>("a_drop_waits_for_the_write_under_way", &outcome, b"a", &props);
    opener.join().expect("no panic");
}

/// It is told that `from` leads, and then that it is to lead itself.
fn hand_over<N: Runs>(node: &N, from: NodeId, term: Term) {
    let (entries, previous) = (Vec::new(), Position::default());
    let beat = AppendRequest { term, previous, entries, commit: 0 };
    for request in [Request::Append(beat), Request::Campaign { term }] {
        node.serve(from, request, Answerer::new(|_| {}));
    }
}

fn yes(term: Term) -> Reply {
    Reply { term, answer: Answer::Yes }
}

fn vote_in(term: Term) -> impl Fn(NodeId, &Request) -> bool {
    move |_, request| matches!(request, Request::Vote(vote) if vote.term == term)
}

/// The scenario is node 2, and wins term 3 while a caller proposes to the leader of term 2.
pub(crate) fn a_step_down_gives_one_outcome<N: Runs>() {
    let (node, props): (N, _) = calm(|| {
        let (props, machine, disk, wire) = Props::new(None);
        let node = N::start(config(2), machine, disk, wire);
        node.link_up(2);
        hand_over(&node, 2, 1);
        props.next(vote_in(2)).answer(yes(2));
        props.begins.recv().expect("it leads in term 2");
        (node, props)
    });
    let outcome = thread::scope(|scope| {
        let caller = scope.spawn(|| N::wait(node.submit(b"a")));
        let command = |it: &[u8]| Entry { term: 3, payload: Payload::Command(it.into()) };
        let entries = vec![command(b"x"), command(b"y")];
        let append = AppendRequest { term: 3, previous: Position::default(), entries, commit: 2 };
        node.serve(2, Request::Append(append), Answerer::new(|_| {}));
        note!("term 3");
        caller.join().expect("no panic")
    });
    assert!(matches!(told(&outcome), "superseded" | "dropped"), "{outcome:?}");
    // The machine does what the other committed.
    calm(|| {
        (0..2).for_each(|_| props.said.recv().expect("the node lives"));
        drop(node);
    });
    is_true::<N>("a_step_down_gives_one_outcome", &outcome, b"a", &props);
    assert_eq!(look(&props.traces, |it| it.done.clone()), [b"x", b"y"]);
}

/// The scenario is nodes 2 and 3. A vote of node 2 for term 2 comes when the node runs in term 4.
pub(crate) fn a_late_vote_makes_no_leader<N: Runs>() {
    let (node, props, late) = calm(|| {
        let (props, machine, disk, wire) = Props::new(None);
        let node = N::start(config(3), machine, disk, wire);
        (2..=3).for_each(|peer| node.link_up(peer));
        hand_over(&node, 3, 1);
        let late = props.next(|to, request| to == 2 && vote_in(2)(to, request));
        (node, props, late)
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            note!("the late vote comes");
            late.answer(yes(2));
        });
        hand_over(&node, 3, 3);
    });
    calm(|| {
        let vote = props.next(|to, request| to == 3 && vote_in(4)(to, request));
        // One of three is for it, and one was.
        let early = N::wait(node.submit(b"a"));
        is_true::<N>("a_late_vote_makes_no_leader", &early, b"a", &props);
        let led = look(&props.traces, |it| it.written.iter().any(|(term, _)| *term == 4));
        assert!(!led, "it led by a vote of another term");
        props.forget();
        vote.answer(yes(4));
        props.begins.recv().expect("it leads");
        drop(node);
    });
}
