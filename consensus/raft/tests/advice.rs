//! A well-known advice to students of Raft says how the runtime behind a lock should be built. One test
//! for each of its paragraphs; the last, on late replies, binds both runtimes and stands with their promises:
//! `an_answer_of_an_earlier_term_counts_for_nothing`.

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/running.rs"]
mod running;

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use raft::core::RoleName;
use raft::lock::Node;
use raft::message::{Answer, AppendRequest, Ballot, Reply, Request, VoteRequest};
use raft::node::{Answerer, Found, Machine};
use raft::{Config, Index, Position};

use running::Waits;
use running::cluster::{Cluster, LIMIT};
use running::disk::{Memory, Mode};
use running::news::{News, lock};
use running::tape::{Shelf, Tape};
use running::wires::{Socket, Wires};

/// Long enough that no busy machine holds up heartbeats so long.
const ELECTION: Duration = Duration::from_millis(400);

fn calm(mut config: Config) -> Config {
    config.election = ELECTION;
    config
}

fn heartbeat(term: u64) -> Request {
    let (entries, previous) = (Vec::new(), Position::default());
    Request::Append(AppendRequest { term, previous, entries, commit: 0 })
}

/// Paragraph 2. The state is shared, under a lock: who brings an event does what follows from it, and no
/// other thread has to.
#[test]
fn the_thread_that_brings_an_event_works_on_the_state_itself() {
    for source in [
        include_str!("../src/lock.rs"),
        include_str!("../src/lock/threads.rs"),
        include_str!("../src/lock/slot.rs"),
    ] {
        assert!(!source.contains("channel") && !source.contains("Sender"), "it has no channels");
    }
    thread_local! { static HERE: RefCell<Option<Reply>> = const { RefCell::new(None) } }
    let cluster = Cluster::<Node<Tape>>::new(3);
    cluster.one([1], 3);
    // A trial, whose answer needs no disk.
    let vote = VoteRequest { term: 100, last: Position::default(), ballot: Ballot::Trial };
    let answer = Answerer::new(|reply| HERE.with(|here| *here.borrow_mut() = reply));
    cluster.node(1).serve(2, Request::Vote(vote), answer);
    let answered = HERE.with(|here| here.borrow_mut().take());
    assert!(answered.is_some_and(|reply| reply.answer == Answer::No), "{answered:?}");
}

/// Paragraph 3. Elections have a thread of their own: it ticks though all that send are held.
#[test]
fn the_ticker_ticks_while_everybody_who_sends_is_held() {
    let mut cluster = Cluster::<Node<Tape>>::with(3, calm);
    let leader = cluster.leader();
    (1..=3).filter(|id| *id != leader).for_each(|id| cluster.wires.jam(leader, id));
    cluster.news.until(LIMIT, || cluster.wires.jam.holds().then_some(())).expect("it sends");
    // Nor does anybody tell it of a later term.
    (1..=3).filter(|id| *id != leader).for_each(|id| cluster.kill(id));
    let steps_down = || (cluster.role(leader) != RoleName::Leader).then_some(());
    cluster.news.until(LIMIT, steps_down).expect("it notices that nobody follows");
    assert!(cluster.wires.jam.holds(), "its heartbeats do not come back");
}

/// Paragraph 4. When the leader was last heard is compared with the clock.
#[test]
fn an_election_begins_when_the_leader_was_not_heard_for_long_enough() {
    let news = Arc::new(News::default());
    let (wires, courier) = Wires::start(Arc::clone(&news));
    let config = calm(Config::new(1, 1..=3).unwrap());
    let tape = Tape::new(1, Arc::new(Shelf::default()), Arc::default());
    let socket = Arc::new(Socket { id: 1, wires: Arc::clone(&wires) });
    let node = Node::start(config, Found::default(), tape, Memory::default(), socket).unwrap();
    let is_candidate = || node.status().unwrap().role == RoleName::Candidate;
    let mut heard = Instant::now();
    // For four elections it hears its leader, a quarter of an election apart.
    for _ in 0..16 {
        heard = Instant::now();
        node.serve(2, heartbeat(1), Answerer::new(|_| {}));
        let is_calm = news.never(ELECTION / 4, is_candidate);
        assert!(is_calm || heard.elapsed() >= ELECTION, "it had heard its leader");
    }
    news.until(LIMIT, || is_candidate().then_some(())).expect("then it hears nothing");
    assert!(heard.elapsed() >= ELECTION, "that was too early");
    wires.end();
    courier.join().unwrap();
}

/// Notes who applies what.
struct Witness(Arc<Mutex<Vec<(ThreadId, Index)>>>);

impl Machine for Witness {
    type Answer = ();

    fn apply(&mut self, index: Index, _: &[u8]) {
        lock(&self.0).push((thread::current().id(), index));
    }

    fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, _: &[u8]) {}
}

/// Paragraph 5. One applier, in the order of the log.
#[test]
fn one_thread_applies_in_the_order_of_the_log() {
    let seen: Arc<Mutex<Vec<_>>> = Arc::default();
    let witness = Arc::clone(&seen);
    let cluster =
        Cluster::<Node<Witness>>::of(1, |config| config, move |_| Witness(witness.clone()));
    let leader = cluster.leader();
    let node = cluster.node(leader);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for pending in [(); 100].map(|()| node.submit(vec![1])) {
                    pending.fate().unwrap();
                }
            });
        }
    });
    let seen = lock(&seen);
    assert_eq!(seen.len(), 400);
    assert!(seen.is_sorted_by(|(a, one), (b, other)| a == b && one < other));
}

/// Paragraph 5. It may take its time: it does not hold the lock.
#[test]
fn the_applier_does_not_hold_the_lock_while_it_applies() {
    let cluster = Cluster::<Node<Tape>>::with(3, calm);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let machine = &cluster.brakes[&leader];
    machine.set(Mode::Waits);
    let held = cluster.node(leader).submit(vec![2]);
    cluster.news.until(LIMIT, || machine.holds().then_some(())).expect("it applies");
    let behind: Vec<_> = (3..10).map(|n| cluster.node(leader).submit(vec![n])).collect();
    let others = || (cluster.shelf.count_of(&[9]) == 2).then_some(());
    cluster.news.until(LIMIT, others).expect("the leader commits, and the others apply");
    assert_eq!(cluster.role(leader), RoleName::Leader);
    assert!(machine.holds());
    machine.release();
    for pending in behind.into_iter().chain([held]) {
        pending.fate().unwrap();
    }
}

/// Paragraph 6. Each message to a peer waits in a thread for that peer.
#[test]
fn a_peer_that_cannot_be_reached_delays_neither_others_nor_heartbeats() {
    let cluster = Cluster::<Node<Tape>>::with(3, calm);
    cluster.one([1], 3);
    let leader = cluster.leader();
    let term = cluster.term();
    let gone = cluster.after(leader, 1);
    cluster.wires.jam(leader, gone);
    cluster.cut_off([gone]);
    for number in 0..20 {
        let index = cluster.node(leader).submit(vec![2, number]).fate().unwrap();
        cluster.until_done(index, 2);
    }
    cluster.news.until(LIMIT, || cluster.wires.jam.holds().then_some(())).expect("it was asked");
    let leads = || {
        let status = cluster.node(leader).status().unwrap();
        (status.role, status.term) == (RoleName::Leader, term)
    };
    assert!(cluster.news.never(ELECTION * 3, || !leads()), "the other follower follows");
}
