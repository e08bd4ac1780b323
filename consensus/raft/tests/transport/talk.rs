//! Two nodes that want to speak to each other.

use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use raft::log::{Entry, Payload};
use raft::message::{Answer, AppendRequest, Reply, Request};
use raft::node::{Answerer, Network};
use raft::transport::{Bound, Link, Options};

use crate::board::{Board, Place, options, vote};
use crate::running::cluster::LIMIT;

pub(crate) fn append(bytes: usize) -> Request {
    let payload = Payload::Command(vec![1; bytes].into());
    let entries = vec![Entry { term: 1, payload }];
    Request::Append(AppendRequest { term: 1, previous: <_>::default(), entries, commit: 0 })
}

#[test]
fn a_question_comes_whole_and_so_does_its_answer() {
    let [one, two] = [1, 2].map(|id| Place::new(options(id)));
    one.join(2, &two);
    // Longer than any buffer on the way.
    for request in [vote(3), append(0), append(9 << 20), vote(4)] {
        let said = one.ask(2, request.clone());
        let term = request.term();
        assert_eq!(said.wait(&one.board.news), Some(Reply { term, answer: Answer::Yes }));
        assert_eq!(two.board.last_served(), Some((1, request)));
    }
    assert_eq!(one.wire().unanswered(2), (0, 0));
    assert_eq!(one.wire().info(2).as_deref(), Some("node 2 is here"));
    assert_eq!(two.wire().info(1).as_deref(), Some("node 1 is here"));
}

/// 32 threads ask at once, and the answers come to whom they belong.
#[test]
fn questions_keep_their_order_and_answers_find_their_question() {
    let [one, two] = [1, 2].map(|id| Place::new(options(id)));
    one.join(2, &two);
    let said: Vec<_> = (1..=500).map(|term| one.ask(2, vote(term))).collect();
    for (term, said) in (1..).zip(said) {
        assert_eq!(said.wait(&one.board.news).map(|reply| reply.term), Some(term));
    }
    thread::scope(|scope| {
        for thread in 0..8 {
            let one = &one;
            scope.spawn(move || {
                for term in (1..400).map(|round| round * 8 + thread) {
                    let reply = one.ask(2, vote(term)).wait(&one.board.news);
                    assert_eq!(reply.map(|reply| reply.term), Some(term));
                }
            });
        }
    });
}

#[test]
fn a_peer_that_falls_and_comes_back_has_a_greater_epoch() {
    let [one, two] = [1, 2].map(|id| Place::new(options(id)));
    let address = two.address();
    let first = one.join(2, &two);
    two.board.hold();
    let said = [one.ask(2, vote(1)), one.ask(2, append(100))];
    assert!(two.board.news.until(LIMIT, || (two.board.served() == 2).then_some(())).is_some());
    two.tcp.shutdown();
    // What was not answered never will be.
    assert_eq!(said.map(|said| said.wait(&one.board.news)), [None, None]);
    assert_eq!(one.board.link(), (2, None));
    assert_eq!(one.ask(2, vote(1)).wait(&one.board.news), None);
    assert_eq!(one.wire().unanswered(2), (0, 0));
    let _two = Place::at(options(2), &address);
    let (up, second) = one.board.link();
    assert!(up == 2 && second > Some(first), "{second:?} after {first}");
    one.is_answered_by(2);
}

#[test]
fn who_is_answered_by_nobody_is_told_so() {
    let [one, two] = [1, 2].map(|id| Place::new(options(id)));
    one.join(2, &two);
    two.board.hold();
    let said = one.ask(2, vote(1));
    assert!(two.board.news.until(LIMIT, || (two.board.served() == 1).then_some(())).is_some());
    assert_eq!(said.now(), Poll::Pending);
    two.board.drop_held();
    assert_eq!(said.wait(&one.board.news), None);
    assert_eq!(one.ask(3, vote(1)).wait(&one.board.news), None, "nobody has that name");
    assert!(matches!(one.wire().peers()[&2].1, Link::Up { .. }), "and the link is up still");
}

/// Its answers wait for a slow disk, and questions leave no pause in which a ping would be due.
#[test]
fn a_peer_that_answers_late_lives() {
    let impatient = Options { patience: Duration::from_millis(400), ..options(1) };
    let [one, two] = [impatient, options(2)].map(Place::new);
    let first = one.join(2, &two);
    two.board.hold();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        one.ask(2, vote(1));
        one.board.news.never(Duration::from_millis(5), || false);
    }
    let Link::Up { epoch, .. } = one.wire().peers()[&2].1.clone() else { panic!("it is down") };
    assert_eq!(epoch, first);
}

/// A node is told of one connection after the other, though each is another thread's.
#[test]
fn peers_come_and_go_while_the_wire_is_up() {
    let [one, two, three] = [1, 2, 2].map(|id| Place::new(options(id)));
    let first = one.join(2, &two);
    one.wire().connect(2, two.address());
    one.wire().connect(1, two.address());
    assert_eq!(one.wire().peers().len(), 1, "nothing has changed");
    // It has moved.
    one.wire().connect(2, three.address());
    assert_eq!(one.board.link(), (2, None));
    let (_, second) = one.board.link();
    assert!(second > Some(first));
    one.is_answered_by(2);
    assert!(three.board.served() > 0 && two.board.served() == 0);
    one.wire().disconnect(2);
    assert_eq!(one.board.link(), (2, None));
    assert_eq!(one.ask(2, vote(1)).wait(&one.board.news), None);
    assert_eq!(one.join(2, &two), second.expect("up") + 1);
}

/// A peer that answers nothing, or does not even read, costs so much memory and no more.
#[test]
fn a_peer_that_does_not_answer_holds_up_nobody() {
    let small = Options { room: 1 << 20, max_frame: 1 << 20, ..options(1) };
    let [one, two, three] = [small, options(2), options(3)].map(Place::new);
    one.join(2, &two);
    one.join(3, &three);
    two.board.hold();
    let said: Vec<_> = (0..5_000).map(|_| one.ask(2, append(4096))).collect();
    let (count, bytes) = one.wire().unanswered(2);
    assert!(bytes <= 1 << 20 && bytes > 1 << 19, "{count} of {bytes} bytes");
    let refused = said.iter().filter(|said| said.now() == Poll::Ready(None)).count();
    assert_eq!(refused + count, 5_000);
    let small: Vec<_> = (0..5_000).map(|_| one.ask(2, vote(1))).collect();
    assert!(
        one.wire().unanswered(2).0 <= 1024 && small.last().is_some_and(|it| it.now().is_ready())
    );
    one.is_answered_by(3);
    two.board.drop_held();
    let free = || (one.wire().unanswered(2) == (0, 0)).then_some(());
    assert!(one.board.news.until(LIMIT, free).is_some(), "the room is free again");
}

#[test]
fn a_request_above_the_limit_is_not_sent() {
    let small = Options { max_frame: 1000, ..options(1) };
    let [one, two] = [small, options(2)].map(Place::new);
    one.join(2, &two);
    assert_eq!(one.ask(2, append(1000)).wait(&one.board.news), None);
    assert_eq!(two.board.served(), 0);
    assert!(one.ask(2, append(900)).wait(&one.board.news).is_some());
}

#[test]
fn a_wire_that_is_over_has_ended_its_threads() {
    let [one, two] = [1, 2].map(|id| Place::new(options(id)));
    one.join(2, &two);
    two.join(1, &one);
    two.board.hold();
    one.wire().connect(3, "127.0.0.1:1");
    one.wire().connect(4, "no such host:1");
    let said = one.ask(2, vote(1));
    for place in [one, two] {
        let Place { board, tcp } = place;
        let wire = Arc::clone(tcp.wire());
        tcp.shutdown();
        assert_eq!(Arc::strong_count(&wire), 1, "each thread had one");
        assert_eq!(Arc::strong_count(&board), 1);
        wire.connect(2, "127.0.0.1:1");
        assert!(wire.peers().is_empty() && wire.guests() == (0, 0));
        wire.ask(2, vote(1), Answerer::new(|reply| assert_eq!(reply, None)));
    }
    assert_eq!(said.now(), Poll::Ready(None));
}

/// The wire does not keep it alive.
#[test]
fn a_node_that_was_dropped_is_gone() {
    let [one, two] = [1, 2].map(|id| Place::new(options(id)));
    one.join(2, &two);
    let Place { board, tcp } = two;
    let board = Arc::downgrade(&{ board });
    assert_eq!(one.ask(2, vote(1)).wait(&one.board.news), None);
    assert!(board.upgrade().is_none());
    drop(tcp);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |change: fn(&mut Options), reason: &str| {
        let mut options = options(1);
        change(&mut options);
        let error = Bound::new(options, "127.0.0.1:0").expect_err("it makes no sense");
        assert!(error.to_string().contains(reason), "{error}");
    };
    refused(|it| it.node = 0, "count from 1");
    refused(|it| it.info = "x".repeat(1025), "1,024 bytes");
    refused(|it| it.patience = Duration::ZERO, "give more");
    refused(|it| it.max_frame = 0, "needs room");
    refused(|it| it.room = 1, "needs room");
    let bound = Bound::new(options(1), "127.0.0.1:0").expect("it is free");
    assert!(Bound::new(options(2), bound.local_addr()).is_err(), "the address is taken");
    let board = Arc::new(Board::default());
    bound.serve(&board).shutdown();
}
