//! Three nodes of each runtime over sockets.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use raft::membership::Change;
use raft::transport::Local;
use raft::{Config, NodeId};

use crate::dice::Dice;
use crate::group::Group;
use crate::running::cluster::LIMIT;
use crate::running::news::lock;
use crate::running::tape::Tape;
use crate::running::{Runs, Waits};

pub(crate) fn three_nodes_agree<N: Runs<Machine = Tape> + Local>() {
    agree(&Group::<N>::new(3, |_| ()));
}

pub(crate) fn agree<N: Runs<Machine = Tape> + Local>(group: &Group<N>) {
    for round in 0..100_u64 {
        group.one(&round.to_le_bytes(), 1);
    }
    // Longer than what is read or written at once.
    let last = group.one(&vec![7; 3 << 20], 3);
    assert_eq!(group.shelf.command(last).map(|command| command.len()), Some(3 << 20));
}

pub(crate) fn a_leader_that_falls_is_replaced_and_comes_back<N: Runs<Machine = Tape> + Local>() {
    let mut group = Group::<N>::new(3, |_| ());
    for round in 0..4_u64 {
        group.one(&[&[1][..], &round.to_le_bytes()].concat(), 3);
        let leader = group.leader();
        group.kill(leader);
        group.one(&[&[2][..], &round.to_le_bytes()].concat(), 2);
        group.start(leader);
    }
    group.one(&[3], 3);
}

/// A new connection has a new number, and what was on its way is sent again.
pub(crate) fn who_is_cut_off_comes_back<N: Runs<Machine = Tape> + Local>() {
    let mut group = Group::<N>::new(3, |_| ());
    group.one(&[0], 3);
    for round in 0..4_u8 {
        let leader = group.leader();
        let other = leader % 3 + 1;
        // A follower, and then a leader.
        let (cut, sees) = if round % 2 == 0 { (other, leader) } else { (leader, other) };
        let up = |group: &Group<N>| {
            let epoch = group.news.until(LIMIT, || group.epoch(sees, cut));
            epoch.expect("they are connected")
        };
        let before = up(&group);
        group.cut(cut, true);
        let down = || group.epoch(sees, cut).is_none().then_some(());
        assert!(group.news.until(LIMIT, down).is_some(), "{group:?}");
        for number in 0..20 {
            let index = group.one(&[1, round, number], 1);
            assert!(group.shelf.done(cut) < index, "it is not cut off");
        }
        group.cut(cut, false);
        group.one(&[2, round], 3);
        assert!(up(&group) > before);
    }
}

/// The machine's snapshot has 16 bytes, and goes in four pieces.
pub(crate) fn in_pieces(config: &mut Config) {
    (config.snapshot_after, config.chunk) = (500, 4);
}

pub(crate) fn a_snapshot_comes_in_pieces<N: Runs<Machine = Tape> + Local>() {
    let mut group = Group::<N>::new(3, in_pieces);
    group.one(&[0], 3);
    let lost = group.leader() % 3 + 1;
    group.kill(lost);
    let (_, before) = group.shelf.snapshots(lost);
    for number in 0..60 {
        group.one(&[1, number], 1);
    }
    group.start(lost);
    group.one(&[2], 3);
    let (_, put_in) = group.shelf.snapshots(lost);
    assert!(put_in > before, "the log was not cut short");
}

pub(crate) fn nodes_join_and_leave_over_the_wire<N: Runs<Machine = Tape> + Local>() {
    let mut group = Group::<N>::new(3, in_pieces);
    for number in 0..60 {
        group.one(&[0, number], 1);
    }
    group.start(4);
    let change = |group: &Group<N>, change: Change| {
        let changed = || {
            let leader = group.node_of(group.leader()).upgrade()?;
            matches!(Runs::change(&*leader, &[change]), Ok(Ok(()))).then_some(())
        };
        assert!(group.news.until(LIMIT, changed).is_some(), "{group:?}");
    };
    change(&group, Change::Voter(4));
    group.one(&[1], 4);
    let gone = if group.leader() == 1 { 2 } else { 1 };
    change(&group, Change::Remove(gone));
    group.kill(gone);
    // Two of three are a majority, and one of them is new.
    let cut = (1..=3).find(|id| *id != gone && *id != group.leader()).unwrap_or(4);
    group.cut(cut, true);
    group.one(&[2], 2);
    group.cut(cut, false);
    group.one(&[3], 3);
}

/// Clients work while connections break, nodes are cut off, and nodes fall. What was answered was done,
/// by all, and nothing was done otherwise by anybody: the shelf sees to that.
pub(crate) fn nothing_is_lost_in_a_storm<N: Runs<Machine = Tape> + Local>() {
    storm(Group::<N>::new(3, in_pieces), "storm");
}

pub(crate) fn storm<N: Runs<Machine = Tape> + Local>(mut group: Group<N>, name: &str) {
    let deep = std::env::var_os("COOKBOOK_DEEP").is_some();
    let doors: Doors<N> = Arc::default();
    let open = |group: &Group<N>| {
        *lock(&doors) = (1..=3).map(|id| (id, group.node_of(id))).collect();
    };
    open(&group);
    let (is_over, mut dice) = (AtomicBool::new(false), Dice(5));
    let rounds = if deep { 400 } else { 40 };
    let answered: Vec<Vec<u8>> = thread::scope(|scope| {
        let client = |me| {
            let (doors, is_over) = (&doors, &is_over);
            move || client::<N>(me, doors, is_over)
        };
        let clients: Vec<_> = (0..3).map(|me| scope.spawn(client(me))).collect();
        for _ in 0..rounds {
            let id = 1 + dice.below(3);
            match dice.below(4) {
                0 => group.restart(id),
                1 => {
                    group.cut(id, true);
                    let done = group.shelf.done(1 + id % 3);
                    let more = || group.shelf.done(1 + id % 3) > done;
                    // Long enough for an election, if it was the leader.
                    group.news.until(Duration::from_millis(600), || more().then_some(()));
                    group.cut(id, false);
                }
                _ => group.relays.values().for_each(|relay| {
                    if dice.one_in(2) {
                        relay.jolt();
                    }
                }),
            }
            open(&group);
            let done = group.shelf.done(id);
            group.news.until(Duration::from_millis(100), || {
                (group.shelf.done(id) > done + 20).then_some(())
            });
        }
        assert!((1..=3).all(|id| group.is_up(id)));
        is_over.store(true, Ordering::SeqCst);
        clients.into_iter().flat_map(|it| it.join().expect("it works")).collect()
    });
    group.one(b"the last", 3);
    let lost = answered.iter().filter(|command| group.shelf.count_of(command) < 3).count();
    let connections: u64 = group.relays.values().map(|relay| relay.traffic().1).sum();
    let count = format!(
        "COUNT raft_transport_{name}_answered={} lost={lost} connections={connections}\n",
        answered.len()
    );
    std::io::stderr().write_all(count.as_bytes()).expect("stderr");
    assert_eq!(lost, 0);
    assert!(answered.len() > 200 && connections > 50, "a quiet storm: {count}");
}

type Doors<N> = Arc<Mutex<BTreeMap<NodeId, Weak<N>>>>;

/// Proposes one command after the other to whoever takes it; gives those that were answered.
fn client<N: Runs<Machine = Tape>>(me: u8, doors: &Doors<N>, is_over: &AtomicBool) -> Vec<Vec<u8>> {
    let mut answered = Vec::new();
    let mut number = 0_u32;
    while !is_over.load(Ordering::SeqCst) {
        number += 1;
        let command = [&[me][..], &number.to_le_bytes()].concat();
        for id in 1..=3 {
            let node = lock(doors).get(&id).and_then(Weak::upgrade);
            let Some(pending) = node.map(|node| node.submit(command.clone())) else { continue };
            if let Ok(Ok(_)) = pending.wait_timeout(Duration::from_millis(200)) {
                answered.push(command.clone());
                break;
            }
        }
        thread::yield_now();
    }
    answered
}
