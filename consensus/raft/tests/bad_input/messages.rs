//! Messages, answers and words of the runtime that nobody honest says.

use raft::core::Core;
use raft::log::Conflict;
use raft::message::{Answer, Ballot, ChunkRequest, Refused, Reply, Request};
use raft::{NodeId, Stored};

use crate::solo::{Solo, append, at, beat, chunk, disk, ms, snapshot, vote};

const LAST: u64 = u64::MAX / 2;

/// A node with a little of everything.
fn node() -> Solo {
    let stored = Stored { snapshot: Some(snapshot(at(2, 5), 4)), ..disk(3, &[2, 3]) };
    let mut solo = Solo::with(3, stored, |config| config);
    solo.ask(2, append(3, at(3, 7), &[3], 6));
    solo.apply();
    solo
}

/// It is refused with these words, and nothing has changed.
fn refused(solo: &mut Solo, from: NodeId, request: Request, said: &str) {
    let (before, name) = (solo.core.clone(), request.to_string());
    let refused = solo.core.handle(solo.now, from, 99, request).expect_err(&name);
    assert!(refused.to_string().contains(said), "{name}: {refused}");
    assert_same(&before, &solo.core, &name);
}

fn assert_same(before: &Core, after: &Core, what: &str) {
    assert!(before == after, "{what} was refused, and something has changed");
}

#[test]
fn a_message_from_nobody_or_from_oneself_is_refused() {
    let mut solo = node();
    for from in [0, 1] {
        let said = format!("a message from {from}, which is no other node; check the peer list");
        for request in [beat(3), vote(Ballot::Real, 9, at(9, 9)), Request::Campaign { term: 3 }] {
            if request.term() < 9 {
                refused(&mut solo, from, request, &said);
            }
        }
    }
}

/// Who takes part is known to the log alone, and this log may be behind: a stranger is heard, as the
/// paper has it (section 6), but changes nothing that a leader or a vote does not justify.
#[test]
fn a_stranger_is_heard_and_gets_no_more_than_it_may() {
    let mut solo = node();
    let before = solo.core.clone();
    assert_eq!(solo.ask(77, vote(Ballot::Real, 9, at(1, 1))).answer, Answer::No, "loyal");
    let contradiction = "node 77 contradicts term 3; a disk has forgotten, or two nodes";
    refused(&mut solo, 77, beat(3), contradiction);
    refused(&mut solo, 77, chunk(3, &snapshot(at(3, 9), 4), 0, 4), contradiction);
    assert_eq!(solo.ask(77, Request::Campaign { term: 3 }).answer, Answer::No);
    assert_same(&before, &solo.core, "a stranger's message");
}

#[test]
fn an_impossible_term_is_refused() {
    let mut solo = node();
    for term in [0, LAST + 1, u64::MAX] {
        let said = format!("term {term} is impossible; the message is damaged");
        refused(&mut solo, 2, append(term, at(0, 0), &[], 0), &said);
        refused(&mut solo, 2, vote(Ballot::Trial, term, at(0, 0)), &said);
        refused(&mut solo, 2, chunk(term, &snapshot(at(1, 9), 4), 0, 4), &said);
        refused(&mut solo, 2, Request::Campaign { term }, &said);
    }
}

#[test]
fn positions_and_entries_that_contradict_themselves_are_refused() {
    let mut solo = node();
    for last in [at(0, 3), at(3, 0), at(4, 4), at(9, 4), at(1, LAST + 1), at(u64::MAX, 1)] {
        let said = "the candidate's log ends in a term that has not begun; it is damaged";
        refused(&mut solo, 2, vote(Ballot::Real, 4, last), said);
    }
    for previous in [at(0, 3), at(3, 0), at(3, u64::MAX)] {
        let said = "the entry before the first is at an impossible position";
        refused(&mut solo, 2, append(3, previous, &[], 0), said);
    }
    let entries: [(_, &[u64]); 5] = [
        (at(3, 8), &[2]),
        (at(3, 8), &[3, 2]),
        (at(3, 8), &[4]),
        (at(0, 0), &[0]),
        (at(4, 8), &[]),
    ];
    for (previous, terms) in entries {
        let said = "the terms of its entries fall, or exceed the leader's";
        refused(&mut solo, 2, append(3, previous, terms, 0), said);
    }
}

#[test]
fn impossible_pieces_are_refused() {
    let mut solo = node();
    for last in [at(0, 0), at(0, 9), at(9, 0), at(4, 9), at(1, u64::MAX)] {
        let said = "the snapshot ends at an impossible position";
        refused(&mut solo, 2, chunk(3, &snapshot(last, 4), 0, 4), said);
    }
    let whole = snapshot(at(3, 9), 10);
    for (offset, length) in [(8, 4), (11, 0), (u64::MAX, 4), (0, 0)] {
        let said = "the piece is not within its snapshot";
        refused(&mut solo, 2, chunk(3, &whole, offset, length), said);
    }
    let bytes = vec![1; 3];
    let lies = ChunkRequest { term: 3, snapshot: whole, offset: 0, length: 4, bytes };
    refused(&mut solo, 2, Request::Chunk(lies), "the piece is not as long as it says");
}

/// From far ahead, and yet possible: nothing overflows, and nothing is committed that is not here.
#[test]
fn messages_from_the_future_are_survived() {
    let mut solo = node();
    assert_eq!(
        solo.ask(2, append(3, at(3, LAST), &[3, 3], u64::MAX)).answer,
        Answer::Conflict(Conflict::Short { next: 9 })
    );
    assert_eq!(solo.ask(2, append(3, at(3, 8), &[3], u64::MAX)).answer, Answer::Yes);
    assert_eq!(solo.core.commit(), 9);
    solo.ask(3, append(LAST, at(3, 9), &[LAST], LAST));
    assert_eq!((solo.core.term(), solo.core.commit()), (LAST, 10));
    solo.now = ms(1_000_000);
    solo.core.tick(solo.now);
    assert_eq!(solo.ask(2, vote(Ballot::Trial, LAST, at(3, LAST))).answer, Answer::No);
    solo.ask(3, chunk(LAST, &snapshot(at(LAST, LAST), 4), 0, 4));
    assert_eq!(solo.core.last(), at(LAST, LAST));
    solo.ask(3, append(LAST, at(LAST, LAST), &[LAST, LAST], u64::MAX));
    assert_eq!(solo.core.commit(), LAST + 2);
    refused(&mut solo, 2, beat(LAST + 1), "impossible");
}

#[test]
fn words_about_what_was_never_handed_out_are_refused() {
    let mut solo = node();
    solo.core.handle(solo.now, 2, 5, append(3, at(3, 8), &[3], 8)).expect("it is good");
    let before = solo.core.clone();
    let save = solo.core.saved(ms(0), 9).expect_err("there was none");
    assert_eq!(save.to_string(), "word of save 9, which was never handed out; the last one was 1");
    let applied = solo.core.applied(9).expect_err("not handed out");
    assert_eq!(
        applied.to_string(),
        "word of entry 9, which was never handed out; the last one was 6"
    );
    assert!(matches!(solo.core.installed(7), Err(Refused::NeverAsked { number: 7, .. })));
    let ahead = solo.core.snapshot_taken(snapshot(at(3, 7), 4)).expect_err("(3, 7) is not done");
    assert!(ahead.to_string().starts_with("word of snapshot up to 7, which was"), "{ahead}");
    let other = solo.core.snapshot_taken(snapshot(at(3, 6), 4)).expect_err("it is (2, 6)");
    assert!(other.to_string().contains("the log holds another entry there"), "{other}");
    assert_same(&before, &solo.core, "a word");
    solo.save();
}

/// A leader with a question of each kind under way to peer 2.
fn asked() -> Vec<(Solo, raft::message::Context)> {
    let mut append = Solo::new(3);
    append.rule();
    append.propose("work");
    let append_context = append.next(2).expect("there is an entry").0;
    let stored = Stored { snapshot: Some(snapshot(at(1, 5), 25)), ..disk(1, &[1]) };
    let mut chunk = Solo::with(3, stored, |config| config);
    chunk.lead();
    let probe = chunk.next(2).expect("a new leader asks");
    chunk.reply(2, &probe, Answer::Conflict(Conflict::Short { next: 1 }));
    let chunk_context = chunk.next(2).expect("a piece").0;
    let mut vote = Solo::new(3);
    vote.stand();
    let vote_context = vote.next(2).expect("it asks").0;
    vec![(append, append_context), (chunk, chunk_context), (vote, vote_context)]
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let said = "the answer is to another question; it is damaged";
    let conflict = Answer::Conflict(Conflict::Short { next: 1 });
    let wrong: [&[Answer]; 3] =
        [&[Answer::No, Answer::Have(3)], &[Answer::Yes, conflict], &[Answer::Have(3), conflict]];
    for ((mut solo, context), wrong) in asked().into_iter().zip(wrong) {
        for answer in wrong {
            let before = solo.core.clone();
            let reply = Reply { term: context.term, answer: *answer };
            let refused = solo.core.on_reply(solo.now, 2, context, reply).expect_err(said);
            assert!(refused.to_string().contains(said), "{refused}");
            assert_same(&before, &solo.core, &reply.to_string());
        }
    }
}

#[test]
fn impossible_answers_are_refused() {
    let short = |next| Answer::Conflict(Conflict::Short { next });
    let other = |term, first| Answer::Conflict(Conflict::Other { term, first });
    let wrong: [&[(u64, Answer)]; 3] = [
        &[
            (1, short(0)),
            (1, short(9)),
            (1, short(u64::MAX)),
            (1, other(0, 1)),
            (1, other(2, 1)),
            (1, other(u64::MAX, 1)),
            (1, other(1, 0)),
            (1, other(1, 9)),
            (0, Answer::Yes),
            (LAST + 1, Answer::Yes),
            (u64::MAX, Answer::No),
        ],
        &[
            (2, Answer::Have(26)),
            (2, Answer::Have(u64::MAX)),
            (1, Answer::Have(5)),
            (1, Answer::No),
        ],
        &[(0, Answer::Yes), (u64::MAX, Answer::No)],
    ];
    for ((mut solo, context), wrong) in asked().into_iter().zip(wrong) {
        for (term, answer) in wrong {
            let (before, reply) = (solo.core.clone(), Reply { term: *term, answer: *answer });
            let refused = solo.core.on_reply(solo.now, 2, context, reply);
            assert!(refused.is_err(), "{reply} was believed");
            assert_same(&before, &solo.core, &reply.to_string());
        }
    }
}

/// Answers of whom nobody asked, or who takes no part, count for nothing.
#[test]
fn answers_of_strangers_count_for_nothing() {
    for (mut solo, context) in asked() {
        solo.core.link_up(77, context.epoch);
        let before = solo.core.clone();
        let is_vote = matches!(context.asked, raft::message::Asked::Vote(_));
        let answer = if is_vote { Answer::Yes } else { Answer::No };
        let reply = Reply { term: context.term, answer };
        _ = solo.core.on_reply(solo.now, 77, context, reply);
        let same = before.role() == solo.core.role() && before.commit() == solo.core.commit();
        assert!(same && before.term() == solo.core.term());
    }
}
