//! A backup of a cluster that goes on writing, and a new cluster from it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::bad_input::status;
use crate::client::{Reply, ask};
use crate::cluster::Cluster;
use crate::program::program;
use crate::wiped::{look, said, until, writes};

const KEYS: usize = 40;

/// One request with headers of its own, and an answer that need be no text.
fn raw(node: SocketAddr, head: &str, body: &str) -> (u16, Vec<u8>) {
    let mut socket = TcpStream::connect(node).expect("it listens");
    let length = body.len();
    write!(
        socket,
        "{head}\r\nHost: kv\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("it listens");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("it answers");
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").expect("there is a head");
    let code = String::from_utf8_lossy(&bytes[9..12]).parse().expect("there is a status");
    (code, bytes.split_off(end + 4))
}

fn once(node: SocketAddr, body: &str) -> u16 {
    raw(node, "PUT /kv/once HTTP/1.1\r\nIdempotency-Key: a", body).0
}

/// Asks all until the leader gives one.
fn backup(cluster: &Cluster) -> Vec<u8> {
    let mut found = None;
    until("a backup", || {
        let asked = cluster.http.iter().map(|node| raw(*node, "GET /backup HTTP/1.1", ""));
        found = asked.into_iter().find(|(code, _)| *code == 200);
        found.is_some()
    });
    found.expect("it was found").1
}

/// Takes one while others write.
fn backup_under_load(cluster: &Cluster) -> Vec<u8> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                ask(cluster.http[0], "PUT", &format!("/kv/later-{}", round % 100), "x");
            }
        });
        let taken = backup(cluster);
        is_over.store(true, Ordering::SeqCst);
        taken
    })
}

fn begins_anew(cluster: &mut Cluster, node: usize, file: &Path) {
    cluster.kill(node).expect("it is killed");
    fs::remove_dir_all(cluster.folder.join(node.to_string())).expect("it is there");
    let restore = ["--restore", file.to_str().expect("it is plain")].map(str::to_owned);
    cluster.company[node].truncate(2);
    cluster.company[node].extend(restore);
    cluster.revive(node).expect("it starts");
}

/// At the same addresses, while a node of the old cluster still runs.
#[test]
fn a_backup_under_load_founds_a_cluster_that_has_all_and_is_another() {
    let folder = TempDir::new().expect("there is room");
    let mut cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    let one = &mut cluster;
    for key in 0..KEYS {
        writes(one, key % 3, &format!("key-{key}"));
    }
    until("a named write", || one.http.iter().any(|node| once(*node, "first") == 204));
    let file = folder.path().join("backup");
    fs::write(&file, backup_under_load(one)).expect("there is room");
    for node in [0, 1] {
        begins_anew(one, node, &file);
    }
    until("a new leader", || status(&ask(one.http[0], "GET", "/kv/key-0", "")) == 200);
    for key in 0..KEYS {
        let found = ask(one.http[1], "GET", &format!("/kv/key-{key}"), "");
        assert_eq!(found, Reply::Answer { status: 200, body: "1".to_owned() }, "key {key}");
    }
    let again = |body: &str| one.http[..2].iter().any(|node| once(*node, body) == 422);
    assert!(again("other") && !again("first"), "what was answered once is remembered");
    until("the old one is told", || said(one, 2).contains("another cluster"));
    assert_eq!(look(one, 2)["leader"], Value::Null);
    begins_anew(one, 2, &file);
    let stale = |node| ask(one.http[node], "GET", "/kv/new?stale=1", "");
    writes(one, 0, "new");
    until("all have it", || (0..3).all(|node| status(&stale(node)) == 200));
    // It goes on without the file, and not with it.
    one.kill(0).expect("it is killed");
    one.revive(0).expect("it starts");
    until("it is told", || one.last_words(0).contains("is not empty"));
    one.kill(0).expect("it has ended");
    one.company[0].truncate(2);
    one.revive(0).expect("it starts");
    writes(one, 0, "newer");
}

#[test]
fn a_backup_that_is_none_founds_nothing() {
    let folder = TempDir::new().expect("there is room");
    let cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    writes(&cluster, 0, "key");
    let whole = backup(&cluster);
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, wanted) in [
        (flipped(whole.len() - 1), "damaged"),
        (flipped(20), "damaged"),
        (whole[..whole.len() - 1].to_vec(), "damaged"),
        (flipped(10), "another version"),
        (flipped(0), "no backup"),
        (Vec::new(), "no backup"),
    ] {
        let (file, data) = (folder.path().join("file"), folder.path().join("data"));
        fs::write(&file, bytes).expect("there is room");
        let mut kv = Command::new(program());
        kv.args(["--id", "1", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        kv.args(["--peers", "1=127.0.0.1:7101", "--data"]).arg(&data).arg("--restore").arg(&file);
        let output = kv.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(wanted), "`{wanted}` is not in: {said}");
        assert!(!data.exists(), "nothing was begun");
    }
}
