//! Snapshots, in pieces (section 7).

use raft::core::RoleName;
use raft::log::Conflict;
use raft::message::{Answer, ChunkRequest, Request};
use raft::{Snapshot, Stored};

use crate::cluster::{Cluster, command, ms as millis};
use crate::solo::{Sent, Solo, append, at, beat, chunk, disk, ms, snapshot};

/// A leader whose log begins behind (1, 5), and whose snapshot goes in three pieces. Peer 2 lacks it.
fn leader() -> Solo {
    let stored = Stored { snapshot: Some(snapshot(at(1, 5), 25)), ..disk(1, &[1]) };
    let mut solo = Solo::with(3, stored, |mut config| {
        config.chunk = 10;
        config
    });
    solo.apply();
    solo.lead();
    let probe = solo.next(2).expect("a new leader asks");
    solo.reply(2, &probe, Answer::Conflict(Conflict::Short { next: 1 }));
    solo
}

fn piece((_, request): &Sent) -> &ChunkRequest {
    let Request::Chunk(chunk) = request else { panic!("no piece: {request}") };
    chunk
}

/// Section 7: "The leader uses a new RPC called `InstallSnapshot` to send snapshots to followers that are
/// too far behind", in order, one piece at a time; then the log goes on.
#[test]
fn leader_sends_the_snapshot_in_pieces() {
    let mut solo = leader();
    for (offset, length) in [(0, 10), (10, 10), (20, 5)] {
        let sent = solo.next(2).expect("a piece is missing");
        assert_eq!((piece(&sent).offset, piece(&sent).length), (offset, length));
        assert_eq!(piece(&sent).snapshot, snapshot(at(1, 5), 25));
        assert_eq!(solo.next(2), None, "the next one when this is on the disk");
        solo.reply(2, &sent, Answer::Have(offset + u64::from(length)));
    }
    assert_eq!(solo.core.matched(2), Some(5));
    let (_, request) = solo.next(2).expect("the log goes on");
    assert!(matches!(&request, Request::Append(append) if append.previous == at(1, 5)));
}

/// The peer says how much it has: a leader that begins again goes on there.
#[test]
fn interrupted_transfer_is_resumed() {
    let mut solo = leader();
    let sent = solo.next(2).expect("a piece is missing");
    solo.reply(2, &sent, Answer::Have(10));
    let lost = solo.next(2).expect("a piece is missing");
    assert_eq!(piece(&lost).offset, 10);
    solo.core.link_down(2);
    assert_eq!(solo.next(2), None);
    solo.core.link_up(2, 2);
    let again = solo.next(2).expect("it asks where the peer stands");
    assert_eq!(piece(&again).offset, 0);
    solo.reply(2, &again, Answer::Have(10));
    assert_eq!(piece(&solo.next(2).expect("the rest")).offset, 10);
}

/// A piece that is lost, with nobody to say so, is sent again after an election's time.
#[test]
fn silent_piece_is_sent_again() {
    let mut solo = leader();
    solo.next(2).expect("a piece is missing");
    for wait in [50, 50, 49] {
        solo.pass(ms(wait));
        solo.sent(2).iter().for_each(|sent| assert!(matches!(sent.1, Request::Append(_))));
        solo.obey(&[3]);
    }
    solo.pass(ms(1));
    assert_eq!(piece(&solo.next(2).expect("it is lost")).offset, 0);
}

/// A newer snapshot does not disturb the one that is on its way: the old one is sent to its end.
#[test]
fn newer_snapshot_of_the_leader_waits() {
    let mut solo = leader();
    let first = solo.next(2).expect("a piece is missing");
    solo.obey(&[3]);
    let last = solo.apply().expect("it has committed");
    let newer = solo.compact(last, 7);
    solo.reply(2, &first, Answer::Have(10));
    let next = solo.next(2).expect("a piece is missing");
    assert_eq!((piece(&next).snapshot.last, piece(&next).offset), (at(1, 5), 10));
    solo.core.on_lost(2, next.0);
    let other = solo.next(2).expect("it begins again, with what is newest");
    assert_eq!((&piece(&other).snapshot, piece(&other).offset), (&newer, 0));
    solo.reply(2, &next, Answer::Have(20));
    assert_eq!(solo.core.matched(2), Some(0), "that was about the other one");
}

/// Section 7: the follower keeps the pieces, and with the last one the snapshot takes the place of the
/// log; answers leave when the disk has them.
#[test]
fn follower_installs_the_snapshot_with_its_last_piece() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    let whole = snapshot(at(2, 9), 15);
    assert_eq!(solo.ask(2, chunk(3, &whole, 0, 10)).answer, Answer::Have(10));
    assert_eq!((solo.core.last(), solo.core.take_install()), (at(1, 2), None));
    let ticket = solo.hear(2, chunk(3, &whole, 10, 5)).expect("it is good");
    assert_eq!(solo.core.take_install(), None, "it is not on the disk");
    assert_eq!(solo.answer(ticket), None);
    solo.save();
    assert_eq!(solo.answer(ticket).map(|reply| reply.answer), Some(Answer::Have(15)));
    assert_eq!((solo.core.last(), solo.core.commit()), (at(2, 9), 9));
    assert_eq!(solo.core.take_install(), Some(whole.clone()));
    assert_eq!(solo.core.take_install(), None, "once");
    assert_eq!((solo.disk.snapshot.as_ref(), solo.disk.entries.len()), (Some(&whole), 0));
    solo.ask(2, append(3, at(2, 9), &[3], 10));
    assert_eq!(solo.core.take_committed(9), None, "the state machine is not there yet");
    solo.core.installed(9).expect("it was handed out");
    assert_eq!(solo.core.take_committed(9).map(|(first, _)| first), Some(10));
}

/// Pieces that come twice or too early are not taken; the answer says what is here.
#[test]
fn repeated_pieces_change_nothing() {
    let mut solo = Solo::new(3);
    let whole = snapshot(at(1, 9), 30);
    solo.ask(2, chunk(1, &whole, 0, 10));
    for (offset, have) in [(0, 10), (20, 10), (0, 10)] {
        assert_eq!(solo.ask(2, chunk(1, &whole, offset, 10)).answer, Answer::Have(have));
    }
    assert_eq!(solo.ask(2, chunk(1, &whole, 10, 10)).answer, Answer::Have(20));
    assert_eq!(solo.ask(2, chunk(1, &whole, 20, 10)).answer, Answer::Have(30));
    let done = solo.core.clone();
    assert_eq!(solo.ask(2, chunk(1, &whole, 20, 10)).answer, Answer::Have(30));
    assert_eq!((solo.core.last(), solo.core.commit()), (done.last(), done.commit()));
    assert_eq!(solo.take(), None, "nothing is written twice");
}

/// A newer one in between: it begins from its first byte, and what was here of the other is void.
#[test]
fn newer_snapshot_replaces_one_that_is_coming() {
    let mut solo = Solo::new(3);
    let (old, new) = (snapshot(at(1, 9), 30), snapshot(at(1, 12), 20));
    solo.ask(2, chunk(1, &old, 0, 10));
    assert_eq!(solo.ask(2, chunk(1, &new, 10, 10)).answer, Answer::Have(0));
    assert_eq!(solo.ask(2, chunk(1, &new, 0, 10)).answer, Answer::Have(10));
    assert_eq!(solo.ask(2, chunk(1, &old, 10, 10)).answer, Answer::Have(0));
    assert_eq!(solo.ask(2, chunk(1, &new, 10, 10)).answer, Answer::Have(20));
    assert_eq!(solo.core.last(), at(1, 12));
    assert_eq!(solo.ask(2, chunk(1, &old, 0, 10)).answer, Answer::Have(30), "it is behind that");
    assert_eq!(solo.core.last(), at(1, 12));
}

/// Another leader's bytes may differ though all else is the same: nothing is put together of two.
#[test]
fn new_leader_begins_again() {
    let mut solo = Solo::new(3);
    let whole = snapshot(at(1, 9), 20);
    solo.ask(2, chunk(2, &whole, 0, 10));
    assert_eq!(solo.ask(3, chunk(3, &whole, 10, 10)).answer, Answer::Have(0));
    assert_eq!(solo.ask(3, chunk(3, &whole, 0, 10)).answer, Answer::Have(10));
    assert_eq!(solo.ask(2, chunk(2, &whole, 10, 10)).answer, Answer::No, "its term is over");
    assert_eq!(solo.ask(3, chunk(3, &whole, 10, 10)).answer, Answer::Have(20));
}

/// A follower that crashes in the middle has its log as it was, and asks for all of it.
#[test]
fn restarted_follower_begins_again() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    let whole = snapshot(at(1, 9), 20);
    solo.ask(2, chunk(1, &whole, 0, 10));
    solo.restart(Solo::config(3));
    assert_eq!(solo.core.last(), at(1, 2));
    assert_eq!(solo.ask(2, chunk(1, &whole, 10, 10)).answer, Answer::Have(0));
    solo.ask(2, chunk(1, &whole, 0, 10));
    solo.hear(2, chunk(1, &whole, 10, 10)).expect("it is good");
    // The last piece was on no disk.
    solo.restart(Solo::config(3));
    assert_eq!((solo.core.last(), solo.core.commit()), (at(1, 2), 0));
}

/// Section 7: "If instead the follower receives a snapshot that describes a prefix of its log ... entries
/// following the snapshot are still valid and must be retained."
#[test]
fn snapshot_of_a_prefix_keeps_the_rest() {
    let mut solo = Solo::with(3, disk(2, &[1, 1, 2, 2]), |config| config);
    let reply = solo.ask(2, chunk(2, &snapshot(at(2, 3), 9), 0, 9));
    assert_eq!(reply.answer, Answer::Have(9), "it has all of that already");
    assert_eq!((solo.terms(), solo.core.commit()), (vec![1, 1, 2, 2], 3));
    assert_eq!(solo.core.take_install(), None);
}

/// Section 7: a snapshot that contradicts the log takes the place of all of it.
#[test]
fn snapshot_replaces_a_log_that_is_not_its_own() {
    let mut solo = Solo::with(3, disk(2, &[1, 2, 2, 2]), |config| config);
    solo.ask(2, chunk(3, &snapshot(at(3, 3), 9), 0, 9));
    assert_eq!((solo.core.last(), solo.disk.entries.len()), (at(3, 3), 0));
}

/// Section 7: a snapshot holds the latest configuration up to it.
#[test]
fn snapshot_says_who_takes_part() {
    let mut solo = Solo::new(3);
    let members = std::sync::Arc::new(raft::membership::Membership::new([2, 3]));
    let whole = Snapshot { members, ..snapshot(at(1, 9), 4) };
    solo.ask(2, chunk(1, &whole, 0, 4));
    assert_eq!((solo.core.role(), solo.core.deadline()), (RoleName::Learner, None));
    solo.restart(Solo::config(3));
    assert_eq!(solo.core.role(), RoleName::Learner, "so says its disk");
    assert_eq!(solo.core.take_install(), Some(whole));
}

/// Section 7: nobody but the state machine knows what was done: a snapshot is described only of what is
/// applied, and the log is forgotten only under a snapshot.
#[test]
fn log_is_compacted_only_under_a_snapshot() {
    let mut solo = Solo::new(1);
    solo.lead();
    (0..4).for_each(|_| _ = solo.propose("work"));
    solo.save();
    assert_eq!(solo.core.describe(3, 1), None, "nothing is applied");
    assert_eq!(solo.apply(), Some(5));
    solo.core.compact(3);
    assert_eq!(solo.core.log().base(), at(0, 0), "there is no snapshot");
    let taken = solo.core.describe(3, 1).expect("it is applied");
    solo.core.snapshot_taken(taken).expect("it was described");
    solo.core.compact(5);
    assert_eq!(solo.core.log().base(), at(1, 3), "no more than the snapshot holds");
    assert_eq!(solo.core.describe(3, 1), None, "there is one already");
    solo.core.compact(2);
    assert_eq!((solo.core.log().base(), solo.core.last()), (at(1, 3), at(1, 5)));
}

/// The whole way: a node that lacks what is gone gets the snapshot in pieces, then the rest.
#[test]
fn lagging_node_is_brought_up_by_a_snapshot() {
    let mut cluster = Cluster::with(3, |mut config| {
        config.chunk = 3;
        config
    });
    cluster.elect(1);
    cluster.isolate(3);
    for round in 0..9 {
        cluster.core(1).propose(command(&round.to_string())).expect("it leads");
    }
    cluster.run(millis(100));
    let upto = cluster.core(1).commit() - 2;
    let taken = cluster.node(1).compact(upto, (0..20).collect());
    cluster.heal();
    cluster.run(millis(400));
    let node = &cluster.nodes[&3];
    assert_eq!(node.disk.snapshot, Some(taken));
    assert_eq!(node.snapshot.0, (0..20).collect::<Vec<u8>>());
    assert_eq!(node.commands(), ["7", "8"]);
    assert_eq!(node.core.commit(), cluster.nodes[&1].core.commit());
}

/// An aborted transfer leaves nothing behind that an append could trip over.
#[test]
fn append_goes_on_after_an_aborted_snapshot() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    solo.ask(2, chunk(1, &snapshot(at(1, 9), 30), 0, 10));
    solo.ask(3, append(2, at(1, 2), &[2], 3));
    assert_eq!((solo.terms(), solo.core.commit()), (vec![1, 1, 2], 3));
    assert_eq!(solo.apply(), Some(3));
    assert_eq!(solo.ask(3, beat(2)).answer, Answer::Yes);
}
