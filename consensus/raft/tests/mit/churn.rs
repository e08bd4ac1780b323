//! Lab 3C: clients that propose while messages are lost, and nodes fall and are cut off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use raft::Index;

use crate::running::Runs;
use crate::running::cluster::{Cluster, ELECTION, client};
use crate::running::tape::Tape;
use crate::running::wires::Weather;

/// Commands of four clients at once, while one message of ten is lost.
pub(crate) fn unreliable_agree<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(5);
    cluster.wires.set(Weather::BAD);
    for round in 1..50_u8 {
        let leader = cluster.find_leader();
        let more = (0..4).map(|client| Some(cluster.node(leader?).submit(vec![round, client])));
        let more: Vec<_> = more.collect();
        cluster.one([round, 4], 1);
        drop(more);
    }
    cluster.wires.set(Weather::default());
    cluster.one([100], 5);
    for round in 1..50 {
        assert!(cluster.shelf.count_of(&[round, 4]) > 0, "{round} was answered");
    }
}

pub(crate) fn reliable_churn<N: Runs<Machine = Tape>>() {
    churn::<N>(Weather::default());
}

pub(crate) fn unreliable_churn<N: Runs<Machine = Tape>>() {
    churn::<N>(Weather::BAD);
}

fn churn<N: Runs<Machine = Tape>>(weather: Weather) {
    let mut cluster = Cluster::<N>::new(5);
    cluster.wires.set(weather);
    let is_over = AtomicBool::new(false);
    let doors: Vec<_> = (1..=5).map(|id| cluster.handle(id)).collect();
    let answered: Vec<(Vec<u8>, Index)> = thread::scope(|scope| {
        let (doors, is_over) = (&doors, &is_over);
        let clients: Vec<_> =
            (0..3).map(|me| scope.spawn(move || client(200 + me, doors, is_over))).collect();
        shake(&mut cluster);
        is_over.store(true, Ordering::SeqCst);
        clients.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    cluster.one([100], 5);
    assert!(!answered.is_empty(), "some proposals were answered");
    for (command, index) in answered {
        assert_eq!(cluster.shelf.command(index), Some(command), "{index} was answered");
    }
}

/// Cuts off, mends, kills and starts, 20 times; then all are well.
fn shake<N: Runs<Machine = Tape>>(cluster: &mut Cluster<N>) {
    for round in 0..20_u64 {
        let id = |salt: u64| (round * 7 + salt * 3) % 5 + 1;
        if round % 5 == 1 {
            cluster.cut_off([id(1)]);
        }
        if round % 2 == 0 {
            if !cluster.is_up(id(2)) {
                cluster.start(id(2));
            }
            cluster.mend([id(2)]);
        }
        if round % 5 == 3 {
            cluster.kill(id(3));
        }
        // The labs' own: seven tenths of an election.
        cluster.news.never(ELECTION * 7 / 10, || false);
    }
    cluster.wires.set(Weather::default());
    for id in 1..=5 {
        if !cluster.is_up(id) {
            cluster.start(id);
        }
        cluster.mend([id]);
    }
}
