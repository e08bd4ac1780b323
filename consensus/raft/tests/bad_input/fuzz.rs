//! Random runs of five nodes. Damaged messages make no node fall; honest ones, however late and
//! repeated, make no two of them disagree.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use raft::log::Conflict;
use raft::message::{Answer, Request};

use crate::chaos::{Chaos, Mail};
use crate::dice::{Counts, Dice};

/// Runs seeds until so many messages were delivered; ten times as many when there is time.
fn run(damage: Option<fn(&mut Dice, &mut Mail)>, end: fn(&mut Chaos)) -> Counts {
    let deep = std::env::var_os("COOKBOOK_DEEP").is_some();
    let (messages, mut all) = (if deep { 1_000_000 } else { 100_000 }, Counts::default());
    for seed in 1.. {
        let one = || {
            let mut chaos = Chaos::new(seed, damage);
            (0..4000).for_each(|_| chaos.step());
            let counts = chaos.counts();
            end(&mut chaos);
            counts
        };
        let counts = catch_unwind(AssertUnwindSafe(one)).unwrap_or_else(|panic| {
            _ = writeln!(std::io::stderr(), "seed {seed} fails");
            resume_unwind(panic)
        });
        all.add(&counts);
        if all.delivered >= messages {
            break;
        }
    }
    all
}

#[test]
fn damaged_messages_make_no_node_fall_and_take_no_commit_back() {
    let counts = run(Some(damage), |_| {});
    assert!(counts.refused > 1000, "too little was damaged: {counts:?}");
}

/// The same world without damage: the safety of Raft itself.
#[test]
fn honest_messages_in_any_order_are_never_refused_and_never_divide() {
    let counts = run(None, heals);
    let Counts { commands, changes, installed, elections, crashes, reads, .. } = counts;
    let least = [commands, changes, installed, elections, crashes, reads].into_iter().min();
    assert!(least > Some(100), "a quiet world: {counts:?}");
}

/// When a world heals, somebody leads, a read is answered, and a command is committed on all that
/// take part.
fn heals(chaos: &mut Chaos) {
    chaos.heal(Duration::from_secs(3));
    let leader = chaos.leader().expect("somebody leads");
    chaos.read(leader);
    let (reads, core) = (chaos.counts().reads, &mut chaos.node(leader).core);
    let proposal = core.propose([1].as_slice().into()).expect("it leads");
    chaos.heal(Duration::from_millis(300));
    assert!(chaos.counts().reads > reads, "the read hangs");
    for id in chaos.nodes[&leader].core.log().membership().nodes() {
        let commit = chaos.nodes[&id].core.commit();
        assert!(commit >= proposal.index, "node {id} stays at {commit} of {proposal}");
    }
}

/// Something near what stood there, or far out.
fn number(dice: &mut Dice, was: u64) -> u64 {
    let last = u64::MAX / 2;
    match dice.below(12) {
        0 => 0,
        1 => 1,
        2 => was.wrapping_add(1),
        3 => was.wrapping_sub(1),
        4 => was.wrapping_add(dice.below(20)),
        5 => last - dice.below(3),
        6 => last + 1,
        7 => u64::MAX,
        _ => dice.below(30),
    }
}

fn damage(dice: &mut Dice, mail: &mut Mail) {
    match mail {
        Mail::Request { from, request, .. } => {
            if dice.one_in(8) {
                *from = number(dice, *from);
            }
            damage_request(dice, request);
        }
        Mail::Reply { from, reply, .. } => {
            if dice.one_in(8) {
                *from = number(dice, *from);
            }
            match dice.below(6) {
                0 => reply.term = number(dice, reply.term),
                1 => reply.answer = Answer::Yes,
                2 => reply.answer = Answer::No,
                3 => reply.answer = Answer::Have(number(dice, 5)),
                4 => {
                    let next = number(dice, 5);
                    reply.answer = Answer::Conflict(Conflict::Short { next });
                }
                _ => {
                    let (term, first) = (number(dice, reply.term), number(dice, 5));
                    reply.answer = Answer::Conflict(Conflict::Other { term, first });
                }
            }
        }
    }
}

fn damage_request(dice: &mut Dice, request: &mut Request) {
    match request {
        Request::Vote(vote) => match dice.below(3) {
            0 => vote.term = number(dice, vote.term),
            1 => vote.last.term = number(dice, vote.last.term),
            _ => vote.last.index = number(dice, vote.last.index),
        },
        Request::Append(append) => match dice.below(6) {
            0 => append.term = number(dice, append.term),
            1 => append.previous.term = number(dice, append.previous.term),
            2 => append.previous.index = number(dice, append.previous.index),
            3 => append.commit = number(dice, append.commit),
            4 => append.entries.iter_mut().for_each(|it| it.term = number(dice, it.term)),
            _ => append.entries.extend(append.entries.clone()),
        },
        Request::Chunk(chunk) => match dice.below(6) {
            0 => chunk.term = number(dice, chunk.term),
            1 => chunk.snapshot.last.term = number(dice, chunk.snapshot.last.term),
            2 => chunk.snapshot.last.index = number(dice, chunk.snapshot.last.index),
            3 => chunk.snapshot.size = number(dice, chunk.snapshot.size),
            4 => chunk.offset = number(dice, chunk.offset),
            _ => chunk.bytes = vec![1; dice.below(20) as usize],
        },
        Request::Campaign { term } => *term = number(dice, *term),
    }
}
