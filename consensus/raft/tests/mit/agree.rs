//! Lab 3B: agreement, and what it costs.

use std::thread;
use std::time::Duration;

use raft::Index;

use crate::running::cluster::{Cluster, ELECTION};
use crate::running::tape::Tape;
use crate::running::{Runs, Waits};

/// Proposes to a node that leads, and sees for a while that nobody does it.
fn nobody_does<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, command: &[u8]) {
    let done = || cluster.shelf.count_of(command) > 0;
    assert!(cluster.news.never(ELECTION * 3, done), "{command:?}");
}

pub(crate) fn basic_agree<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    let mut last = 0;
    for number in 1..=3_u8 {
        assert_eq!(cluster.shelf.count_of(&[number]), 0, "nobody has proposed it");
        let index = cluster.one([number], 3);
        assert!(index > last);
        assert_eq!(cluster.shelf.command(index), Some(vec![number]));
        last = index;
    }
}

/// Each command is sent once to each peer, as far as bytes can tell.
pub(crate) fn rpc_bytes<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.one([99], 3);
    let before = cluster.wires.count().bytes;
    let mut sent = 0;
    for number in 0..10_u8 {
        let command = vec![number; 5000];
        sent += command.len() as u64;
        cluster.one(command, 3);
    }
    let bytes = cluster.wires.count().bytes - before;
    assert!(bytes >= 2 * sent, "both followers did it: {bytes}");
    assert!(bytes <= 3 * sent + 50_000, "{bytes} bytes for {sent}");
}

pub(crate) fn follower_failure<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.one([101], 3);
    let leader = cluster.leader();
    cluster.cut_off([cluster.after(leader, 1)]);
    cluster.one([102], 2);
    cluster.one([103], 2);

    // The other follower goes too.
    let leader = cluster.leader();
    cluster.cut_off((1..=3).filter(|id| *id != leader));
    let pending = cluster.node(leader).submit(vec![104]);
    nobody_does(&cluster, &[104]);
    assert!(!matches!(pending.wait_timeout(Duration::ZERO), Ok(Ok(_))));
}

pub(crate) fn leader_failure<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.one([101], 3);
    let first = cluster.leader();
    cluster.cut_off([first]);
    cluster.one([102], 2);
    cluster.one([103], 2);
    let second = cluster.leader();
    assert_ne!(first, second);
    cluster.cut_off([second]);
    let pending: Vec<_> = cluster.nodes().map(|(_, node)| node.submit(vec![104])).collect();
    nobody_does(&cluster, &[104]);
    for pending in pending {
        assert!(!matches!(pending.wait_timeout(Duration::ZERO), Ok(Ok(_))));
    }
}

/// A follower that was away catches up.
pub(crate) fn fail_agree<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.one([101], 3);
    let away = cluster.after(cluster.leader(), 1);
    cluster.cut_off([away]);
    for command in 102..=105_u8 {
        cluster.one([command], 2);
    }
    assert_eq!(cluster.shelf.count_of(&[105]), 2);
    cluster.mend([away]);
    cluster.one([106], 3);
    cluster.one([107], 3);
}

/// Two of five commit nothing; what they proposed does no harm when the others are back.
pub(crate) fn fail_no_agree<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(5);
    cluster.one([10], 5);
    let leader = cluster.leader();
    let away = [1, 2, 3].map(|places| cluster.after(leader, places));
    cluster.cut_off(away);
    let lost = cluster.node(leader).submit(vec![20]);
    nobody_does(&cluster, &[20]);
    cluster.mend(away);
    let index = cluster.one([30], 5);
    // It was committed after all, or it never will be.
    match lost.fate() {
        Ok(before) => assert!(before < index),
        Err(_) => assert_eq!(cluster.shelf.count_of(&[20]), 0),
    }
    cluster.one([100], 5);
}

/// Five threads propose at once, in one term.
pub(crate) fn concurrent_starts<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    for attempt in 0..5 {
        cluster.one([attempt], 3);
        let (leader, term) = cluster.leads();
        let node = cluster.node(leader);
        let propose = |number: u8| node.submit(vec![100 + number]).fate();
        let answers: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..5).map(|n| scope.spawn(move || propose(n))).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        if cluster.term() != term {
            continue; // the leader was held up
        }
        let indices: Vec<Index> = answers.into_iter().map(|it| it.unwrap()).collect();
        for (number, index) in (0..).zip(&indices) {
            cluster.until_done(*index, 3);
            assert_eq!(cluster.shelf.command(*index), Some(vec![100 + number]));
        }
        return;
    }
    panic!("the term changed five times");
}

/// How many requests it takes to elect, to agree, and to do nothing. With the waits of a local network,
/// so that the labs' bounds hold in the labs' time: one second.
pub(crate) fn count<N: Runs<Machine = Tape>>() {
    let calm = |mut config: raft::Config| {
        (config.election, config.heartbeat) =
            (Duration::from_millis(300), Duration::from_millis(100));
        config
    };
    let cluster = Cluster::<N>::with(3, calm);
    cluster.leader();
    let elected = cluster.wires.count().requests;
    assert!((1..=30).contains(&elected), "{elected} requests to elect a leader");
    let cheap = (0..5).any(|attempt| ten_agreements(&cluster, attempt));
    assert!(cheap, "the term changed five times");

    let (before, term) = (cluster.wires.count().requests, cluster.term());
    cluster.news.never(Duration::from_secs(1), || false);
    let idle = cluster.wires.count().requests - before;
    assert!(cluster.term() > term || idle <= 60, "{idle} requests in an idle second");
}

/// Whether nobody else came to lead meanwhile.
fn ten_agreements<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, attempt: u8) -> bool {
    cluster.one([attempt], 3);
    let (leader, term) = cluster.leads();
    let before = cluster.wires.count().requests;
    let node = cluster.node(leader);
    let all: Vec<_> = (100..112).map(|number| node.submit(vec![number])).collect();
    let answers: Vec<_> = all.into_iter().map(Waits::fate).collect();
    let Some(Ok(last)) = answers.last() else { return false };
    cluster.until_done(*last, 3);
    let requests = cluster.wires.count().requests - before;
    let is_calm = cluster.term() == term && answers.iter().all(Result::is_ok);
    assert!(!is_calm || requests <= (10 + 1 + 3) * 3, "{requests} requests for ten agreements");
    is_calm
}
