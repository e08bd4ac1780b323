//! Members, leaders and snapshots change while clients work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use raft::core::ChangeRefused;
use raft::membership::Change;
use raft::node::Machine;
use raft::session::Sessions;
use raft::{Config, Index};

use crate::running::cluster::{Cluster, LIMIT};
use crate::running::tape::Tape;
use crate::running::wires::Weather;
use crate::running::{Runs, Waits};

/// Changes who takes part, whoever leads, as soon as that can be.
fn change<N: Runs<Machine = Tape>>(cluster: &Cluster<N>, changes: &[Change]) {
    let try_it = || {
        let leader = cluster.find_leader()?;
        match cluster.node(leader).change(changes) {
            // It was done by the try before, whose outcome nobody knew.
            Ok(Ok(())) | Err(ChangeRefused::Never(_)) => Some(()),
            Ok(Err(_)) | Err(_) => None,
        }
    };
    cluster.news.until(LIMIT, try_it).expect("it can be changed");
}

pub(crate) fn members_come_and_go_while_clients_work<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::new(3);
    cluster.one([1], 3);
    cluster.start(4);
    cluster.start(5);
    let doors: Vec<_> = (1..=5).map(|id| cluster.handle(id)).collect();
    let is_over = AtomicBool::new(false);
    let answered: Vec<(Vec<u8>, Index)> = thread::scope(|scope| {
        let (doors, is_over) = (&doors, &is_over);
        let client = scope.spawn(move || crate::running::cluster::client(7, doors, is_over));
        change(&cluster, &[Change::Learner(4)]);
        change(&cluster, &[Change::Voter(4)]);
        change(&cluster, &[Change::Voter(5)]);
        cluster.one([2], 5);
        // Two at once, through a joint membership; one of them may lead.
        change(&cluster, &[Change::Remove(1), Change::Remove(2)]);
        cluster.kill(1);
        cluster.kill(2);
        cluster.one([3], 3);
        is_over.store(true, Ordering::SeqCst);
        client.join().unwrap()
    });
    assert!(cluster.leader() >= 3);
    assert!(!answered.is_empty(), "the client was served");
    for (command, index) in answered {
        assert_eq!(cluster.shelf.command(index), Some(command));
    }
}

pub(crate) fn the_lead_is_handed_over<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    for round in 0..5 {
        cluster.one([round], 3);
        let leader = cluster.leader();
        let next = cluster.after(leader, 1);
        assert!(cluster.node(next).transfer(leader).is_err(), "only the leader hands over");
        let end = || {
            // It may have to be said again: to whoever leads by now.
            let leader = cluster.find_leader()?;
            let _ = cluster.node(leader).transfer(next);
            (leader == next).then_some(())
        };
        cluster.news.until(LIMIT, end).expect("it leads");
    }
    cluster.one([100], 3);
}

fn small(mut config: Config) -> Config {
    config.snapshot_after = 1000;
    config.chunk = 5;
    config
}

pub(crate) fn who_comes_back_gets_a_snapshot<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::with(3, small);
    cluster.one([0], 3);
    let away = cluster.after(cluster.leader(), 1);
    cluster.kill(away);
    for number in 1..60 {
        cluster.one([number], 2);
    }
    let taken: u64 = (1..=3).map(|id| cluster.shelf.snapshots(id).0).sum();
    assert!(taken >= 2, "the others have cut their logs");
    cluster.start(away);
    cluster.one([100], 3);
    assert!(cluster.shelf.snapshots(away).1 > 0, "one was put in, from the leader");
}

pub(crate) fn a_node_puts_in_its_snapshot_once<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::with(1, small);
    let done: Vec<_> = (0..60).map(|number| cluster.one([number], 1)).collect();
    let (taken, put) = cluster.shelf.snapshots(1);
    assert!(taken > 0 && put == 0);
    cluster.restart(1);
    // Whoever reads the first state of a node reads at least its snapshot.
    assert!(cluster.node(1).read_stale(Tape::last).unwrap() > 0);
    cluster.until_done(done[59], 1);
    assert_eq!(cluster.shelf.snapshots(1).1, 1);
}

/// Holds money, and remembers which payments it took.
pub(crate) struct Purse {
    taken: Sessions<u8, u8, u64>,
    money: u64,
}

impl Purse {
    fn new() -> Self {
        Self { taken: Sessions::new(1000), money: 0 }
    }
}

impl Machine for Purse {
    type Answer = u64;

    fn apply(&mut self, _: Index, command: &[u8]) -> u64 {
        let money = &mut self.money;
        let take = |amount: &u8| {
            *money += u64::from(*amount);
            *money
        };
        *self.taken.once(&command[0], command[1], take).expect("names are used once")
    }

    fn snapshot(&self) -> Vec<u8> {
        let payments = self.taken.answers().flat_map(|(name, amount, answer)| {
            [&[*name, *amount][..], &answer.to_le_bytes()].concat()
        });
        self.money.to_le_bytes().into_iter().chain(payments).collect()
    }

    fn restore(&mut self, snapshot: &[u8]) {
        let (money, payments) = snapshot.split_at(8);
        self.money = u64::from_le_bytes(money.try_into().unwrap());
        self.taken = Sessions::new(1000);
        for payment in payments.chunks(10) {
            let answer = u64::from_le_bytes(payment[2..].try_into().unwrap());
            self.taken.remember(payment[0], payment[1], answer);
        }
    }
}

/// Messages are lost, a node falls, snapshots are taken; each payment is proposed several times.
pub(crate) fn a_command_is_done_once_however_often_it_is_proposed<N: Runs<Machine = Purse>>() {
    let mut cluster = Cluster::<N>::of(3, small, |_| Purse::new());
    cluster.wires.set(Weather::BAD);
    let mut total = 0;
    for name in 0..60_u8 {
        if name % 20 == 10 {
            let leader = cluster.leader();
            cluster.restart(leader);
        }
        let mut answers = Vec::new();
        let pay = || {
            let node = cluster.node(cluster.find_leader()?);
            let all = [(); 2].map(|()| node.submit(vec![name, name]));
            for pending in all {
                let answer = pending.wait_timeout(Duration::from_millis(200));
                answers.extend(answer.ok().and_then(Result::ok));
            }
            (answers.len() >= 2).then_some(())
        };
        cluster.news.until(LIMIT, pay).expect("it is taken");
        total += u64::from(name);
        assert!(answers.iter().all(|answer| *answer == total), "{answers:?}, not {total}");
    }
    let held = cluster
        .disks
        .values()
        .any(|disk| crate::running::news::lock(&disk.found).stored.snapshot.is_some());
    assert!(held, "there were snapshots");
}
