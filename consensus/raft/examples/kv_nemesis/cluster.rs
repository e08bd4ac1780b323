//! Processes of `kv`, and what is done to them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// So many found the cluster.
pub(crate) const FOUNDERS: usize = 3;

pub(crate) struct Cluster {
    program: PathBuf,
    pub(crate) folder: PathBuf,
    variant: String,
    pub(crate) raft: Vec<SocketAddr>,
    pub(crate) http: Vec<SocketAddr>,
    /// With whom each begins, as its command line has it.
    pub(crate) company: Vec<Vec<String>>,
    pub(crate) nodes: Vec<Option<Child>>,
    /// Who takes part.
    pub(crate) members: Vec<usize>,
}

impl Cluster {
    /// Starts the founders, with their folders and what they print in this one. There are addresses for
    /// so many others too. If certificates are in it, nodes speak TLS to each other: see
    /// [`tls`](Self::tls).
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        variant: &str,
        others: usize,
    ) -> io::Result<Self> {
        let nodes = FOUNDERS + others;
        let mut raft = free_ports(2 * nodes)?;
        let http = raft.split_off(nodes);
        let peers = raft[..FOUNDERS].iter().enumerate();
        let peers = peers.map(|(at, address)| format!("{}={address}", at + 1)).collect::<Vec<_>>();
        let mut company = vec![vec!["--peers".to_owned(), peers.join(",")]; FOUNDERS];
        company.resize(nodes, vec!["--join".to_owned()]);
        let mut cluster = Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            variant: variant.to_owned(),
            raft,
            http,
            company,
            nodes: (0..nodes).map(|_| None).collect(),
            members: (0..FOUNDERS).collect(),
        };
        for node in 0..FOUNDERS {
            cluster.revive(node)?;
        }
        Ok(cluster)
    }

    /// Starts a node with what its folder holds, unless it runs. Who is no founder waits to be taken in.
    pub(crate) fn revive(&mut self, node: usize) -> io::Result<()> {
        if self.nodes[node].is_some() {
            return Ok(());
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join(format!("{node}.log")))?;
        let child = Command::new(&self.program)
            .args(["--id", &(node + 1).to_string()])
            .args(["--listen", &self.raft[node].to_string()])
            .args(["--http", &self.http[node].to_string()])
            .args(&self.company[node])
            .args(self.tls(node))
            .args(["--variant", &self.variant])
            .arg("--data")
            .arg(self.folder.join(node.to_string()))
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()?;
        self.nodes[node] = Some(child);
        Ok(())
    }

    /// The certificates of the first node are `ca.pem`, `node-1.pem` and `node-1.key`.
    fn tls(&self, node: usize) -> Vec<OsString> {
        let [ca, own, key] =
            ["ca.pem", &format!("node-{}.pem", node + 1), &format!("node-{}.key", node + 1)]
                .map(|file| self.folder.join(file));
        if !ca.exists() {
            return Vec::new();
        }
        let flags = [("--tls-ca", ca), ("--tls-cert", own), ("--tls-key", key)];
        flags.into_iter().flat_map(|(flag, file)| [flag.into(), file.into()]).collect()
    }

    /// What `POST /members` wants to know of a node.
    pub(crate) fn introduction(&self, node: usize) -> String {
        let (id, raft, http) = (node + 1, self.raft[node], self.http[node]);
        format!("{{\"id\": {id}, \"raft\": \"{raft}\", \"http\": \"{http}\"}}")
    }

    /// With -9: it has no time for anything.
    pub(crate) fn kill(&mut self, node: usize) -> io::Result<()> {
        if let Some(mut child) = self.nodes[node].take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Stops it in the middle of whatever it does, as a long pause would.
    pub(crate) fn pause(&self, node: usize) -> io::Result<()> {
        self.signal(node, "-STOP")
    }

    pub(crate) fn resume(&self, node: usize) -> io::Result<()> {
        self.signal(node, "-CONT")
    }

    /// Asks it to end, and waits until it has; says whether it was content.
    pub(crate) fn terminate(&mut self, node: usize) -> io::Result<bool> {
        self.signal(node, "-TERM")?;
        let Some(mut child) = self.nodes[node].take() else { return Ok(true) };
        Ok(child.wait()?.success())
    }

    /// The last line that it printed.
    pub(crate) fn last_words(&self, node: usize) -> String {
        let log = fs::read_to_string(self.folder.join(format!("{node}.log"))).unwrap_or_default();
        log.lines().last().unwrap_or_default().to_owned()
    }

    fn signal(&self, node: usize, signal: &str) -> io::Result<()> {
        let Some(child) = &self.nodes[node] else { return Ok(()) };
        Command::new("kill").args([signal, &child.id().to_string()]).status().map(drop)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in 0..self.nodes.len() {
            // One that is paused dies too.
            let _ = self.kill(node);
        }
    }
}

/// All that are needed, held together, so that all differ. Nobody else takes them in the moment until they are used again.
fn free_ports(count: usize) -> io::Result<Vec<SocketAddr>> {
    let listeners: io::Result<Vec<_>> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    listeners?.iter().map(TcpListener::local_addr).collect()
}
