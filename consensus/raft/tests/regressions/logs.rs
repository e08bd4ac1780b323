//! Rows about the log and what is committed: 1, 2, 4, 5, 8, 12, 14, 18, 19, 20, 25.

use raft::core::{Fate, Why};
use raft::log::Conflict;
use raft::message::{Answer, Asked};
use raft::{Stored, Term};

use crate::cluster::Cluster;
use crate::solo::{Solo, append, at, beat, carried, command, disk, ms, snapshot};

/// Row 1: an answer that was late, or of an earlier term, turned the leader's view of a peer back (seed
/// 002, last paragraph). It is read beside its question, and what a peer has only grows.
#[test]
fn a_late_answer_turns_nothing_back() {
    let mut solo = Solo::new(3);
    solo.rule();
    let mut sent = Vec::new();
    for _ in 0..3 {
        solo.propose("work");
        sent.push(solo.next(2).expect("there is an entry"));
    }
    solo.agree(2, &sent[2]);
    assert_eq!(solo.core.matched(2), Some(4));
    solo.agree(2, &sent[0]);
    solo.reply(2, &sent[1], Answer::Conflict(Conflict::Short { next: 1 }));
    assert_eq!((solo.core.matched(2), solo.next(2)), (Some(4), None));
    // The same node leads again in a later term: what it knew of the peer is gone, and so are answers.
    solo.ask(3, beat(2));
    solo.lead();
    solo.agree(2, &sent[2]);
    assert_eq!(solo.core.matched(2), Some(0), "the question is of an earlier term");
}

/// Row 2: an entry of an earlier term was committed because a majority had it (paper, figure 8).
#[test]
fn an_old_entry_is_not_committed_by_counting() {
    let mut solo = Solo::with(3, disk(2, &[1, 2]), |config| config);
    solo.lead();
    for peer in [2, 3] {
        let mut sent = solo.next(peer).expect("a new leader asks");
        let Asked::Append { length, .. } = &mut sent.0.asked else { panic!("{}", sent.1) };
        *length = 0;
        solo.agree(peer, &sent);
    }
    assert_eq!((solo.core.matched(2), solo.core.matched(3)), (Some(2), Some(2)));
    assert_eq!(solo.core.commit(), 0, "all three have (2, 2)");
}

/// Row 4: an older, shorter message cut off what a newer one had brought, and what was committed
/// (openraft 9540c904). Only at the first conflict is anything cut, and never what is committed.
#[test]
fn a_late_shorter_append_cuts_nothing_off() {
    let mut solo = Solo::new(3);
    solo.ask(2, append(1, at(0, 0), &[1, 1, 1], 3));
    for late in [append(1, at(0, 0), &[1], 1), append(1, at(1, 1), &[1], 0), beat(1)] {
        assert_eq!(solo.ask(2, late).answer, Answer::Yes);
        assert_eq!((solo.terms(), solo.core.commit()), (vec![1, 1, 1], 3));
        assert_eq!(solo.take(), None);
    }
    let refused = solo.hear(3, append(2, at(1, 1), &[2], 3)).expect_err("(1, 2) is committed");
    assert!(refused.to_string().contains("a disk has forgotten"), "{refused}");
    assert_eq!((solo.terms(), solo.core.term()), (vec![1, 1, 1], 1));
}

/// Row 5: the entry before the message was compacted already, taken for a conflict, and the follower's
/// log thrown away (openraft #511, databend #7112).
#[test]
fn an_append_from_before_the_snapshot_fits() {
    let stored = Stored { snapshot: Some(snapshot(at(2, 5), 4)), ..disk(2, &[2, 2]) };
    for (previous, terms) in [(at(1, 3), &[1, 2, 2][..]), (at(1, 1), &[1]), (at(2, 5), &[2, 2, 2])]
    {
        let mut solo = Solo::with(3, stored.clone(), |config| config);
        assert_eq!(solo.ask(2, append(2, previous, terms, 0)).answer, Answer::Yes, "{previous}");
        assert_eq!(solo.core.log().base(), at(2, 5));
        assert!(solo.terms().starts_with(&[2, 2]), "the log is still there");
    }
}

/// Row 8: acknowledged before it was durable (etcd #14370): the leader of one node counted itself
/// before its disk had the entry.
#[test]
fn a_node_alone_commits_nothing_before_its_disk_has_it() {
    let mut solo = Solo::new(1);
    solo.lead();
    solo.apply();
    solo.propose("work");
    assert_eq!((solo.core.commit(), solo.apply()), (1, None));
    let save = solo.take().expect("the entry");
    assert_eq!((solo.core.commit(), solo.core.take_outcomes().len()), (1, 0));
    solo.keep(save);
    assert_eq!((solo.core.commit(), solo.apply()), (2, Some(2)));
    assert_eq!(solo.core.take_outcomes()[0].fate, Fate::Committed);
}

/// Row 8: durability goes by the number of the save. Entry 3 of term 1 is being written when entry 3 of
/// term 2 takes its place: the word about the first says nothing about the second.
#[test]
fn the_word_about_a_write_says_nothing_of_what_took_its_place() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    let first = solo.hear(2, append(1, at(1, 2), &[1], 0)).expect("it is good");
    let old = solo.take().expect("(1, 3)");
    let second = solo.hear(3, append(2, at(1, 2), &[2], 3)).expect("it is good");
    assert_eq!((solo.terms(), solo.core.commit()), (vec![1, 1, 2], 3));
    solo.keep(old);
    assert_eq!(solo.apply(), Some(2), "(2, 3) is committed, and not on this disk");
    let replies = solo.core.take_replies();
    assert!(replies.iter().all(|(_, ticket, _)| *ticket == first), "{replies:?}, not {second}");
    solo.save();
    assert_eq!(solo.answer(second).map(|reply| reply.answer), Some(Answer::Yes));
    assert_eq!(solo.apply(), Some(3));
    let kept: Vec<_> = solo.disk.entries.iter().map(|entry| entry.term).collect();
    assert_eq!(kept, [1, 1, 2]);
}

/// Row 8, cut between taken and saved, and the other way round: the later save is safe first.
#[test]
fn a_word_vouches_for_all_saves_before_it() {
    let mut solo = Solo::with(3, disk(1, &[1]), |config| config);
    solo.hear(2, append(1, at(1, 1), &[1, 1, 1], 0)).expect("it is good");
    let one = solo.take().expect("three entries");
    solo.hear(3, append(2, at(1, 2), &[2], 3)).expect("it is good");
    let two = solo.take().expect("what takes their place");
    assert_eq!(two.tail.as_ref().map(|tail| tail.from), Some(3));
    let (first, last) = (one.seq, two.seq);
    solo.disk.keep(one);
    solo.disk.keep(two);
    solo.core.saved(ms(0), last).expect("it was taken");
    assert_eq!(solo.apply(), Some(3));
    solo.core.saved(ms(0), first).expect("late, and no news");
    assert_eq!(solo.disk.entries.len(), 3);
}

/// Row 12: the leader went back one entry at a time (MIT backup case: 50 conflicting entries). One
/// question for each term that differs, and one more.
#[test]
fn backing_up_takes_a_question_for_each_term() {
    let follower: Vec<Term> = [[2; 50], [3; 50]].concat();
    let leader: Vec<Term> = [vec![1; 10], vec![4; 90], vec![5; 50]].concat();
    let mut cluster = Cluster::new(3);
    for (id, terms) in [(1, &leader[..]), (2, &follower), (3, &[])] {
        let config = raft::Config::new(id, 1..=3).expect("the list is good");
        cluster.start(config, disk(5, terms));
    }
    let before = cluster.requests;
    cluster.elect(1);
    let last = cluster.core(1).last();
    assert_eq!(cluster.core(2).last(), last);
    // To each: would you, will you, the new entry, the entries; and 2 conflicts with the one, 1 with the
    // other.
    let requests = cluster.requests - before;
    assert!(requests <= 11, "{requests} requests");
}

/// Row 14: a message whose answer never came held its place in the window for ever, and the peer was
/// paused (etcd PR #14633). A later answer, a new connection and time each free it.
#[test]
fn the_window_never_leaks() {
    let full = || {
        let mut solo = Solo::with(3, Stored::default(), |mut config| {
            config.flights = 2;
            config
        });
        solo.rule();
        let mut sent = Vec::new();
        for _ in 0..3 {
            solo.propose("work");
            sent.extend(solo.next(2));
        }
        assert_eq!((sent.len(), solo.next(2)), (2, None), "the window is full");
        (solo, sent)
    };
    let (mut solo, sent) = full();
    solo.agree(2, &sent[1]);
    assert_eq!(carried(&solo.next(2).expect("a later answer")).1.len(), 1);
    let (mut solo, _) = full();
    solo.core.link_up(2, 2);
    assert!(solo.next(2).is_some(), "a new connection");
    let (mut solo, _) = full();
    for _ in 0..3 {
        solo.pass(ms(50));
        solo.obey(&[3]);
    }
    assert_eq!(carried(&solo.next(2).expect("time")).1.len(), 3);
}

/// Row 18: entries behind a gap were taken, or the stream went on behind it (`LogCabin` #97). Back to one
/// question on a gap.
#[test]
fn a_gap_in_the_stream_is_filled() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    for round in 0..5 {
        cluster.core(1).propose(command(&round.to_string())).expect("it leads");
        cluster.collect();
        if round == 2 {
            cluster.mail.pop_back();
            cluster.mail.pop_back();
        }
    }
    cluster.settle();
    let last = cluster.core(1).last();
    assert_eq!((cluster.core(2).last(), cluster.core(3).last()), (last, last), "at once");
}

/// Row 19: without a majority the log grew until memory was gone (raft-rs 0.6 notes).
#[test]
fn a_leader_without_a_majority_stops_taking_commands() {
    let mut solo = Solo::with(3, Stored::default(), |mut config| {
        config.uncommitted = 10_000;
        config
    });
    solo.rule();
    let before = solo.core.last().index;
    let why = loop {
        if let Err(dropped) = solo.core.propose(command("a hundred bytes or so")) {
            break dropped.why;
        }
    };
    assert_eq!(why, Why::Full);
    assert!(solo.core.log().bytes(before, solo.core.last().index) <= 10_000);
    assert!(solo.core.last().index > before + 90);
}

/// Row 20, the core's part: a client may send again what certainly was not done (dissertation, 6.3).
/// `Superseded` is said only when another entry is committed in the place; what was merely cut off may
/// still be brought back by another leader. Sessions do the rest.
#[test]
fn what_was_cut_off_is_not_called_undone_too_early() {
    let mut solo = Solo::new(3);
    solo.rule();
    let proposal = solo.propose("once");
    solo.save();
    solo.ask(2, append(2, at(1, 1), &[2], 1));
    assert_eq!((solo.terms(), solo.core.take_outcomes().len()), (vec![1, 2], 0));
    solo.ask(3, append(3, at(1, 1), &[1, 3], 3));
    let outcomes = solo.core.take_outcomes();
    assert_eq!((outcomes[0].proposal, outcomes[0].fate), (proposal, Fate::Committed));
}

/// Row 25: a follower committed up to the end of its own log, where entries of another leader stood
/// (seed 004 2.4).
#[test]
fn a_follower_commits_no_entry_that_its_leader_did_not_send() {
    let mut solo = Solo::with(3, disk(2, &[1, 2, 2]), |config| config);
    solo.ask(3, append(3, at(1, 1), &[], 3));
    assert_eq!((solo.core.commit(), solo.apply()), (1, Some(1)));
}
