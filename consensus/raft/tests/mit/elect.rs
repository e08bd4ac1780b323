//! Lab 3A: elections.

use crate::running::Runs;
use crate::running::cluster::{Cluster, ELECTION};
use crate::running::tape::Tape;

/// One leads, and as long as nothing fails it goes on leading in its term.
pub(crate) fn initial_election<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.leader();
    let term = cluster.term();
    assert!(term >= 1);
    let changed = |it: &Cluster<N>| it.statuses().values().any(|it| it.term != term);
    let is_calm = cluster.news.never(ELECTION * 2, || changed(&cluster));
    // The labs only warn: a busy machine may have held a heartbeat up.
    assert!(is_calm || cluster.term() > term);
    cluster.leader();
}

pub(crate) fn re_election<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    let first = cluster.leader();
    cluster.cut_off([first]);
    let second = cluster.leader();
    assert_ne!(first, second, "the first was cut off");

    // The old leader comes back, and follows.
    cluster.mend([first]);
    let second = cluster.leader();

    // One of three leads nobody.
    let other = cluster.after(second, 1);
    cluster.cut_off([second, other]);
    cluster.has_no_leader();

    // Two of three do, and all three.
    cluster.mend([other]);
    cluster.leader();
    cluster.mend([second]);
    cluster.leader();
}

/// Ten times, three of seven are cut off.
pub(crate) fn many_elections<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(7);
    let mut leader = cluster.leader();
    for round in 1..=10 {
        let off = [leader, cluster.after(leader, round % 5 + 1), cluster.after(leader, 6)];
        cluster.cut_off(off);
        let next = cluster.leader();
        assert!(!off.contains(&next), "the other four have elected one of their own");
        cluster.mend(off);
        leader = cluster.leader();
    }
}
