//! What a node promises that runs on threads, whichever way it is built.

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/wires.rs"]
mod wires;

use std::sync::Arc;
use std::time::{Duration, Instant};

use raft::node::{Machine, ProposeError};
use raft::{Config, Index, NodeId};

use wires::{Memory, Socket, Wires, lock};

/// Adds numbers, and says the sum.
#[derive(Default)]
struct Sum(u64);

impl Machine for Sum {
    type Answer = u64;

    fn apply(&mut self, _: Index, command: &[u8]) -> u64 {
        self.0 += u64::from(command[0]);
        self.0
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.0 = u64::from_le_bytes(snapshot.try_into().expect("eight bytes"));
    }
}

macro_rules! runtimes {
    ($($variant:ident),*) => { $(
        mod $variant {
            use super::*;
            use raft::$variant::Node;

            struct Cluster {
                wires: Arc<Wires>,
                disks: Vec<Memory>,
                nodes: Vec<Option<Arc<Node<Sum>>>>,
            }

            impl Cluster {
                fn new(count: NodeId, change: impl Fn(Config) -> Config) -> Self {
                    let (wires, disks, nodes) = <_>::default();
                    let mut cluster = Self { wires, disks, nodes };
                    for id in 1..=count {
                        cluster.disks.push(Memory::default());
                        cluster.nodes.push(None);
                        cluster.start(change(Config::new(id, 1..=count).unwrap()));
                    }
                    cluster
                }

                fn start(&mut self, config: Config) {
                    let id = config.id();
                    let disk = self.disks[id as usize - 1].clone();
                    let found = lock(&disk.found).clone();
                    let socket = Arc::new(Socket { id, wires: Arc::clone(&self.wires) });
                    let node = Node::start(config, found, Sum::default(), disk, socket).unwrap();
                    let node = Arc::new(node);
                    for peer in (1..=self.nodes.len().max(3) as NodeId).filter(|peer| *peer != id) {
                        node.link_up(peer, 1);
                    }
                    let door = Arc::downgrade(&node);
                    self.wires.connect(id, Arc::new(move |from, request, answer| {
                        if let Some(node) = door.upgrade() {
                            node.serve(from, request, answer);
                        }
                    }));
                    self.nodes[id as usize - 1] = Some(node);
                }

                fn kill(&mut self, id: NodeId) {
                    self.wires.disconnect(id);
                    self.nodes[id as usize - 1] = None;
                }

                /// Proposes to whoever leads, until it is applied.
                fn add(&self, number: u8) -> u64 {
                    let end = Instant::now() + Duration::from_secs(10);
                    loop {
                        assert!(Instant::now() < end, "nobody takes it");
                        for node in self.nodes.iter().flatten() {
                            match node.propose(vec![number]) {
                                Ok(sum) => return sum,
                                Err(ProposeError::Dropped(_)) => std::thread::yield_now(),
                                Err(other) => panic!("{other}"),
                            }
                        }
                    }
                }
            }

            #[test]
            fn what_is_proposed_is_applied_on_all() {
                let mut cluster = Cluster::new(3, |config| config);
                for number in 1..=100 {
                    cluster.add(number);
                }
                assert_eq!(cluster.add(0), 5050);
                let leader = cluster.nodes.iter().flatten().find_map(|n| n.read(|sum| sum.0).ok());
                assert_eq!(leader, Some(5050));
                let leader = cluster.nodes.iter().flatten().find(|n| n.status().unwrap().leader == Some(1));
                let _ = leader;
                for _ in 0..3 {
                    let led = cluster.nodes.iter().flatten().find_map(|n| n.status()?.leader).unwrap();
                    cluster.kill(led);
                    cluster.add(1);
                    cluster.start(Config::new(led, 1..=3).unwrap());
                }
                assert_eq!(cluster.add(0), 5053);
            }
        }
    )* };
}

runtimes!(channel, lock);
