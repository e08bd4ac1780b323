//! A cluster of nodes that run, with the wires between them and the disks under them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use raft::core::RoleName;
use raft::node::{Network, Status};
use raft::{Config, Index, NodeId};

use super::disk::{Brake, Memory};
use super::news::{News, lock};
use super::tape::{Shelf, Tape};
use super::wires::{Socket, Wires};
use super::{Runs, Waits};

/// Whatever a test waits for comes by then, however busy the machine is.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
/// As the labs' at a tenth, and longer, for threads that wait for one of two busy cores.
pub(crate) const ELECTION: Duration = Duration::from_millis(60);
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(20);

type Configure = Box<dyn Fn(Config) -> Config>;
type Make<N> = Box<dyn Fn(NodeId) -> <N as Runs>::Machine>;

pub(crate) struct Cluster<N: Runs> {
    pub(crate) news: Arc<News>,
    pub(crate) wires: Arc<Wires>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) disks: BTreeMap<NodeId, Memory>,
    /// Stop the machines of tapes.
    pub(crate) brakes: Arc<BTreeMap<NodeId, Arc<Brake>>>,
    nodes: BTreeMap<NodeId, Arc<N>>,
    handles: BTreeMap<NodeId, Handle<N>>,
    founders: NodeId,
    configure: Configure,
    make: Make<N>,
    courier: Option<JoinHandle<()>>,
}

/// The way to a node for a thread beside the test: it may fall, and come back.
pub(crate) struct Handle<N>(Arc<Mutex<Weak<N>>>);

/// There are never more nodes.
const MOST: NodeId = 9;

impl<N: Runs<Machine = Tape>> Cluster<N> {
    pub(crate) fn new(count: NodeId) -> Self {
        Self::with(count, |config| config)
    }

    pub(crate) fn with(count: NodeId, configure: impl Fn(Config) -> Config + 'static) -> Self {
        let news = Arc::new(News::default());
        let shelf = Arc::new(Shelf::new(Arc::clone(&news)));
        let brake = || Arc::new(Brake::new(&news));
        let brakes: BTreeMap<_, _> = (1..=MOST).map(|id| (id, brake())).collect();
        let brakes = Arc::new(brakes);
        let (tapes, held) = (Arc::clone(&shelf), Arc::clone(&brakes));
        let make = move |id| Tape::new(id, Arc::clone(&tapes), Arc::clone(&held[&id]));
        Self::build(count, news, shelf, brakes, configure, make)
    }

    /// Has a command done by so many nodes; proposes it again when it is not, as the labs do.
    pub(crate) fn one(&self, command: impl Into<Vec<u8>>, nodes: usize) -> Index {
        let command = command.into();
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            let Some(leader) = self.find_leader() else { continue };
            let pending = self.node(leader).submit(command.clone());
            let Ok(Ok(index)) = pending.wait_timeout(Duration::from_secs(1)) else { continue };
            let left = end.saturating_duration_since(Instant::now());
            let done = || (self.shelf.count(index) >= nodes).then_some(index);
            if let Some(index) = self.news.until(left, done) {
                return index;
            }
        }
        panic!("{nodes} nodes never did it; {:?}", self.statuses());
    }

    /// Waits until so many nodes have done the command at this index.
    pub(crate) fn until_done(&self, index: Index, nodes: usize) {
        let done = || (self.shelf.count(index) >= nodes).then_some(());
        let done = self.news.until(LIMIT, done).is_some();
        let count = self.shelf.count(index);
        assert!(done, "{count} of {nodes} did {index}; {:?}", self.statuses());
    }
}

impl<N: Runs> Cluster<N> {
    pub(crate) fn of(
        count: NodeId,
        configure: impl Fn(Config) -> Config + 'static,
        make: impl Fn(NodeId) -> N::Machine + 'static,
    ) -> Self {
        let (shelf, brakes) = <_>::default();
        Self::build(count, Arc::default(), shelf, brakes, configure, make)
    }

    fn build(
        count: NodeId,
        news: Arc<News>,
        shelf: Arc<Shelf>,
        brakes: Arc<BTreeMap<NodeId, Arc<Brake>>>,
        configure: impl Fn(Config) -> Config + 'static,
        make: impl Fn(NodeId) -> N::Machine + 'static,
    ) -> Self {
        let (wires, courier) = Wires::start(Arc::clone(&news));
        let (configure, make): (Configure, Make<N>) = (Box::new(configure), Box::new(make));
        let (disks, nodes, handles) = <_>::default();
        let mut cluster = Self {
            news,
            wires,
            shelf,
            disks,
            brakes,
            nodes,
            handles,
            founders: count,
            configure,
            make,
            courier: Some(courier),
        };
        for id in 1..=count {
            cluster.start(id);
        }
        cluster
    }

    /// Starts a node with what its disk holds.
    pub(crate) fn start(&mut self, id: NodeId) {
        let config = if id <= self.founders {
            Config::new(id, 1..=self.founders)
        } else {
            Config::joining(id)
        };
        let mut config = config.expect("good names");
        (config.election, config.heartbeat) = (ELECTION, HEARTBEAT);
        // Another life has other random numbers.
        config.seed = self.wires.count().bytes + id;
        let config = (self.configure)(config);
        let disk = self.disks.entry(id).or_insert_with(|| Memory::new(&self.news)).clone();
        let found = lock(&disk.found).clone();
        let socket: Arc<dyn Network> = Arc::new(Socket { id, wires: Arc::clone(&self.wires) });
        let node = N::start(config, found, (self.make)(id), disk, socket);
        let node = Arc::new(node.expect("a good configuration"));
        for peer in (1..=MOST).filter(|peer| *peer != id) {
            node.link_up(peer, 1);
        }
        let door = Arc::downgrade(&node);
        self.wires.connect(
            id,
            Box::new(move |from, request, answer| {
                if let Some(node) = door.upgrade() {
                    node.serve(from, request, answer);
                }
            }),
        );
        let handle = self.handles.entry(id).or_insert_with(Handle::new);
        *lock(&handle.0) = Arc::downgrade(&node);
        self.nodes.insert(id, node);
    }

    /// Stops a node; its disk keeps what it has written. Does nothing to one that is down.
    pub(crate) fn kill(&mut self, id: NodeId) {
        self.wires.disconnect(id);
        let Some(mut node) = self.nodes.remove(&id) else { return };
        node.close();
        // A client may be in it for a moment. Nothing may write to the disk when this returns.
        while let Err(in_use) = Arc::try_unwrap(node) {
            node = in_use;
            thread::yield_now();
        }
    }

    pub(crate) fn handle(&self, id: NodeId) -> Handle<N> {
        Handle(Arc::clone(&self.handles[&id].0))
    }

    pub(crate) fn restart(&mut self, id: NodeId) {
        self.kill(id);
        self.start(id);
    }

    pub(crate) fn is_up(&self, id: NodeId) -> bool {
        self.nodes.contains_key(&id)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Arc<N> {
        &self.nodes[&id]
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (NodeId, &Arc<N>)> {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    /// The node that stands so many places behind this one, of those that founded the cluster.
    pub(crate) fn after(&self, id: NodeId, places: u64) -> NodeId {
        (id - 1 + places) % self.founders + 1
    }

    pub(crate) fn cut_off(&self, ids: impl IntoIterator<Item = NodeId>) {
        ids.into_iter().for_each(|id| self.wires.cut_off(id));
    }

    pub(crate) fn mend(&self, ids: impl IntoIterator<Item = NodeId>) {
        ids.into_iter().for_each(|id| self.wires.mend(id));
    }

    /// Of all that are up and not cut off.
    pub(crate) fn statuses(&self) -> BTreeMap<NodeId, Status> {
        let connected = self.nodes.iter().filter(|(id, _)| !self.wires.is_off(**id));
        connected.filter_map(|(id, node)| Some((*id, node.status()?))).collect()
    }

    /// Whom all that are connected take for their leader, in one term.
    fn agreed(&self) -> Option<NodeId> {
        let statuses = self.statuses();
        let (_, first) = statuses.first_key_value()?;
        let leader = first.leader.filter(|leader| statuses.contains_key(leader))?;
        let leads = statuses[&leader].role == RoleName::Leader;
        let agree = |it: &Status| (it.term, it.leader) == (first.term, Some(leader));
        (leads && statuses.values().all(agree)).then_some(leader)
    }

    /// Whoever of the connected leads in the latest term. Two in one term fail the test.
    pub(crate) fn find_leader(&self) -> Option<NodeId> {
        let find = || {
            let mut leaders = BTreeMap::new();
            for (id, status) in self.statuses() {
                if status.role == RoleName::Leader
                    && let Some(other) = leaders.insert(status.term, id)
                {
                    panic!("{id} and {other} lead in term {}", status.term);
                }
            }
            leaders.pop_last().map(|(_, id)| id)
        };
        self.news.until(Duration::from_secs(1), find)
    }

    pub(crate) fn role(&self, id: NodeId) -> RoleName {
        self.node(id).status().expect("it runs").role
    }

    /// Whom all follow, and in which term.
    pub(crate) fn leads(&self) -> (NodeId, u64) {
        let leads = || {
            let status = self.node(self.agreed()?).status()?;
            (status.role == RoleName::Leader).then_some((status.leader?, status.term))
        };
        self.news.until(LIMIT, leads).unwrap_or_else(|| panic!("no leader; {:?}", self.statuses()))
    }

    /// Waits until all that are connected follow one leader.
    pub(crate) fn leader(&self) -> NodeId {
        self.leads().0
    }

    pub(crate) fn term(&self) -> u64 {
        self.leads().1
    }

    /// Waits until no connected node leads, and looks for a while whether one does.
    pub(crate) fn has_no_leader(&self) {
        let leads = || self.statuses().values().any(|it| it.role == RoleName::Leader);
        let gone = self.news.until(LIMIT, || (!leads()).then_some(()));
        assert!(gone.is_some(), "{:?}", self.statuses());
        assert!(self.news.never(ELECTION * 4, leads), "{:?}", self.statuses());
    }
}

impl<N> Handle<N> {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Weak::new())))
    }

    /// `None` if the node is down.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&N) -> R) -> Option<R> {
        let node = lock(&self.0).upgrade()?;
        Some(act(&node))
    }
}

impl<N: Runs> Drop for Cluster<N> {
    fn drop(&mut self) {
        // A test that failed may have left them so.
        self.wires.jam.release();
        let disks = self.disks.values().map(|disk| &disk.brake);
        disks.chain(self.brakes.values()).for_each(|brake| brake.release());
        (1..=MOST).for_each(|id| self.kill(id));
        self.wires.end();
        if let Some(courier) = self.courier.take() {
            let _ = courier.join();
        }
    }
}

/// Proposes one command after the other to whoever takes it; gives those that were answered.
pub(crate) fn client<N: Runs<Machine = Tape>>(
    me: u8,
    doors: &[Handle<N>],
    is_over: &AtomicBool,
) -> Vec<(Vec<u8>, Index)> {
    let mut answered = Vec::new();
    for number in 0_u32.. {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let command = [&[me][..], &number.to_le_bytes()].concat();
        for door in doors {
            // The node may be down, or be stopped while this waits.
            let Some(pending) = door.with(|node| node.submit(command.clone())) else { continue };
            if let Ok(Ok(index)) = pending.wait_timeout(Duration::from_millis(100)) {
                answered.push((command.clone(), index));
                break;
            }
        }
        thread::yield_now();
    }
    answered
}
