//! What nodes do over TLS: the same as without, and nobody reads along.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use raft::message::{Answer, Reply};
use raft::transport::{Link, Local, Options};

use crate::authority::Authority;
use crate::board::{CLUSTER, Place, options, vote};
use crate::group::Group;
use crate::nodes;
use crate::raw::{PING, REPLY, frame, greeting, head, question};
use crate::relay::Relay;
use crate::running::Runs;
use crate::running::cluster::LIMIT;
use crate::running::tape::Tape;
use crate::talk::append;
use crate::tls::{call, pair, pick_up};

pub(crate) fn three_nodes_agree_over_tls<N: Runs<Machine = Tape> + Local>() {
    nodes::agree(&Group::<N>::with(3, |_| (), Some(Authority::new("of three"))));
}

/// Connections break in the middle of a record, or of a handshake.
pub(crate) fn nothing_is_lost_in_a_storm_over_tls<N: Runs<Machine = Tape> + Local>() {
    let authority = Authority::new("of a storm");
    nodes::storm(Group::<N>::with(3, nodes::in_pieces, Some(authority)), "tls_storm");
}

#[test]
fn who_listens_on_the_cable_reads_nothing() {
    let secret = [1; 64];
    for is_sealed in [false, true] {
        let plain = [1, 2].map(options);
        let pair = if is_sealed { pair(&Authority::new("of two")) } else { plain };
        let [one, two] = pair.map(Place::new);
        let relay = Relay::new();
        relay.lead_to(two.tcp.local_addr());
        one.wire().connect(2, relay.address.to_string());
        assert!(one.board.link().1.is_some());
        assert!(one.ask(2, append(1000)).wait(&one.board.news).is_some());
        let heard = relay.overheard();
        let hears = |what: &[u8]| heard.windows(what.len()).any(|it| it == what);
        assert_eq!(hears(&secret), !is_sealed, "what was asked");
        assert_eq!(hears(b"node 1 is here"), !is_sealed, "what was greeted");
    }
}

#[test]
fn long_questions_both_ways_at_once_are_answered_over_tls() {
    let [one, two] = pair(&Authority::new("of two")).map(Place::new);
    one.join(2, &two);
    two.join(1, &one);
    let bytes = [0, 1, 16_383, 16_384, 65_535, 65_536, 3 << 20, 20 << 20];
    thread::scope(|scope| {
        for (asker, other) in [(&one, 2), (&two, 1)] {
            scope.spawn(move || {
                let said: Vec<_> =
                    bytes.iter().map(|bytes| asker.ask(other, append(*bytes))).collect();
                for said in said {
                    assert!(said.wait(&asker.board.news).is_some());
                }
            });
        }
    });
    assert_eq!(one.board.served(), bytes.len());
    assert_eq!(two.board.last_served(), Some((1, append(20 << 20))), "it came whole");
}

/// The peer reads nothing. What it says is heard nevertheless, long before anybody loses patience.
#[test]
fn who_waits_for_its_peer_to_read_hears_it_meanwhile() {
    let authority = Authority::new("of two");
    let [options, _] = pair(&authority);
    let one = Place::new(Options { patience: Duration::from_mins(1), ..options });
    let (address, peer) = pick_up(&authority, 2);
    let (says, now) = mpsc::sync_channel::<()>(1);
    let deaf = thread::spawn(move || {
        let mut raw = peer();
        raw.heard_greeting();
        raw.say(&head(1, &[&[0][..], &greeting(1, CLUSTER, 2, 20, 1)[12..]].concat()));
        now.recv().expect("it is told when");
        let mut reply = Vec::new();
        Reply { term: 1, answer: Answer::Yes }.encode(&mut reply);
        raw.say(&frame(REPLY, 1, &reply));
        now.recv().expect_err("it is over");
    });
    one.wire().connect(2, address.to_string());
    assert!(one.board.link().1.is_some());
    let first = one.ask(2, vote(1));
    let long: Vec<_> = (0..3).map(|_| one.ask(2, append(20 << 20))).collect();
    // Far more than the sockets take: the writer waits.
    one.board.news.never(Duration::from_millis(500), || false);
    let start = Instant::now();
    says.send(()).expect("it waits for it");
    assert!(first.wait(&one.board.news).is_some());
    assert!(start.elapsed() < LIMIT / 2);
    assert_eq!(one.wire().unanswered(2).0, 3);
    assert!(matches!(one.wire().peers()[&2].1, Link::Up { .. }));
    drop((says, long));
    deaf.join().expect("it says what it should");
}

/// Long sessions change their keys, and want the other side's changed too.
#[test]
fn keys_change_under_a_session() {
    let authority = Authority::new("of two");
    let [options, _] = pair(&authority);
    let one = Place::new(options);
    let mut raw = call(&one, &authority, Some(&authority.certify(9)));
    raw.say(&greeting(1, CLUSTER, 9, 90, 1));
    assert_eq!(raw.answer().first(), Some(&0), "it is welcome");
    for number in 1..20 {
        raw.0.conn.refresh_traffic_keys().expect("it is up");
        raw.say(&[frame(PING, number, &[]), question(number + 100)].concat());
        let mut came = [raw.next(), raw.next()];
        came.sort_unstable();
        assert_eq!(came, [(2, number + 100), (5, number)]);
    }
}
