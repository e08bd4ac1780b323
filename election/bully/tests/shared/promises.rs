//! What both variants promise, on threads and by the wall clock: a body for each promise.
//!
//! The contract tests of the ring include this file too; what differs is in `subject`.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::cluster::{Cluster, LONG};
use super::say;
use super::subject::{
    self, Config, DeliverError, Message, Panicked, Stored, Timing, Token, timing,
};
use super::surface::Surface;

fn config(me: u64, count: u64) -> Config {
    Config::new(me, 1..=count, timing())
}

pub(crate) fn five_nodes_agree_on_the_highest<N: Surface>() {
    let cluster = Cluster::<N>::start(5, timing());
    assert!(cluster.settle_on(5).is_some());
}

/// From the death of the leader until all follow the next: so many times the silence after which
/// a leader counts as dead.
const MULTIPLE: u32 = 10;

pub(crate) fn killing_the_leader_elects_the_next_a_hundred_times<N: Surface>(variant: &str) {
    let cluster = Cluster::<N>::start(5, timing());
    let mut times = Vec::new();
    for round in 0..100 {
        cluster.settle_on(5).expect("5 leads");
        let start = Instant::now();
        cluster.kill(5);
        cluster.settle_on(4).expect("4 leads");
        let time = start.elapsed();
        let limit = timing().silence * MULTIPLE;
        assert!(time < limit, "round {round}: {time:?} is more than {limit:?}");
        times.push(time);
        cluster.start_one(5);
    }
    times.sort_unstable();
    assert!(times[50] > subject::soonest(), "nobody can know so soon that 5 is dead");
    let in_silences = |time: Duration| time.as_secs_f64() / timing().silence.as_secs_f64();
    let (median, worst) = (in_silences(times[50]), in_silences(times[99]));
    let name = format!("{}_{variant}_silences_to_elect", subject::NAME);
    say(&format!("COUNT {name}_median={median:.1}"));
    say(&format!("COUNT {name}_worst={worst:.1}"));
}

pub(crate) fn a_restarted_node_leads_under_a_greater_token<N: Surface>() {
    let cluster = Cluster::<N>::start(3, timing());
    let mut last = cluster.settle_on(3).unwrap();
    for _ in 0..5 {
        cluster.kill(3);
        cluster.start_one(3);
        let next = cluster.settle_on(3).unwrap();
        assert!(next > last, "{next} after {last}");
        last = next;
    }
    assert_eq!(cluster.token(1), Some(last));
}

/// What the node's thread holds, and drops when it ends.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

pub(crate) fn stopping_joins_the_thread<N: Surface>() {
    let ended = Arc::new(AtomicBool::new(false));
    let held = Held(Arc::clone(&ended));
    let send = move |_, _| _ = &held;
    let node = N::start(config(1, 3), Stored::default(), send, |_| ());
    assert!(!ended.load(SeqCst));
    assert_eq!(node.shutdown(), Ok(()));
    assert!(ended.load(SeqCst), "its thread still runs");
}

pub(crate) fn dropping_a_node_stops_it<N: Surface>() {
    let ended = Arc::new(AtomicBool::new(false));
    let held = Held(Arc::clone(&ended));
    let send = move |_, _| _ = &held;
    drop(N::start(config(1, 3), Stored::default(), send, |_| ()));
    assert!(ended.load(SeqCst), "its thread still runs");
}

/// A `send` that waits until the test drops the gate.
fn stuck() -> (impl FnMut(u64, Message) + Send, Arc<Barrier>, std::sync::mpsc::SyncSender<()>) {
    let (gate, closed): (_, Receiver<()>) = sync_channel(0);
    let inside = Arc::new(Barrier::new(2));
    let (theirs, mut first) = (Arc::clone(&inside), true);
    let send = move |_, _| {
        if std::mem::take(&mut first) {
            theirs.wait();
        }
        let _ = closed.recv();
    };
    (send, inside, gate)
}

pub(crate) fn a_full_inbox_blocks_nobody<N: Surface>() {
    let (send, inside, gate) = stuck();
    let node = N::start(config(2, 3), Stored::default(), send, |_| ());
    inside.wait();
    // The node is held up in `send`. Each of these asks for an answer, and none waits.
    let question = subject::question();
    let full = (0..10_000).find_map(|_| node.deliver(1, question).err());
    drop(gate);
    assert_eq!(full, Some(DeliverError::Full(question)));
    assert_eq!(node.shutdown(), Ok(()));
}

pub(crate) fn nodes_that_flood_each_other_both_go_on<N: Surface>() {
    let cluster = Cluster::<N>::start(2, timing());
    cluster.settle_on(2).unwrap();
    thread::scope(|scope| {
        for id in [1, 2] {
            let cluster = &cluster;
            scope.spawn(move || cluster.flood(id, 20_000));
        }
    });
    assert!(cluster.settle_on(2).is_some(), "both still work");
}

pub(crate) fn a_flood_does_not_keep_the_deadline_waiting<N: Surface>() {
    // 3 never lives; 1 talks all the time, and says nothing about a leader.
    let node = N::start(config(2, 3), Stored::default(), |_, _| (), |_| ());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(SeqCst) {
                // What does not fit is lost.
                let _ = node.deliver(1, subject::chatter());
            }
        });
        let leader = node.wait_change(None, LONG);
        done.store(true, SeqCst);
        assert_eq!(leader.map(|token| token.id), Some(2));
    });
}

pub(crate) fn nothing_is_announced_before_it_is_saved<N: Surface>() {
    let (sent, log) = sync_channel(64);
    let saved = sent.clone();
    let send = move |_, message| {
        if let Some(token) = subject::announced(message) {
            sent.send(("told", token.epoch)).unwrap();
        }
    };
    let (gate, closed): (_, Receiver<()>) = sync_channel(0);
    let save = move |stored: Stored| {
        let _ = closed.recv();
        saved.send(("saved", stored.epoch)).unwrap();
    };
    let node = N::start(config(2, 2), subject::stored(6), send, save);
    // It has won, and the disk is not ready.
    for word in subject::last_words(Token { epoch: 7, id: 2 }) {
        node.deliver(1, word).unwrap();
    }
    drop(gate);
    assert_eq!(node.wait_change(None, LONG), Some(Token { epoch: 7, id: 2 }));
    assert_eq!(log.recv_timeout(LONG), Ok(("saved", 7)));
    assert_eq!(log.recv_timeout(LONG), Ok(("told", 7)));
    drop(node);
}

pub(crate) fn a_panic_of_the_callers_code_stops_the_node_and_is_told<N: Surface>() {
    let node = N::start(config(1, 2), Stored::default(), |_, _| panic!("on purpose"), |_| ());
    let message = subject::chatter();
    let end = Instant::now() + LONG;
    while node.deliver(2, message) != Err(DeliverError::Closed(message)) {
        assert!(Instant::now() < end, "it takes messages for ever");
        thread::yield_now();
    }
    assert_eq!((node.leader(), node.wait_change(None, LONG)), (None, None));
    assert_eq!(node.shutdown(), Err(Panicked));
}

pub(crate) fn whoever_waits_is_woken_when_the_node_stops<N: Surface>() {
    // It leads, and sends nothing until it is asked: the heartbeat is far away.
    let hour = Duration::from_hours(1);
    let timing = Timing { heartbeat: hour, silence: 2 * hour, ..timing() };
    let send = |_, message| assert!(!subject::is_answer(message), "a panic on purpose");
    let node = N::start(Config::new(2, [1, 2], timing), Stored::default(), send, |_| ());
    let token = node.wait_change(None, LONG);
    assert!(token.is_some());
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            let leader = node.wait_change(token, Duration::MAX);
            (leader, start.elapsed() < LONG)
        });
        node.deliver(1, subject::question()).unwrap();
        assert_eq!(waiter.join().unwrap(), (None, true));
    });
    assert_eq!(node.shutdown(), Err(Panicked));
}

pub(crate) fn a_wait_ends_when_its_time_is_up<N: Surface>() {
    let node = N::start(config(1, 1), Stored::default(), |_, _| (), |_| ());
    let token = node.wait_change(None, LONG);
    let start = Instant::now();
    for _ in 0..5 {
        assert_eq!(node.wait_change(token, Duration::from_millis(5)), token);
    }
    assert!(start.elapsed() >= Duration::from_millis(25));
}

pub(crate) fn a_node_that_is_outbid_claims_anew<N: Surface>() {
    let node = N::start(config(1, 1), Stored::default(), |_, _| (), |_| ());
    let mut token = node.wait_change(None, LONG);
    node.outbid(41);
    while token.is_none_or(|token| token.epoch < 42) {
        token = node.wait_change(token, LONG);
    }
    assert_eq!(token, Some(Token { epoch: 42, id: 1 }));
}

pub(crate) fn a_node_alone_leads<N: Surface>() {
    let node = N::start(config(1, 1), Stored::default(), |_, _| (), |_| ());
    assert_eq!(node.wait_change(None, LONG), Some(Token { epoch: 1, id: 1 }));
    node.elect();
    let next = node.wait_change(Some(Token { epoch: 1, id: 1 }), LONG);
    assert_eq!(next.map_or(2, |token| token.epoch), 2);
}
