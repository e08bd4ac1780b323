//! Whoever comes to the door, or opens it, and is no node of this cluster.

use std::collections::VecDeque;
use std::io::Write;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use raft::transport::{Link, Options};

use crate::board::{CLUSTER, Place, options, vote};
use crate::dice::Dice;
use crate::raw::{PING, REQUEST, Raw, frame, greeting, head, question};
use crate::running::cluster::LIMIT;

const SOON: Duration = Duration::from_millis(400);

/// Each is told why, at once or when it is dialled.
#[test]
fn nodes_that_do_not_belong_together_say_why_they_do_not_speak() {
    let one = Place::new(options(1));
    let other = Place::new(Options { cluster: CLUSTER + 1, ..options(2) });
    other.wire().connect(1, one.address());
    other.is_refused_by(1, "another cluster");
    one.wire().connect(2, other.address());
    one.is_refused_by(2, "another cluster");
    let third = Place::new(options(3));
    third.wire().connect(2, one.address());
    third.is_refused_by(2, "another node listens at that address");
    let twin = Place::new(options(1));
    twin.wire().connect(2, one.address());
    twin.is_refused_by(2, "another node listens");
    third.wire().connect(4, "127.0.0.1:1");
    third.is_refused_by(4, "cannot be reached");
    third.wire().connect(5, "no port");
    third.is_refused_by(5, "cannot be reached");
    assert_eq!(one.board.served() + other.board.served() + third.board.served(), 0);
}

/// The second has the first one's name and another disk: a copy of its configuration, or the first one
/// after it has lost its disk.
#[test]
fn of_two_nodes_under_one_name_the_second_is_refused() {
    let [one, two] = [options(1), options(2)].map(Place::new);
    let second = Place::new(Options { store: 99, ..options(2) });
    one.join(2, &two);
    two.join(1, &one);
    second.wire().connect(1, one.address());
    second.is_refused_by(1, "was seen with another disk");
    two.is_answered_by(1);
    one.is_answered_by(2);
    // It is remembered though the first is gone, and until its name is given up.
    drop(two);
    assert_eq!(one.board.link(), (2, None));
    second.is_refused_by(1, "was seen with another disk");
    one.wire().connect(2, second.address());
    one.is_refused_by(2, "was seen with another disk");
    one.wire().disconnect(2);
    assert!(second.board.link().1.is_some());
    second.is_answered_by(1);
}

#[test]
fn a_greeting_that_is_none_of_this_version_is_refused() {
    let one = Place::new(options(1));
    let mut future = Raw::to(&one);
    future.say(&head(2, &[7; 300]));
    assert_eq!(future.answer(), [1], "the answer is of version 1, and says so");
    future.is_ended();
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: one\r\n\r\n".to_vec(),
        greeting(1, CLUSTER, 0, 90, 1),
        head(1, &[1; 31]),
        head(1, &vec![0xff; 60_000]),
        [greeting(1, CLUSTER, 9, 90, 1)[..44].to_vec(), vec![0xff; 4]].concat(),
    ] {
        let mut raw = Raw::to(&one);
        raw.say(&bytes);
        raw.says_no_more();
        raw.is_ended();
    }
    for (refused, code) in [
        (greeting(1, CLUSTER + 1, 9, 90, 1), 2),
        (greeting(1, CLUSTER, 9, 90, 2), 3),
        (greeting(1, CLUSTER, 1, 90, 1), 4),
    ] {
        let mut raw = Raw::to(&one);
        raw.say(&refused);
        assert_eq!(raw.answer(), [code]);
        raw.is_ended();
    }
    assert_eq!(one.board.served(), 0);
}

/// And the frames before it count.
#[test]
fn a_frame_that_is_none_ends_its_connection() {
    let one = Place::new(Options { max_frame: 1000, ..options(1) });
    let flipped = |at: usize| {
        let mut bytes = question(3);
        bytes[at] ^= 0x10;
        bytes
    };
    let bad: Vec<Vec<u8>> = vec![
        [0xff; 8].to_vec(),
        1_010_u32.to_le_bytes().repeat(2),
        8_u32.to_le_bytes().repeat(5),
        0_u32.to_le_bytes().repeat(5),
        frame(REQUEST, 3, &[]),
        frame(REQUEST, 3, &[9; 40]),
        frame(6, 3, &[]),
        // A reply to who never asked.
        frame(2, 3, &[1; 9]),
        flipped(5),
        flipped(8),
        flipped(10),
        flipped(30),
    ];
    for (round, bytes) in (1..).zip(bad) {
        let mut raw = Raw::greeted(&one);
        raw.say(&question(7));
        assert_eq!(raw.next(), (2, 7));
        raw.say(&[bytes, question(8)].concat());
        raw.is_ended();
        assert_eq!(one.board.served(), round, "what came behind was not read");
    }
    // One that is cut off.
    let mut raw = Raw::greeted(&one);
    raw.say(&question(7)[..20]);
    raw.says_no_more();
    raw.is_ended();
    let gone = || (one.wire().guests() == (0, 0)).then_some(());
    assert!(one.board.news.until(LIMIT, gone).is_some(), "{:?}", one.wire().guests());
    assert_eq!(one.wire().info(9), None, "nobody remembers it");
}

#[test]
fn who_greets_and_stalls_is_let_go() {
    let one = Place::new(Options { patience: SOON, greeting: SOON, ..options(1) });
    // It came, and is silent.
    Raw::greeted(&one).is_ended();
    // One that says now and then that it lives may stay longer.
    let (mut raw, start) = (Raw::greeted(&one), Instant::now());
    while start.elapsed() < SOON * 2 {
        raw.say(&frame(PING, 5, &[]));
        assert_eq!(raw.next(), (5, 5));
    }
    // It was dialled, and is silent: before it greets, and behind.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    one.wire().connect(8, silent.local_addr().expect("it is bound").to_string());
    one.is_refused_by(8, "did not greet");
    let welcome = [&[0][..], &greeting(1, CLUSTER, 8, 80, 1)[12..]].concat();
    let greets = thread::spawn(move || {
        // Those that were dialled before wait there, at their end.
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = silent.accept().expect("it dials again");
            let sent = socket.write_all(&head(1, &welcome));
            open.push((socket, sent.is_ok()));
            if open.len() > 4 {
                return open;
            }
        }
    });
    let (up, epoch) = one.board.link();
    assert!(up == 8 && epoch.is_some());
    let said = one.ask(8, vote(1));
    assert_eq!(said.wait(&one.board.news), None);
    assert_eq!(one.board.link(), (8, None));
    assert!(greets.join().expect("it greets").iter().any(|(_, sent)| *sent));
}

#[test]
fn a_thousand_that_never_greet_keep_no_node_out() {
    let short = Duration::from_millis(500);
    let one = Place::new(Options { greeting: short, strangers: 64, ..options(1) });
    let two = Place::new(options(2));
    let (mut idle, mut most) = (VecDeque::new(), 0);
    for _ in 0..1000 {
        // The system may not grant this process so many.
        let new = loop {
            match Raw::try_to(&one) {
                Ok(new) => break new,
                Err(error) => assert!(idle.pop_front().is_some(), "{error}"),
            }
        };
        idle.push_back(new);
        assert!(one.wire().guests().1 <= 64);
        most = most.max(idle.len());
        // No more wait at the door than the system keeps there: these were let in, and let go.
        if idle.len() > 100 {
            let place = idle.len() - 100;
            idle[place].is_ended();
        }
    }
    two.join(1, &one);
    two.is_answered_by(1);
    let gone = || (one.wire().guests() == (1, 0)).then_some(());
    assert!(one.board.news.until(LIMIT, gone).is_some(), "{:?}", one.wire().guests());
    assert!(most > 200, "the system grants {most} connections");
}

/// Whoever knows the cluster's number can make up names, and not without end.
#[test]
fn nodes_without_end_are_not_let_in() {
    let patient = Options { patience: Duration::from_mins(1), ..options(1) };
    let [one, two] = [patient, options(2)].map(Place::new);
    let call = |node| {
        let mut raw = Raw::to(&one);
        raw.say(&greeting(1, CLUSTER, node, 90, 1));
        let code = raw.answer()[0];
        (raw, code)
    };
    let made_up: Vec<_> = (100..164).map(call).collect();
    assert!(made_up.iter().all(|(_, code)| *code == 0));
    assert_eq!(call(164).1, 6);
    // The same again takes the place of the one before; and a peer is none of them.
    assert_eq!(call(100).1, 0);
    one.wire().connect(2, two.address());
    two.join(1, &one);
    two.is_answered_by(1);
}

/// From its beginning, behind the magic, behind a greeting, and within a frame.
#[test]
fn random_bytes_disturb_nobody() {
    let begins = |of: u64| match of {
        0 => Vec::new(),
        1 => b"raftwire\x01\0".to_vec(),
        2 => greeting(1, CLUSTER, 9, 90, 1),
        _ => [greeting(1, CLUSTER, 9, 90, 1), question(1)].concat(),
    };
    noise([options(1), options(2)], begins, "noisy_connections");
}

/// Sends random bytes behind one of four beginnings, while two nodes talk.
pub(crate) fn noise(pair: [Options; 2], begins: fn(u64) -> Vec<u8>, name: &str) {
    let deep = std::env::var_os("COOKBOOK_DEEP").is_some();
    let during = Duration::from_secs(if deep { 60 } else { 2 });
    let [one, two] = pair.map(Place::new);
    two.join(1, &one);
    let is_over = AtomicBool::new(false);
    let (connections, answered) = thread::scope(|scope| {
        let noise = scope.spawn(|| {
            let (mut dice, mut connections) = (Dice(4), 0);
            while !is_over.load(Ordering::SeqCst) {
                let noise: Vec<_> = (0..dice.below(3000)).map(|_| dice.roll() as u8).collect();
                let mut raw = Raw::to(&one);
                raw.say(&[begins(dice.below(4)), noise].concat());
                connections += 1;
            }
            connections
        });
        let (start, mut answered) = (Instant::now(), 0);
        while start.elapsed() < during {
            assert!(two.ask(1, vote(2)).wait(&two.board.news).is_some(), "it disturbs");
            answered += 1;
        }
        is_over.store(true, Ordering::SeqCst);
        (noise.join().expect("it makes noise"), answered)
    });
    assert!(connections > 100 && answered > 100, "{connections} of noise, {answered} answers");
    assert!(matches!(two.wire().peers()[&1].1, Link::Up { .. }));
    let count = format!("COUNT raft_transport_{name}={connections}\n");
    std::io::stderr().write_all(count.as_bytes()).expect("stderr");
}
