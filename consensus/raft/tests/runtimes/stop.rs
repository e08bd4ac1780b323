//! Starting and stopping: at any moment, and to the end.

use std::cell::Cell;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use raft::core::Why;
use raft::message::Request;
use raft::node::{Answerer, Found, Machine, Network, ProposeError, ReadError};
use raft::{Config, Index, NodeId};

use crate::running::cluster::{Cluster, LIMIT};
use crate::running::disk::{Brake, Memory, Mode};
use crate::running::news::News;
use crate::running::tape::{Shelf, Tape};
use crate::running::{Runs, Waits};

/// Only one thread at a time may touch it.
pub(crate) struct Private(Cell<u64>);

impl Machine for Private {
    type Answer = Cell<u64>;

    fn apply(&mut self, _: Index, _: &[u8]) -> Cell<u64> {
        self.0.clone()
    }

    fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, _: &[u8]) {}
}

/// A network in which whoever sends is held.
struct Stuck(Arc<Brake>);

impl Network for Stuck {
    fn ask(&self, _: NodeId, _: Request, answer: Answerer) {
        self.0.pass().expect("it only waits");
        drop(answer);
    }
}

/// Fails the test if this does not come to its end.
pub(crate) fn ends(act: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::sync_channel(1);
    let thread = thread::spawn(move || {
        act();
        let _ = tell.send(());
    });
    match told.recv_timeout(LIMIT) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => thread.join().expect("no panic"),
    }
}

fn alone<N: Runs<Machine = Tape>>(
    config: Config,
    disk: Memory,
    network: Arc<dyn Network>,
) -> (N, Arc<Brake>) {
    let brake = Arc::new(Brake::default());
    let tape = Tape::new(1, Arc::new(Shelf::default()), Arc::clone(&brake));
    (N::start(config, Found::default(), tape, disk, network).unwrap(), brake)
}

pub(crate) fn a_node_starts_and_stops_at_any_moment<N: Runs<Machine = Tape>>() {
    for moment in 0..25 {
        ends(move || {
            let cluster = Cluster::<N>::new(3);
            cluster.news.never(Duration::from_millis(moment * 4), || {
                cluster.nodes().for_each(|(_, node)| drop(node.submit(vec![1])));
                false
            });
        });
    }
}

/// Whatever its threads held is free.
pub(crate) fn a_dropped_node_has_ended_its_threads<N: Runs<Machine = Tape>>() {
    let (disk, brake) = (Memory::default(), Arc::new(Brake::default()));
    let network: Arc<dyn Network> = Arc::new(Stuck(Arc::clone(&brake)));
    let config = Config::new(1, 1..=3).unwrap();
    let (node, machine) = alone::<N>(config, disk.clone(), Arc::clone(&network));
    assert!(Arc::strong_count(&disk.found) > 1 && Arc::strong_count(&machine) > 1);
    drop(node);
    assert_eq!(Arc::strong_count(&disk.found), 1);
    assert_eq!(Arc::strong_count(&machine), 1);
    assert_eq!(Arc::strong_count(&network), 1);
}

/// What a closed node says, whatever its threads still do.
pub(crate) fn says_it_has_stopped<N: Runs<Machine = Tape>>(node: &N) {
    let refused = node.submit(vec![9]).fate();
    assert!(matches!(refused, Err(ProposeError::Dropped(it)) if it.why == Why::Stopped));
    assert_eq!(node.read(Tape::last), Err(ReadError::Lost));
    assert_eq!(node.read_stale(Tape::last), Err(ReadError::Lost));
    assert!(node.change(&[]).is_err());
    assert!(node.transfer(2).is_err());
    assert_eq!(node.status(), None);
}

pub(crate) fn close_wakes_all_while_the_disk_writes<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(1);
    cluster.one([1], 1);
    let (node, disk) = (Arc::clone(cluster.node(1)), &cluster.disks[&1].brake);
    disk.set(Mode::Waits);
    let pending = node.submit(vec![2]);
    cluster.news.until(LIMIT, || disk.holds().then_some(())).expect("the disk is held");
    let late = node.submit(vec![3]);
    node.close();
    assert_eq!(pending.fate(), Err(ProposeError::Unknown));
    assert!(late.fate().is_err());
    let closed = Arc::clone(&node);
    // The owner of the channels may need a moment to see it.
    ends(move || while closed.status().is_some() {});
    let closed = Arc::clone(&node);
    ends(move || says_it_has_stopped(&*closed));
    assert!(disk.holds(), "the disk still writes");
    disk.release();
}

pub(crate) fn close_wakes_who_waits_for_the_machine<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(1);
    cluster.one([1], 1);
    let (node, machine) = (Arc::clone(cluster.node(1)), &cluster.brakes[&1]);
    machine.set(Mode::Waits);
    let under_way = node.submit(vec![2]);
    cluster.news.until(LIMIT, || machine.holds().then_some(())).expect("the machine is held");
    let behind = node.submit(vec![3]);
    let reader = Arc::clone(&node);
    let read = thread::spawn(move || reader.read(Tape::last));
    node.close();
    assert_eq!(behind.fate(), Err(ProposeError::Unknown));
    assert_eq!(read.join().unwrap(), Err(ReadError::Lost));
    machine.release();
    assert!(matches!(under_way.fate(), Ok(_) | Err(ProposeError::Unknown)));
}

/// Nor when the inbox is full.
pub(crate) fn close_wakes_all_while_a_network_does_not_come_back<N: Runs<Machine = Tape>>() {
    let news = Arc::new(News::default());
    let brake = Arc::new(Brake::new(&news));
    brake.set(Mode::Waits);
    let network: Arc<dyn Network> = Arc::new(Stuck(Arc::clone(&brake)));
    let (node, _) = alone::<N>(Config::new(1, 1..=3).unwrap(), Memory::default(), network);
    (2..=3).for_each(|peer| node.link_up(peer, 1));
    news.until(LIMIT, || brake.holds().then_some(())).expect("it asks for votes");
    let node = Arc::new(node);
    let clients = [(); 3].map(|()| {
        let node = Arc::clone(&node);
        thread::spawn(move || (0..600).map(|_| node.submit(vec![1])).collect::<Vec<_>>())
    });
    node.close();
    brake.release();
    for client in clients {
        for pending in client.join().unwrap() {
            assert!(pending.fate().is_err(), "it led nobody");
        }
    }
}

pub(crate) fn stopping_waits_for_no_heartbeat<N: Runs<Machine = Tape>>() {
    ends(|| {
        for _ in 0..200 {
            let mut config = Config::new(1, 1..=3).unwrap();
            config.heartbeat = Duration::from_hours(1);
            config.election = Duration::from_hours(2);
            let brake = Arc::new(Brake::default());
            let (node, _) = alone::<N>(config, Memory::default(), Arc::new(Stuck(brake)));
            drop(node);
        }
    });
}

pub(crate) fn a_command_goes_on_when_nobody_waits_for_it<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    let leader = cluster.leader();
    drop(cluster.node(leader).submit(vec![1]));
    let done = || (cluster.shelf.count_of(&[1]) == 3).then_some(());
    cluster.news.until(LIMIT, done).expect("it was taken by a leader");
}

pub(crate) fn a_wait_may_have_no_end<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(1);
    cluster.one([1], 1);
    let pending = cluster.node(1).submit(vec![2]);
    assert!(matches!(pending.wait_timeout(Duration::MAX), Ok(Ok(_))));
}
