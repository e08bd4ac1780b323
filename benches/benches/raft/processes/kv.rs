//! Our example `kv`.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use reqwest::{Client, RequestBuilder, Response, StatusCode};

use super::service::{Places, Service};

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(program::program);

#[path = "../../../../consensus/raft/tests/kv/program.rs"]
mod program;

/// The store, built on locks or on channels.
pub(crate) struct Kv<V>(PhantomData<V>);

pub(crate) struct Lock;
pub(crate) struct Channel;

/// The word for `--variant`.
pub(crate) trait Variant: Sync + Send + 'static {
    const NAME: &'static str;
}

impl Variant for Lock {
    const NAME: &'static str = "lock";
}

impl Variant for Channel {
    const NAME: &'static str = "channel";
}

impl<V: Variant> Service for Kv<V> {
    const SYNCS: [&'static str; 2] = ["raft_fsyncs_total", "raft_fsync_seconds_total"];

    fn command(node: usize, places: &Places, folder: &Path) -> Command {
        let peers = places.peers.iter().zip(1..).map(|(place, id)| format!("{id}={place}"));
        let mut command = Command::new(&*PROGRAM);
        command
            .args(["--variant", V::NAME, "--id", &(node + 1).to_string()])
            .args(["--listen", &places.peers[node].to_string()])
            .args(["--http", &places.clients[node].to_string()])
            .args(["--peers", &peers.collect::<Vec<_>>().join(",")])
            .arg("--data")
            .arg(folder.join(node.to_string()));
        command
    }

    async fn leads(client: &Client, node: SocketAddr) -> reqwest::Result<bool> {
        let status = client.get(format!("http://{node}/status")).send().await?.text().await?;
        Ok(status.contains(r#""role":"leader""#))
    }

    fn put(client: &Client, node: SocketAddr, key: &str, value: &[u8]) -> RequestBuilder {
        client.put(format!("http://{node}/kv/{key}")).body(value.to_vec())
    }

    async fn is_done(answer: Response) -> bool {
        answer.status() == StatusCode::NO_CONTENT
    }
}
