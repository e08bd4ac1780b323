//! Three nodes in one process, each with a folder of its own on the disk. The leader is crashed twice, in
//! the middle of its work; whatever was acknowledged is on all three in the end.
//!
//! Run it with `cargo run --release -p raft --example cluster`. You see who leads, how long the cluster
//! was without a leader, and that nothing is lost. It takes a second or two.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use raft::core::RoleName;
use raft::lock::Node; // or raft::channel::Node, which has the same methods
use raft::message::Request;
use raft::node::{Answerer, Machine, Network};
use raft::storage::Folder;
use raft::{Config, Index, NodeId};

const ALL: [NodeId; 3] = [1, 2, 3];
const NUMBERS: u64 = 3000;
/// So many are on their way at once.
const AT_ONCE: u64 = 50;

/// What is replicated: a set. A number that is proposed twice is in it once, so that a client may simply
/// propose again what it does not know the fate of.
#[derive(Default)]
struct Numbers(BTreeSet<u64>);

impl Machine for Numbers {
    type Answer = ();

    fn apply(&mut self, _: Index, command: &[u8]) {
        self.0.extend(command.as_chunks().0.iter().copied().map(u64::from_le_bytes));
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.0.clear();
        self.apply(0, snapshot);
    }
}

/// Who can be reached. A network within a process is a call.
#[derive(Clone, Default)]
struct Switch(Arc<Mutex<BTreeMap<NodeId, Arc<Node<Numbers>>>>>);

/// The end of the network at one node.
struct Port(NodeId, Switch);

impl Switch {
    fn reach(&self, id: NodeId) -> Option<Arc<Node<Numbers>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn plug(&self, id: NodeId, node: Arc<Node<Numbers>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, node);
    }

    fn unplug(&self, id: NodeId) -> Option<Arc<Node<Numbers>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

impl Network for Port {
    fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
        // Whom nobody reaches does not answer: that drops `answer`.
        if let Some(node) = self.1.reach(to) {
            node.serve(self.0, request, answer);
        }
    }
}

struct Cluster {
    switch: Switch,
    folder: PathBuf,
    /// Connections are numbered.
    epoch: u64,
}

impl Cluster {
    fn start(&mut self, id: NodeId) -> Result<(), Box<dyn Error>> {
        let (disk, found) = Folder::open(self.folder.join(id.to_string()), id)?;
        let mut config = Config::new(id, ALL)?;
        config.snapshot_after = 16 << 10;
        // Each life has other time-outs, so that nodes do not always run at the same time.
        config.seed = self.epoch * 10 + id;
        let network = Arc::new(Port(id, self.switch.clone()));
        let node = Arc::new(Node::start(config, found, Numbers::default(), disk, network)?);
        self.epoch += 1;
        for peer in ALL {
            if let Some(other) = self.switch.reach(peer) {
                node.link_up(peer, self.epoch);
                other.link_up(id, self.epoch);
            }
        }
        self.switch.plug(id, node);
        Ok(())
    }

    /// Ends a node in the middle of what it does. What it had not written is lost.
    fn crash(&self, id: NodeId) {
        let Some(mut node) = self.switch.unplug(id) else { return };
        node.close();
        for peer in ALL {
            self.switch.reach(peer).inspect(|other| other.link_down(id));
        }
        // A peer may be in it for a moment.
        while let Err(in_use) = Arc::try_unwrap(node) {
            node = in_use;
            thread::yield_now();
        }
    }

    fn leader(&self) -> (NodeId, Arc<Node<Numbers>>) {
        loop {
            let nodes = ALL.into_iter().filter_map(|id| Some((id, self.switch.reach(id)?)));
            let leads = |node: &Node<Numbers>| {
                node.status().is_some_and(|status| status.role == RoleName::Leader)
            };
            if let Some(leader) = nodes.into_iter().find(|(_, node)| leads(node)) {
                return leader;
            }
            look_again_soon();
        }
    }

    /// Proposes these numbers until each is acknowledged. If asked to, it crashes the leader while they are
    /// on their way.
    fn write(&self, mut numbers: Vec<u64>, mut crash: bool) -> usize {
        let mut unknown = 0;
        while !numbers.is_empty() {
            let (id, leader) = self.leader();
            let propose = |number: &u64| (*number, leader.submit(number.to_le_bytes()));
            let pending: Vec<_> = numbers.iter().map(propose).collect();
            drop(leader);
            if std::mem::take(&mut crash) {
                self.crash(id);
            }
            numbers.clear();
            for (number, pending) in pending {
                if pending.wait().is_err() {
                    numbers.push(number);
                }
            }
            unknown += numbers.len();
        }
        unknown
    }
}

#[expect(clippy::disallowed_methods, reason = "a node does not call who waits for its role")]
fn look_again_soon() {
    thread::sleep(Duration::from_millis(5));
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("cluster-{}", process::id()));
    let result = run(folder.clone());
    fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut cluster = Cluster { switch: Switch::default(), folder, epoch: 1 };
    for id in ALL {
        cluster.start(id)?;
    }
    println!("Node {} leads.", cluster.leader().0);
    for first in (0..NUMBERS).step_by(AT_ONCE as usize) {
        let batch = (first..first + AT_ONCE).collect();
        let crashes = first == NUMBERS / 3 || first == NUMBERS * 2 / 3;
        let (before, start) = (cluster.leader().0, Instant::now());
        let again = cluster.write(batch, crashes);
        if crashes {
            println!("{first} numbers are acknowledged. Node {before}, the leader, is crashed.");
            println!(
                "  Node {} leads after {} ms; {again} of {AT_ONCE} had to be proposed again.",
                cluster.leader().0,
                start.elapsed().as_millis()
            );
            cluster.start(before)?;
            println!("  Node {before} is back, with what its folder holds.");
        }
    }
    let all: BTreeSet<u64> = (0..NUMBERS).collect();
    let read = cluster.leader().1.read(|machine| machine.0.clone())?;
    let lost = all.difference(&read).count();
    println!("{NUMBERS} numbers are acknowledged, {lost} are lost.");
    for id in ALL {
        let node = cluster.switch.reach(id).ok_or("it runs")?;
        // Whoever follows hears a little later what is committed.
        while node.read_stale(|machine| machine.0.len())? < all.len() {
            look_again_soon();
        }
        println!("Node {id} has them all.");
    }
    for id in ALL {
        cluster.crash(id);
    }
    if lost == 0 { Ok(()) } else { Err("what was acknowledged is lost".into()) }
}
