//! The command line.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use raft::NodeId;
use tracing::level_filters::LevelFilter;

/// One node of a replicated key-value store.
///
/// PUT, GET and DELETE /kv/KEY; POST /kv/KEY/cas with {"expect": .., "value": ..}; GET /status and
/// /metrics; GET /backup; POST /transfer/ID; POST /members and DELETE /members/ID. It stops on SIGTERM and Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "kv")]
pub(crate) struct Args {
    /// The number of this node, from 1
    #[arg(long)]
    pub(crate) id: NodeId,
    /// Where other nodes reach this one
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) listen: SocketAddr,
    /// Where clients reach it
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) http: SocketAddr,
    /// What other nodes tell clients of `--http`, if it differs from that
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) advertise_http: Option<String>,
    /// The nodes that found the cluster, this one too, as 1=HOST:PORT,2=HOST:PORT,3=HOST:PORT
    #[arg(long, value_parser = peers, required_unless_present = "join", conflicts_with = "join")]
    pub(crate) peers: Option<Peers>,
    /// Wait until a running cluster takes this node in, by POST /members
    #[arg(long)]
    pub(crate) join: bool,
    /// Found the cluster with what GET /backup gave: on an empty folder, and with the same file on all founders
    #[arg(long, value_name = "FILE", requires = "peers")]
    pub(crate) restore: Option<PathBuf>,
    /// The folder that keeps its log; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// How the node is built
    #[arg(long, value_enum, default_value_t = Variant::Lock)]
    pub(crate) variant: Variant,
    /// This node's certificate, in PEM: for the DNS name node-ID, by the cluster's own authority
    ///
    /// The three --tls files go together, and all nodes have them or none has. With them nodes prove to each
    /// other who they are, and what they say is encrypted, so that --listen may be any address. Clients speak
    /// HTTP all the same.
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "tls_ca"])]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key that the certificate was made for, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The authority's certificate, in PEM: who has none of it is no node
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Take addresses that other machines reach, though nobody there is asked for a name
    ///
    /// Whoever reaches --http reads and writes; whoever reaches --listen, without the --tls files, too. And
    /// nothing is encrypted.
    #[arg(long)]
    pub(crate) insecure_remote: bool,
    /// What it tells on stderr: off, error, warn, or info with roles and connections
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log: LevelFilter,
}

/// The way the node is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Variant {
    Channel,
    Lock,
}

/// Where the founders are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peers(pub BTreeMap<NodeId, String>);

impl Args {
    /// What the parser cannot see.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.id == 0 {
            return Err("--id 0 is no name of a node: count from 1".to_owned());
        }
        if let Some(Peers(peers)) = &self.peers
            && !peers.contains_key(&self.id)
        {
            return Err(format!("--peers lacks this node: add {}={}", self.id, self.listen));
        }
        let is_open = |ip: IpAddr| !ip.is_loopback() && !self.insecure_remote;
        let reached = "can be reached from other machines, and nothing asks them who they are";
        let (listen, http) = (self.listen.ip(), self.http.ip());
        if is_open(listen) && self.tls_cert.is_none() {
            return Err(format!(
                "--listen {listen} {reached}: take a loopback address, give --tls-cert, --tls-key and \
                 --tls-ca, or say --insecure-remote"
            ));
        }
        if is_open(http) {
            return Err(format!(
                "--http {http} {reached}, with --tls-cert or without: take a loopback address, or say \
                 --insecure-remote"
            ));
        }
        Ok(())
    }

    pub(crate) fn advertised(&self) -> String {
        self.advertise_http.clone().unwrap_or_else(|| self.http.to_string())
    }
}

fn peers(text: &str) -> Result<Peers, String> {
    let mut peers = BTreeMap::new();
    for peer in text.split(',') {
        let wrong = |what: &str| format!("`{peer}` {what}: write it as 1=127.0.0.1:7101");
        let (id, address) = peer.split_once('=').ok_or_else(|| wrong("names no node"))?;
        let id = id.trim().parse::<NodeId>().map_err(|_| wrong("has no number for a name"))?;
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if id == 0 || port.is_none_or(|port| port == 0) {
            return Err(wrong("has no name, or no port"));
        }
        if peers.insert(id, address.trim().to_owned()).is_some() {
            return Err(format!("node {id} is named twice: give each its own number"));
        }
    }
    Ok(Peers(peers))
}
