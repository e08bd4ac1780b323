//! Both runtimes.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

use raft::message::{AppendRequest, Reply, Request};
use raft::node::{Answerer, Disk, Found, Machine, Network};
use raft::storage::{Folder, Meter};
use raft::{Config, Index, NodeId, Position, Save, Snapshot, channel, lock};

use super::contender::{Cluster, LATE, Lane, Scene, Seen, pipeline};
use super::folders::{self, Folders};

pub(crate) struct Counts(Seen);

impl Machine for Counts {
    type Answer = u64;

    fn apply(&mut self, _: Index, command: &[u8]) -> u64 {
        let mut seen = self.0.lock().expect("nothing panics under this mutex");
        seen.apply(command);
        seen.commands
    }

    /// Nobody ever restores it: it is what frees the log.
    fn snapshot(&self) -> Vec<u8> {
        vec![0]
    }

    fn restore(&mut self, _: &[u8]) {
        unreachable!("no follower falls behind what is kept")
    }
}

enum Storage {
    Memory,
    /// In memory, and slow: for as many writes.
    Slow(Duration, u64),
    Folder(Folder),
}

impl Disk for Storage {
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()> {
        match self {
            Self::Folder(folder) => return folder.write(saves),
            Self::Slow(late, times) if *times > 0 => {
                *times -= 1;
                #[expect(clippy::disallowed_methods, reason = "the disk takes its time")]
                thread::sleep(*late);
            }
            Self::Memory | Self::Slow(..) => {}
        }
        Ok(())
    }

    fn keep(&mut self, snapshot: &Snapshot, bytes: &[u8]) -> io::Result<()> {
        if let Self::Folder(folder) = self { folder.keep(snapshot, bytes) } else { Ok(()) }
    }

    fn is_instant(&self) -> bool {
        matches!(self, Self::Memory)
    }
}

impl Storage {
    fn new(scene: Scene, id: NodeId, folders: &Folders) -> Self {
        let second = if benches::is_test() { LATE } else { Duration::from_secs(1) };
        match (scene, id) {
            (Scene::Durable, _) => {
                let opened = Folder::open(folders.of(id), id);
                Self::Folder(opened.expect("a new folder").0)
            }
            (Scene::SlowDisk, 3) => Self::Slow(LATE, u64::MAX),
            (Scene::SlowWrite, 3) => Self::Slow(second, 1),
            _ => Self::Memory,
        }
    }
}

/// A function call.
struct Wire<N> {
    from: NodeId,
    nodes: Arc<[OnceLock<Weak<N>>; 3]>,
    /// Where replies of the third node wait.
    late: Option<SyncSender<(Instant, Answerer, Reply)>>,
}

/// Gives replies late, each by as much.
fn lane() -> SyncSender<(Instant, Answerer, Reply)> {
    let (late, replies) = sync_channel::<(Instant, Answerer, Reply)>(1 << 16);
    thread::spawn(move || {
        for (due, answer, reply) in replies {
            #[expect(clippy::disallowed_methods, reason = "the network takes its time")]
            thread::sleep(due.saturating_duration_since(Instant::now()));
            answer.answer(reply);
        }
    });
    late
}

pub(crate) struct Ours<N: Closes> {
    nodes: [Arc<N>; 3],
    seen: [Seen; 3],
    meters: Vec<Meter>,
    /// Dropped after the nodes.
    _folders: Folders,
}

pub(crate) trait Closes {
    fn close(&self);
}

/// Nobody drops a node while another thread is in it: that thread could be one of its own.
impl<N: Closes> Drop for Ours<N> {
    fn drop(&mut self) {
        self.nodes.iter().for_each(|node| node.close());
        while self.nodes.iter().any(|node| Arc::strong_count(node) > 1) {
            thread::yield_now();
        }
    }
}

fn config(id: NodeId) -> Config {
    let mut config = Config::new(id, 1..=3).expect("the list is good");
    // Nobody shall lead but the first, however busy the machine is.
    (config.election, config.heartbeat) = (Duration::from_secs(2), Duration::from_millis(200));
    config
}

/// Who is asked by its leader to lead does so at once.
fn asks_to_lead() -> [Request; 2] {
    let (entries, previous) = (Vec::new(), Position::default());
    let beat = AppendRequest { term: 1, previous, entries, commit: 0 };
    [Request::Append(beat), Request::Campaign { term: 1 }]
}

macro_rules! contender {
    ($variant:ident) => {
        impl Network for Wire<$variant::Node<Counts>> {
            fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
                let node = self.nodes[to as usize - 1].get().and_then(Weak::upgrade);
                let Some(node) = node else { return };
                let answer = match &self.late {
                    Some(late) if to == 3 => {
                        let late = late.clone();
                        let then = move |reply: Option<Reply>| {
                            let Some(reply) = reply else { return };
                            let _ = late.try_send((Instant::now() + LATE, answer, reply));
                        };
                        Answerer::new(then)
                    }
                    _ => answer,
                };
                node.serve(self.from, request, answer);
            }
        }

        impl Cluster for Ours<$variant::Node<Counts>> {
            fn start(scene: Scene) -> Self {
                let seen: [Seen; 3] = <_>::default();
                let doors = Arc::new([const { OnceLock::new() }; 3]);
                let late = (scene == Scene::SlowPeer).then(lane);
                let (folders, mut meters) = (Folders::new(), Vec::new());
                let nodes = [1, 2, 3].map(|id| {
                    let wire = Wire { from: id, nodes: Arc::clone(&doors), late: late.clone() };
                    let disk = Storage::new(scene, id, &folders);
                    if let Storage::Folder(folder) = &disk {
                        meters.push(folder.meter());
                    }
                    let machine = Counts(Arc::clone(&seen[id as usize - 1]));
                    let found = Found::default();
                    let node =
                        $variant::Node::start(config(id), found, machine, disk, Arc::new(wire));
                    Arc::new(node.expect("the configuration is good"))
                });
                for (node, door) in nodes.iter().zip(&*doors) {
                    let _ = door.set(Arc::downgrade(node));
                    (1..=3).for_each(|peer| node.link_up(peer, 1));
                }
                for request in asks_to_lead() {
                    nodes[0].serve(2, request, Answerer::new(|_| {}));
                }
                while nodes[0].status().is_some_and(|it| it.commit == 0) {
                    thread::yield_now();
                }
                Self { nodes, seen, meters, _folders: folders }
            }

            fn drive(&self, lane: Lane) -> Vec<Duration> {
                let submit = |command: [u8; 64]| self.nodes[0].submit(&command[..]);
                pipeline(lane, submit, |pending| _ = pending.wait().expect("it leads"))
            }

            fn seen(&self) -> &[Seen] {
                &self.seen
            }

            fn syncs(&self) -> (u64, Duration) {
                folders::sum(self.meters.iter().map(Meter::counts))
            }
        }

        impl Closes for $variant::Node<Counts> {
            fn close(&self) {
                self.close();
            }
        }
    };
}
contender!(lock);
contender!(channel);
