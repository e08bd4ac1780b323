//! Three processes of one program, and the clients that ask the one that leads.

use std::marker::PhantomData;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, process};

use reqwest::{Client, RequestBuilder, Response};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::machine::command;
use crate::runtimes::contender::{Cluster, Lane, Scene, Seen};

/// So many keys are written, again and again.
const KEYS: u64 = 1_000;
/// An election takes seconds at most.
const STARTS: Duration = Duration::from_secs(30);

/// Where three nodes are.
pub(crate) struct Places {
    pub(crate) peers: Vec<SocketAddr>,
    pub(crate) clients: Vec<SocketAddr>,
}

/// A program that keeps values under keys, on three nodes.
pub(crate) trait Service: Sync + Send + 'static {
    /// The name of a figure in the text of `/metrics`: how many fsyncs, and how many seconds they took.
    const SYNCS: [&'static str; 2];

    /// How one node is started.
    fn command(node: usize, places: &Places, folder: &Path) -> Command;

    /// What all tasks put with.
    fn client() -> Client {
        Client::new()
    }

    /// Whether this node leads.
    fn leads(
        client: &Client,
        node: SocketAddr,
    ) -> impl Future<Output = reqwest::Result<bool>> + Send;

    /// A write.
    fn put(client: &Client, node: SocketAddr, key: &str, value: &[u8]) -> RequestBuilder;

    /// Whether it is done.
    fn is_done(answer: Response) -> impl Future<Output = bool> + Send;
}

pub(crate) struct Processes<S: Service> {
    runtime: Runtime,
    /// For what is no put.
    plain: Client,
    client: Client,
    places: Places,
    leader: Arc<Mutex<SocketAddr>>,
    /// The nodes end before their folder goes.
    _nodes: Vec<Node>,
    _folder: Folder,
    service: PhantomData<S>,
}

impl<S: Service> Processes<S> {
    fn asks(&self) -> Asks<S> {
        let (plain, client) = (self.plain.clone(), self.client.clone());
        let nodes = self.places.clients.clone();
        Asks { plain, client, nodes, leader: Arc::clone(&self.leader), service: PhantomData }
    }
}

impl<S: Service> Cluster for Processes<S> {
    fn start(_: Scene) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("there are threads");
        let (folder, places) = (Folder::new(), Places { peers: free(), clients: free() });
        let nodes = (0..3).map(|node| Node::start(S::command(node, &places, &folder.0))).collect();
        let (plain, client) = (Client::new(), S::client());
        let leader = runtime.block_on(leader::<S>(&plain, &places.clients));
        let (leader, service) = (Arc::new(Mutex::new(leader)), PhantomData);
        Self { runtime, plain, client, places, leader, _nodes: nodes, _folder: folder, service }
    }

    /// Each client is a task of its own, on two threads.
    fn drive(&self, lane: Lane) -> Vec<Duration> {
        let Lane { window, numbers, sample } = lane;
        let next = Arc::new(AtomicU64::new(numbers.start));
        self.runtime.block_on(async {
            let mut clients = JoinSet::new();
            for _ in 0..window {
                let (next, asks) = (Arc::clone(&next), self.asks());
                clients.spawn(async move {
                    let mut waits = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Relaxed);
                        if number >= numbers.end {
                            return waits;
                        }
                        let start = number.is_multiple_of(sample).then(Instant::now);
                        asks.write(number).await;
                        waits.extend(start.map(|start| start.elapsed()));
                    }
                });
            }
            clients.join_all().await.concat()
        })
    }

    /// They are in other processes.
    fn seen(&self) -> &[Seen] {
        &[]
    }

    fn syncs(&self) -> (u64, Duration) {
        self.runtime.block_on(async {
            let mut sum = (0, Duration::ZERO);
            for node in &self.places.clients {
                let text = self.plain.get(format!("http://{node}/metrics")).send().await;
                let text = text.expect("it answers").text().await.expect("it is whole");
                let [count, seconds] = S::SYNCS.map(|name| figure(&text, name));
                sum = (sum.0 + count as u64, sum.1 + Duration::from_secs_f64(seconds));
            }
            sum
        })
    }
}

/// What a client knows.
struct Asks<S> {
    plain: Client,
    client: Client,
    nodes: Vec<SocketAddr>,
    /// The one that led when somebody asked last.
    leader: Arc<Mutex<SocketAddr>>,
    service: PhantomData<S>,
}

impl<S: Service> Asks<S> {
    async fn write(&self, number: u64) {
        let key = format!("key-{}", number % KEYS);
        loop {
            let node = *self.leader.lock().expect("no panic");
            let answer = S::put(&self.client, node, &key, &command(number)).send().await;
            if S::is_done(answer.expect("no node ends")).await {
                return;
            }
            // On a busy machine it may lose the lead: what that takes is part of the time.
            let leader = leader::<S>(&self.plain, &self.nodes).await;
            *self.leader.lock().expect("no panic") = leader;
        }
    }
}

async fn leader<S: Service>(client: &Client, nodes: &[SocketAddr]) -> SocketAddr {
    let end = Instant::now() + STARTS;
    loop {
        for node in nodes {
            if let Ok(true) = S::leads(client, *node).await {
                return *node;
            }
        }
        assert!(Instant::now() < end, "nobody leads");
        #[expect(
            clippy::disallowed_methods,
            reason = "other processes tell nobody when they are ready"
        )]
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A figure of Prometheus' text.
fn figure(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} is not there"))
}

struct Node(Child);

impl Node {
    fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("the program is there"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// On the disk that the results of builds are on; gone with its cluster.
struct Folder(PathBuf);

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folder {
    fn new() -> Self {
        let name = format!("store {} {}", process::id(), FOLDERS.fetch_add(1, Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("the target directory is writable");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Held together, so that all differ.
fn free() -> Vec<SocketAddr> {
    let listeners: Vec<_> =
        (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
    listeners.iter().map(|it| it.local_addr().expect("it is bound")).collect()
}
