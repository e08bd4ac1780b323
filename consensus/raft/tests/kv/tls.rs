//! Nodes that prove to each other who they are.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::authority::Authority;
use crate::cluster::Cluster;
use crate::growth;
use crate::program::program;
use crate::storm::{self, Stage};
use crate::{nothing_is_lost, says};

const LIMIT: Duration = Duration::from_secs(20);

/// Of an authority and of so many nodes.
fn certify(folder: &Path, nodes: u64) {
    let authority = Authority::new("kv");
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("there is room");
    };
    write("ca.pem", &authority.pem());
    for node in 1..=nodes {
        let own = authority.certify(node);
        write(&format!("node-{node}.pem"), &own.certificate);
        write(&format!("node-{node}.key"), &own.key);
    }
}

/// What the door of a node answers to who says its greeting without TLS.
fn answers_plainly(cluster: &Cluster, node: usize) -> Vec<u8> {
    let mut socket = TcpStream::connect(cluster.raft[node]).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("it is open");
    // Of a cluster that is none, and read as far as that.
    let greeting = [&b"raftwire\x01\0\x20\0"[..], &[1; 32]].concat();
    socket.write_all(&greeting).expect("it is open");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("it ends the connection");
    answer
}

/// As without: three nodes are harmed while clients write, two join, all are there in the end.
#[test]
fn members_come_and_go_over_tls_under_faults() {
    let folder = TempDir::new().expect("there is room");
    certify(folder.path(), 5);
    let time = Duration::from_secs(if crate::is_deep() { 60 } else { 4 });
    let storm = |stage: &Stage<'_>, nodes: &mut Cluster| {
        assert_eq!(answers_plainly(nodes, 0).first(), Some(&21), "an alert of TLS");
        growth::harm(stage, nodes, time, 7, |_| ())
    };
    let what = (&*program(), folder.path(), "lock", growth::NEW);
    let report = storm::run(what, 7, storm).expect("all change, and answer");
    nothing_is_lost(&report);
    says("acknowledged_over", "tls", report.acknowledged);
}

#[test]
fn without_certificates_a_node_answers_plainly() {
    let folder = TempDir::new().expect("there is room");
    let start = Instant::now();
    let cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    while TcpStream::connect(cluster.raft[0]).is_err() {
        assert!(start.elapsed() < LIMIT, "it does not listen");
        std::thread::yield_now();
    }
    assert_eq!(answers_plainly(&cluster, 0), b"raftwire\x01\0\x01\0\x02", "another cluster");
}

#[test]
fn a_command_line_with_wrong_certificates_is_told_what_to_give() {
    let folder = TempDir::new().expect("there is room");
    certify(folder.path(), 2);
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let [ca, one, key, other, data] =
        ["ca.pem", "node-1.pem", "node-1.key", "node-2.key", "data"].map(file);
    let run = |listen: &str, http: &str, rest: &[&str]| {
        let output = Command::new(program())
            .args(["--id", "1", "--listen", listen, "--http", http, "--data", &data])
            .args(["--peers", "1=127.0.0.1:7101"])
            .args(rest)
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (here, there) = ("127.0.0.1:0", "0.0.0.0:0");
    let all = ["--tls-cert", &one, "--tls-key", &key, "--tls-ca", &ca];
    let with = |at: usize, file| {
        let mut flags = all;
        flags[at] = file;
        flags
    };
    for (listen, http, flags, code, wanted) in [
        (here, here, &all[..2], 2, "--tls-key <FILE>"),
        (here, here, &all[..4], 2, "--tls-ca <FILE>"),
        (here, here, &all[2..], 2, "--tls-cert <FILE>"),
        (there, here, &[], 2, "--listen 0.0.0.0 can be reached"),
        (there, here, &[], 2, "give --tls-cert, --tls-key and --tls-ca, or say --insecure-remote"),
        (here, there, &[], 2, "--http 0.0.0.0 can be reached"),
        // Clients prove nothing.
        (here, there, &all, 2, "with --tls-cert or without: take a loopback address, or say"),
        // It may listen anywhere, and gets as far as its files.
        (there, here, &with(1, "none.pem"), 1, "cannot read none.pem"),
        (there, there, &with(1, "none.pem"), 2, "--http 0.0.0.0 can be reached"),
        (here, here, &with(1, &key), 1, "no certificate in the file of this node's certificate"),
        (here, here, &with(3, &one), 1, "no private key"),
        (here, here, &with(3, &other), 1, "the key does not fit"),
        (here, here, &with(5, &key), 1, "no certificate in the file of the authority"),
    ] {
        let (ended, said) = run(listen, http, flags);
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(wanted), "`{wanted}` is not in: {said}");
    }
    let another = ["--tls-cert", &file("node-2.pem"), "--tls-key", &other, "--tls-ca", &ca];
    let (ended, said) = run(here, here, &another);
    assert!(ended == Some(1) && said.contains("the certificate is not for this node"), "{said}");
}
