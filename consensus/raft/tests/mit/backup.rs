//! Lab 3B: leaders that come back with entries nobody wants.

use raft::NodeId;

use crate::running::cluster::{Cluster, LIMIT};
use crate::running::tape::Tape;
use crate::running::{Runs, Waits};

/// Proposes 50 commands that only one follower gets.
fn fifty<N: Runs<Machine = Tape>>(
    cluster: &Cluster<N>,
    (leader, follower): (NodeId, NodeId),
    name: u8,
) -> Vec<N::Pending> {
    let submit = |number| cluster.node(leader).submit(vec![name, number]);
    let all = (0..50).map(submit).collect();
    let last = |id| cluster.node(id).status().map(|status| status.last);
    let same = || (last(leader) == last(follower)).then_some(());
    cluster.news.until(LIMIT, same).expect("the follower gets them");
    all
}

/// Has 50 commands done by three nodes.
fn fifty_done<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, name: u8) {
    for number in 0..49 {
        let answer = cluster.node(cluster.leader()).submit(vec![name, number]);
        if answer.fate().is_err() {
            cluster.one([name, number], 3);
        }
    }
    cluster.one([name, 49], 3);
}

/// How many of these were done by anybody.
fn done<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, name: u8) -> usize {
    (0..50).filter(|number| cluster.shelf.count_of(&[name, *number]) > 0).count()
}

/// An old leader comes back, whose log has what the others' lack.
pub(crate) fn rejoin<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.one([101], 3);
    let first = cluster.leader();
    cluster.cut_off([first]);
    let lost = [102, 103, 104].map(|number| cluster.node(first).submit(vec![0, number]));

    // The others go on, and then their leader goes.
    cluster.one([103], 2);
    let second = cluster.leader();
    cluster.cut_off([second]);
    cluster.mend([first]);
    cluster.one([104], 2);

    cluster.mend([second]);
    cluster.one([105], 3);
    for (number, lost) in [102, 103, 104].into_iter().zip(lost) {
        assert!(lost.fate().is_err(), "others were committed in its place");
        assert_eq!(cluster.shelf.count_of(&[0, number]), 0);
    }
}

/// Three groups of 50 entries at the same places. Whoever is behind is set right at once, not entry
/// by entry.
pub(crate) fn backup<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(5);
    cluster.one([0], 5);
    let first = cluster.leader();
    let mate = cluster.after(first, 1);
    let three = [2, 3, 4].map(|places| cluster.after(first, places));

    // The leader and one follower get 50 entries that cannot be committed.
    cluster.cut_off(three);
    let lost = fifty(&cluster, (first, mate), 1);
    cluster.cut_off([first, mate]);

    // The other three commit 50 of their own.
    cluster.mend(three);
    fifty_done(&cluster, 2);

    // Then one of them goes, and the other two get 50 that cannot be committed.
    let second = cluster.leader();
    let other = three.into_iter().find(|id| *id != second).expect("there are three");
    let stays = three.into_iter().find(|id| ![second, other].contains(id)).expect("the third");
    cluster.cut_off([other]);
    let lost_too = fifty(&cluster, (second, stays), 3);

    // The first leader comes back, with its follower and the one that went.
    cluster.cut_off(1..=5);
    cluster.mend([first, mate, other]);
    fifty_done(&cluster, 4);
    cluster.mend(1..=5);
    cluster.one([5], 5);

    assert_eq!([1, 2, 3, 4].map(|name| done(&cluster, name)), [0, 50, 0, 50]);
    for lost in lost.into_iter().chain(lost_too) {
        assert!(lost.fate().is_err(), "others were committed in its place");
    }
}
