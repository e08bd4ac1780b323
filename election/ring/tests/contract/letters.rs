//! What becomes of a letter: handed on once, tried again, passed over the dead, and taken off.

use std::time::Duration;

use ring::core::Core;
use ring::{Config, Kind, Letter, Message, NodeId, Stored, Timing, Token};

use super::sim::ms;

/// The order of the ring.
const RING: [NodeId; 5] = [2, 5, 1, 4, 3];

fn timing() -> Timing {
    Timing::for_ring(5, ms(2))
}

/// Just started, with an empty disk, and what it says at its start is gone.
fn node_with(me: NodeId, timing: Timing) -> Core {
    let mut core = Core::new(Config::new(me, RING, timing), Stored::default());
    core.start(Duration::ZERO);
    core.take_messages();
    core
}

fn node(me: NodeId) -> Core {
    node_with(me, timing())
}

fn letter(kind: Kind, epoch: u64, id: NodeId, round: u64) -> Letter {
    Letter { kind, token: Token { epoch, id }, round, hops: 1 }
}

/// The letters it sent, and to whom.
fn letters(core: &mut Core) -> Vec<(NodeId, Letter)> {
    let sent = core.take_messages().into_iter();
    sent.filter_map(|(to, message)| match message {
        Message::Letter(letter) => Some((to, letter)),
        _ => None,
    })
    .collect()
}

/// Whom it hands this letter on to in the end, if 5 is dead.
fn handed_on(core: &mut Core, from: NodeId, letter: Letter) -> Option<(NodeId, Letter)> {
    core.receive(Duration::ZERO, from, Message::Letter(letter));
    loop {
        let sent = letters(core).into_iter().find(|(_, it)| it.token == letter.token)?;
        if sent.0 != 5 {
            return Some(sent);
        }
        core.tick(core.deadline().expect("it waits for an answer"));
    }
}

/// 5 died with its candidate on the way, and all others restart again and again, each time before the
/// disk has the epoch. So each takes the letter for a new one, and only the count of its hops is left.
#[test]
fn the_letter_of_a_dead_node_does_not_circle_for_ever() {
    let (mut from, mut at, mut sent) = (5, 1, letter(Kind::Candidate, 50, 5, 0));
    let mut way = vec![at];
    while let Some((to, next)) = handed_on(&mut node(at), from, sent) {
        (from, at, sent) = (at, to, next);
        way.push(at);
        assert!(way.len() < 100, "it circles: {way:?}");
    }
    assert_eq!(way, [1, 4, 3, 2, 1], "as many hops as there are nodes");
}

/// Without restarts each hands on once whatever comes once more, be it a copy or once round.
#[test]
fn a_letter_that_comes_twice_is_handed_on_once() {
    for kind in [Kind::Candidate, Kind::Elected, Kind::Alive] {
        let mut core = node(4);
        for (time, hops) in [1, 1, 2, 3].into_iter().enumerate() {
            let again = Letter { hops, ..letter(kind, 7, 5, 0) };
            core.receive(ms(1), 1, Message::Letter(again));
            let sent = core.take_messages();
            assert_eq!(sent[0], (1, Message::Ack(again)), "whoever sent it need not try again");
            assert_eq!(sent.len(), if time == 0 { 2 } else { 1 }, "{kind:?}, time {time}");
        }
    }
}

/// Only the newest is tried again: each letter makes those before it worthless.
#[test]
fn no_line_of_letters_waits_for_a_silent_neighbour() {
    let mut core = node(4);
    for epoch in 2..100 {
        for newer in [letter(Kind::Candidate, epoch, 5, 0), letter(Kind::Elected, epoch, 5, 0)] {
            core.receive(ms(1), 1, Message::Letter(newer));
        }
    }
    assert_eq!(letters(&mut core).len(), 2 * 98);
    core.tick(ms(1) + timing().ack);
    let tried = letters(&mut core);
    assert!(matches!(tried[..], [(3, Letter { kind: Kind::Elected, .. })]), "{tried:?}");
}

/// Letters follow each other faster than 3 can be found dead. It is found dead all the same.
#[test]
fn a_newer_letter_buys_a_silent_neighbour_no_time() {
    let hasty = Timing { heartbeat: ms(1), ..timing() };
    let mut core = node_with(4, hasty);
    core.receive(ms(0), 1, Message::Letter(letter(Kind::Elected, 7, 5, 0)));
    for round in 1..=2 * hasty.ack.as_millis() as u64 {
        core.receive(ms(round), 1, Message::Letter(letter(Kind::Alive, 7, 5, round)));
        core.tick(ms(round));
    }
    assert_eq!(letters(&mut core).last().map(|(to, _)| *to), Some(2), "3 is passed over");
}

/// The answer to an earlier letter shows that it lives: it is not left out for the newer one.
#[test]
fn a_neighbour_that_answers_late_is_not_left_out() {
    let mut core = node(4);
    core.receive(ms(0), 1, Message::Letter(letter(Kind::Elected, 7, 5, 0)));
    let mut round = 0;
    while round < 100 {
        let late = letters(&mut core)[0];
        assert_eq!(late.0, 3, "round {round}");
        round += 1;
        let now = timing().ack.mul_f64(0.9) * round as u32;
        core.receive(now, 1, Message::Letter(letter(Kind::Alive, 7, 5, round)));
        core.receive(now, 3, Message::Ack(late.1));
        core.tick(now);
    }
}

/// The greater token's word reaches the other leader anyway: nobody need elect for it.
#[test]
fn two_leaders_of_one_epoch_need_no_election() {
    let mut core = node(3);
    core.receive(ms(1), 4, Message::Letter(letter(Kind::Elected, 7, 5, 0)));
    let before = core.leader();
    core.take_messages();
    for lower in [2, 4] {
        core.receive(ms(1), 4, Message::Letter(letter(Kind::Alive, 7, lower, 3)));
    }
    assert_eq!(core.leader(), before);
    assert!(letters(&mut core).is_empty(), "nor does it hand them on");
}

/// The way to it is broken, and it leads on: each sign of its life would be an election.
#[test]
fn a_leader_that_is_behind_disturbs_nobody() {
    let mut core = node(3);
    core.receive(ms(1), 4, Message::Letter(letter(Kind::Elected, 7, 4, 0)));
    let before = core.leader();
    core.take_messages();
    core.receive(ms(1), 4, Message::Letter(letter(Kind::Alive, 6, 5, 9)));
    assert_eq!(core.leader(), before);
    assert!(letters(&mut core).is_empty());
    // Unless it is our own: nobody else would tell it.
    core.outbid(ms(1), 9);
    core.receive(ms(1), 4, Message::Letter(letter(Kind::Alive, 7, 4, 1)));
    assert_eq!(core.leader(), None, "it elects");
}
