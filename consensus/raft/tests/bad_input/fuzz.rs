//! Random runs of five nodes. Damaged messages make no node fall; honest ones, however late and
//! repeated, make no two of them disagree.

use std::io::Write;
use std::time::Duration;

use raft::core::ReadOutcome;
use raft::log::Conflict;
use raft::message::{Answer, Request};

use crate::chaos::{Chaos, Dice, Mail};

/// Runs seeds until so many messages were delivered.
fn runs(messages: u64, damage: Option<fn(&mut Dice, &mut Mail)>) -> Vec<Chaos> {
    let (mut done, mut all) = (0, Vec::new());
    for seed in 1.. {
        let mut chaos = Chaos::new(seed);
        chaos.damage = damage;
        let run = std::panic::AssertUnwindSafe(|| (0..4000).for_each(|_| chaos.step()));
        if let Err(panic) = std::panic::catch_unwind(run) {
            _ = writeln!(std::io::stderr(), "seed {seed} fails");
            std::panic::resume_unwind(panic);
        }
        done += chaos.delivered;
        all.push(chaos);
        if done >= messages {
            break;
        }
    }
    all
}

#[test]
fn damaged_messages_make_no_node_fall_and_take_no_commit_back() {
    let runs = runs(std::env::var("N").map_or(100_000, |n| n.parse().unwrap()), Some(damage));
    assert!(runs.iter().map(|run| run.refused).sum::<u64>() > 1000, "too little was damaged");
}

/// The same world without damage: the safety of Raft itself. And when it heals, a command is done by
/// all that take part.
#[test]
fn honest_messages_in_any_order_are_never_refused_and_never_divide() {
    let mut runs = runs(std::env::var("N").map_or(100_000, |n| n.parse().unwrap()), None);
    let sum = |count: fn(&Chaos) -> u64| runs.iter().map(count).sum::<u64>();
    let counts = [
        sum(|run| run.applied().0 as u64),
        sum(|run| run.applied().1 as u64),
        sum(|run| run.installed),
        sum(|run| run.elections() as u64),
        sum(Chaos::crashes),
    ];
    eprintln!("{} runs {counts:?}", runs.len());
    // Commands, changes, snapshots, elections, crashes.
    assert!(counts.iter().all(|count| *count > 100), "a quiet world: {counts:?}");
    for (at, chaos) in runs.iter_mut().enumerate() {
        let before: Vec<_> = chaos
            .nodes
            .iter()
            .map(|(id, n)| {
                format!(
                    "{id} {:?} t{} last {} commit {} dl {:?} members {}",
                    n.core.role(),
                    n.core.term(),
                    n.core.last(),
                    n.core.commit(),
                    n.core.deadline(),
                    n.core.log().membership()
                )
            })
            .collect();
        let now = chaos.now;
        chaos.heal(Duration::from_secs(3));
        if chaos.leader().is_none() {
            eprintln!("seed {} now {now:?}\n{before:#?}", at + 1);
            for (id, n) in &chaos.nodes {
                eprintln!(
                    "{id} {:?} t{} last {} commit {} dl {:?} members {}",
                    n.core.role(),
                    n.core.term(),
                    n.core.last(),
                    n.core.commit(),
                    n.core.deadline(),
                    n.core.log().membership()
                );
            }
        }
        let leader = chaos.leader().expect("a healed cluster elects a leader");
        let core = &mut chaos.nodes.get_mut(&leader).expect("it is there").core;
        let read = core.read_index(chaos.now).expect("it leads");
        let proposal = core.propose([1].as_slice().into()).expect("it leads");
        chaos.heal(Duration::from_millis(300));
        let members = chaos.nodes[&leader].core.log().membership().nodes();
        for id in members {
            let commit = chaos.nodes[&id].core.commit();
            assert!(commit >= proposal.index, "node {id} stays at {commit} of {proposal}");
        }
        let _: (raft::core::ReadId, Option<ReadOutcome>) = (read, None);
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
