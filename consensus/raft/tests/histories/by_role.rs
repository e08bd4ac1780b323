//! A read that asks only whether the node leads is stale: the judges must see it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use raft::core::RoleName;
use raft::log::{Entry, Payload};
use raft::message::{AppendRequest, Reply, Request};
use raft::node::{Answerer, Found, Network};
use raft::{Config, Position};
use simnet::judge::Operation;

use crate::judges::{self, Answer, Op, What};
use crate::running::Runs;
use crate::running::cluster::LIMIT;
use crate::running::disk::Memory;
use crate::running::hand::Hand;
use crate::store::Store;

const YES: raft::message::Answer = raft::message::Answer::Yes;
const KEY: u8 = 1;

/// The test is nodes 2 and 3. Node 2 led, had a put stored by node 1 and answered its client; then node 1
/// is elected. It leads, and does not know yet that the put is committed.
pub(crate) fn both_judges_refuse_a_read_by_role_alone<N: Runs<Machine = Store>>() {
    let hand = Arc::new(Hand::default());
    let mut config = Config::new(1, 1..=3).unwrap();
    config.election = LIMIT;
    let network = Arc::clone(&hand) as Arc<dyn Network>;
    let node =
        N::start(config, Found::default(), Store::default(), Memory::default(), network).unwrap();
    (2..=3).for_each(|peer| node.link_up(peer, 1));

    let start = Instant::now();
    let put = Op { key: KEY, what: What::Put(7) };
    node.serve(2, stored(put), Answerer::new(|_| {}));
    let done = (start.elapsed(), Answer::Done);
    let put = Operation { op: put, called: done.0 / 2, answered: Some(done) };

    node.serve(2, Request::Campaign { term: 1 }, Answerer::new(|_| {}));
    hand.vote(3, 2).answer(Reply { term: 2, answer: YES });
    let leads = || (node.status().unwrap().role == RoleName::Leader).then_some(());
    hand.news.until(LIMIT, leads).expect("two of three are for it");
    let called = start.elapsed();
    let role = node.status().unwrap().role;
    let stale = node.read_stale(|store| store.get(KEY)).unwrap();
    let read = |value| {
        let op = Op { key: KEY, what: What::Get };
        Operation { op, called, answered: Some((start.elapsed(), Answer::Held(value))) }
    };
    assert_eq!(role, RoleName::Leader);
    assert!(!judges::is_linearizable(&[put.clone(), read(stale)]), "read {stale} by role");

    // The read that it offers comes when its own first entry is committed, and a round is over.
    let value = thread::scope(|scope| {
        let read = scope.spawn(|| node.read(|store| store.get(KEY)));
        assert!(hand.news.never(Duration::from_millis(50), || read.is_finished()), "too early");
        let answer_all = || {
            hand.answer_appends(3, 2);
            read.is_finished().then_some(())
        };
        hand.news.until(LIMIT, answer_all).expect("it is answered");
        read.join().expect("no panic").expect("it leads")
    });
    assert!(judges::is_linearizable(&[put, read(value)]), "read {value}");
}

/// What node 2 sent in term 1.
fn stored(op: Op) -> Request {
    let entry = Entry { term: 1, payload: Payload::Command(op.to_bytes().into()) };
    let (entries, previous) = (vec![entry], Position::default());
    Request::Append(AppendRequest { term: 1, previous, entries, commit: 0 })
}
