//! Lab 3C: nodes that fall and come back with what their disks held.

use crate::running::Runs;
use crate::running::cluster::Cluster;
use crate::running::tape::Tape;

pub(crate) fn persist_1<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::new(3);
    cluster.one([11], 3);
    (1..=3).for_each(|id| cluster.kill(id));
    (1..=3).for_each(|id| cluster.start(id));
    cluster.one([12], 3);

    let leader = cluster.leader();
    cluster.restart(leader);
    cluster.one([13], 3);

    let leader = cluster.leader();
    cluster.kill(leader);
    cluster.one([14], 2);
    cluster.start(leader);
    cluster.one([15], 3);

    let follower = cluster.after(cluster.leader(), 1);
    cluster.kill(follower);
    cluster.one([16], 2);
    cluster.start(follower);
    let last = cluster.one([17], 3);
    assert_eq!(cluster.shelf.count(last), 3);
}

/// Five rounds in which other majorities carry the log on.
pub(crate) fn persist_2<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::new(5);
    for round in 0..5_u8 {
        cluster.one([round, 0], 5);
        let leader = cluster.leader();
        let [one, two, three, four] = [1, 2, 3, 4].map(|places| cluster.after(leader, places));
        cluster.kill(one);
        cluster.kill(two);
        cluster.one([round, 1], 3);
        for id in [leader, three, four] {
            cluster.kill(id);
        }

        // Those that missed the second command wait for one who has it.
        cluster.start(one);
        cluster.start(two);
        cluster.has_no_leader();
        cluster.start(three);
        cluster.one([round, 2], 3);
        cluster.start(four);
        cluster.start(leader);
    }
    cluster.one([100], 5);
}

/// The one that missed a command, and one that did not.
pub(crate) fn persist_3<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::new(3);
    cluster.one([101], 3);
    let leader = cluster.leader();
    let [one, two] = [1, 2].map(|places| cluster.after(leader, places));
    cluster.cut_off([two]);
    cluster.one([102], 2);
    cluster.kill(leader);
    cluster.kill(one);
    cluster.mend([two]);
    cluster.start(leader);
    cluster.one([103], 2);
    cluster.start(one);
    cluster.one([104], 3);
}
