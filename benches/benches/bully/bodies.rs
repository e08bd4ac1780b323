//! The bodies that are timed, the same for both runtimes. `ring.rs` includes this file too; what
//! differs is in `subject`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use benches::{Contender as Entry, Race, race};

use super::cluster::{Cluster, LONG};
use super::subject::{self, Config, Message, NodeId, Stored, Timing, Token, timing};
use super::surface::Surface;

/// How long threads compete for one figure: many turns of the scheduler.
const HEAT: Duration = Duration::from_millis(25);
/// How long an iteration seems to take; see the semaphore's bodies.
const PACE: Duration = Duration::from_micros(100);
/// Operations between two looks at the clock's flag.
const STRIDE: usize = 10;
/// How long the slow disk takes.
const WRITE: Duration = Duration::from_millis(1);

fn entry<'a>(
    name: &'static str,
    rehearse: impl Fn() + 'a,
    time: impl Fn(u64) -> Duration + 'a,
) -> Entry<'a> {
    let rehearse = move || {
        rehearse();
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// From the stop of the leader until all others follow the next.
pub(crate) fn elect<'a, N: Surface>(
    name: &'static str,
    nodes: NodeId,
    timing: Timing,
) -> Entry<'a> {
    let time = move |operations: u64| {
        let cluster = Cluster::<N>::start(nodes, timing);
        let mut time = Duration::ZERO;
        for _ in 0..operations {
            cluster.settle_on(nodes).expect("the highest leads");
            let start = Instant::now();
            cluster.kill(nodes);
            cluster.settle_on(nodes - 1).expect("the second highest leads");
            time += start.elapsed();
            cluster.start_one(nodes);
        }
        time
    };
    entry(name, || (), time)
}

fn far() -> Timing {
    let hour = Duration::from_hours(1);
    Timing { heartbeat: hour, silence: 2 * hour, ..timing() }
}

/// The higher of two, which leads, and the messages that it has sent since.
fn leader<N: Surface>(save: impl FnMut(Stored) + Send + 'static) -> (N, Token, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let send = move |_: NodeId, _: Message| _ = count.fetch_add(1, Relaxed);
    let node = N::start(Config::new(2, [1, 2], far()), Stored::default(), send, save);
    let token = node.wait_change(None, LONG).expect("it leads");
    (node, token, sent)
}

/// Threads hand messages to one node, each until it is taken.
pub(crate) fn deliver<'a, N: Surface>(
    name: &'static str,
    threads: usize,
    message: Message,
) -> Entry<'a> {
    let time = move |operations: u64| {
        let (node, ..) = leader::<N>(|_| ());
        compete(threads, operations, || hand_over(&node, message))
    };
    entry(name, move || answers_are_sent::<N>(message), time)
}

fn hand_over<N: Surface>(node: &N, message: Message) {
    while node.deliver(1, message).is_err() {
        thread::yield_now(); // no room
    }
}

/// Each of some messages that ask for an answer gets one.
fn answers_are_sent<N: Surface>(message: Message) {
    let (node, token, sent) = leader::<N>(|_| ());
    let before = sent.load(Relaxed);
    (0..1_000).for_each(|_| hand_over(&node, message));
    assert_eq!(node.leader(), Some(token), "no message deposes it");
    let answers = if message == subject::question() { 1_000 } else { 0 };
    let end = Instant::now() + LONG;
    while sent.load(Relaxed) < before + answers {
        assert!(Instant::now() < end, "answers are missing");
        thread::yield_now();
    }
}

/// Threads ask one node who leads.
pub(crate) fn ask<'a, N: Surface>(name: &'static str, threads: usize) -> Entry<'a> {
    let time = move |operations: u64| {
        let (node, token, _) = leader::<N>(|_| ());
        compete(threads, operations, || assert_eq!(node.leader(), Some(token)))
    };
    entry(name, || (), time)
}

/// Asks a node who leads, while its disk is at work.
pub(crate) fn ask_behind_a_save<'a, N: Surface>(name: &'static str) -> Entry<'a> {
    let time = move |operations: u64| {
        // Counted, for one that is over could be missed.
        let writes = Arc::new(AtomicU64::new(0));
        let disk = Arc::clone(&writes);
        let (node, mut token, _) = leader::<N>(move |_| {
            disk.fetch_add(1, Relaxed);
            #[expect(clippy::disallowed_methods, reason = "the disk takes its time")]
            thread::sleep(WRITE);
        });
        let mut time = Duration::ZERO;
        for _ in 0..operations {
            let before = writes.load(Relaxed);
            node.outbid(token.epoch);
            while writes.load(Relaxed) == before {
                thread::yield_now();
            }
            let start = Instant::now();
            let leader = node.leader();
            time += start.elapsed();
            token = next(&node, leader.filter(|it| it.epoch > token.epoch), token);
        }
        time
    };
    entry(name, || (), time)
}

/// The token that it claims after this one.
fn next<N: Surface>(node: &N, seen: Option<Token>, before: Token) -> Token {
    let mut leader = seen;
    while leader.is_none_or(|it| it.epoch <= before.epoch) {
        leader = node.wait_change(leader, LONG);
    }
    leader.expect("just seen")
}

fn compete(threads: usize, operations: u64, operation: impl Fn() + Sync) -> Duration {
    let heat: Race = race(threads, HEAT.min(PACE.mul_f64(operations as f64)), |stop| {
        let mut done = 0;
        while !stop.load(Relaxed) {
            (0..STRIDE).for_each(|_| operation());
            done += STRIDE as u64;
        }
        done
    });
    heat.time_of(operations)
}
