//! etcd, if it is installed: through its gateway, which speaks JSON over HTTP, and over gRPC.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use super::service::{Places, Service};

/// The store, asked in one of two ways.
pub(crate) struct Etcd<A>(PhantomData<A>);

pub(crate) struct Gateway;
pub(crate) struct Grpc;

impl<A> Etcd<A> {
    /// Whether this machine has it.
    pub(crate) fn is_installed() -> bool {
        let mut command = Command::new("etcd");
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

const SYNCS: [&str; 2] =
    ["etcd_disk_wal_fsync_duration_seconds_count", "etcd_disk_wal_fsync_duration_seconds_sum"];

fn command(node: usize, places: &Places, folder: &Path) -> Command {
    let url = |places: &[SocketAddr]| format!("http://{}", places[node]);
    let (peer, client) = (url(&places.peers), url(&places.clients));
    let all = places.peers.iter().enumerate().map(|(node, place)| format!("{node}=http://{place}"));
    let mut command = Command::new("etcd");
    command
        .args(["--name", &node.to_string(), "--initial-cluster-state", "new"])
        .args(["--initial-cluster", &all.collect::<Vec<_>>().join(",")])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--log-level", "error", "--data-dir"])
        .arg(folder.join(node.to_string()));
    command
}

/// Through the gateway, however it is asked afterwards.
async fn leads(client: &Client, node: SocketAddr) -> reqwest::Result<bool> {
    let asked = client.post(format!("http://{node}/v3/maintenance/status")).body("{}");
    let status = asked.send().await?.bytes().await?;
    let status: Value = serde_json::from_slice(&status).unwrap_or_default();
    let own = &status["header"]["member_id"];
    Ok(own.is_string() && *own == status["leader"])
}

impl Service for Etcd<Gateway> {
    const SYNCS: [&'static str; 2] = SYNCS;

    fn command(node: usize, places: &Places, folder: &Path) -> Command {
        command(node, places, folder)
    }

    async fn leads(client: &Client, node: SocketAddr) -> reqwest::Result<bool> {
        leads(client, node).await
    }

    fn put(client: &Client, node: SocketAddr, key: &str, value: &[u8]) -> RequestBuilder {
        let body = json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value) });
        client.post(format!("http://{node}/v3/kv/put")).body(body.to_string())
    }

    async fn is_done(answer: Response) -> bool {
        let is_good = answer.status().is_success();
        answer.bytes().await.is_ok() && is_good
    }
}

/// One connection for all clients, as etcd's own clients have.
impl Service for Etcd<Grpc> {
    const SYNCS: [&'static str; 2] = SYNCS;

    fn command(node: usize, places: &Places, folder: &Path) -> Command {
        command(node, places, folder)
    }

    fn client() -> Client {
        Client::builder().http2_prior_knowledge().build().expect("it needs nothing")
    }

    async fn leads(client: &Client, node: SocketAddr) -> reqwest::Result<bool> {
        leads(client, node).await
    }

    fn put(client: &Client, node: SocketAddr, key: &str, value: &[u8]) -> RequestBuilder {
        client
            .post(format!("http://{node}/etcdserverpb.KV/Put"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(message(key.as_bytes(), value))
    }

    /// What failed has a status for an answer, and no message.
    async fn is_done(answer: Response) -> bool {
        answer.bytes().await.is_ok_and(|message| !message.is_empty())
    }
}

/// A `PutRequest` of so few bytes that each length is one byte: not compressed, its length, field 1,
/// field 2.
fn message(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut message = vec![0, 0, 0, 0, 0];
    for (tag, field) in [(0x0a, key), (0x12, value)] {
        assert!(field.len() < 128, "its length is one byte");
        message.extend([tag, field.len() as u8]);
        message.extend(field);
    }
    message[4] = (message.len() - 5) as u8;
    message
}
