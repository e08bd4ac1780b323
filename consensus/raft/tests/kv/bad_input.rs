//! What clients and operators may get wrong.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Reply, ask};
use crate::cluster::Cluster;
use crate::program;
use crate::storm::Dice;
use crate::{is_deep, says};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn status(reply: &Reply) -> u16 {
    match reply {
        Reply::Answer { status, .. } => *status,
        Reply::NotDone => 503,
        Reply::Unknown => 504,
    }
}

fn cluster(folder: &Path) -> Cluster {
    let cluster = Cluster::start(&program(), folder, "lock", 0).expect("it starts");
    let end = Instant::now() + LIMIT;
    while status(&ask(cluster.http[0], "PUT", "/kv/first", "1")) != 204 {
        assert!(Instant::now() < end, "no leader");
        std::thread::yield_now();
    }
    cluster
}

#[test]
fn every_wrong_request_gets_its_answer_and_changes_nothing() {
    let folder = TempDir::new().expect("there is room");
    let cluster = cluster(folder.path());
    let node = cluster.http[1];
    let long = format!("/kv/{}", "k".repeat(4097));
    let endless = format!("/kv/{}", "k".repeat(64 << 10));
    let longest = format!("/kv/{}", "k".repeat(4096));
    let (big, biggest) = ("v".repeat((1 << 20) + 1), "v".repeat(1 << 20));
    for (method, path, body, wanted) in [
        ("PUT", "/kv/", "1", 400),
        ("GET", "/kv/", "", 400),
        ("PUT", &*long, "1", 414),
        ("PUT", &*endless, "1", 414),
        ("PUT", &*longest, "1", 204),
        ("PUT", "/kv/big", &*big, 413),
        ("PUT", "/kv/biggest", &*biggest, 204),
        ("GET", "/kv/none", "", 404),
        ("DELETE", "/kv/none", "", 204),
        ("GET", "/what", "", 404),
        ("PATCH", "/kv/first", "", 405),
        ("POST", "/kv/first/cas", "", 400),
        ("POST", "/kv/first/cas", "[1]", 400),
        ("POST", "/kv/first/cas", "{\"value\": \"2\"}", 400),
        ("POST", "/kv/first/cas", "{\"expect\": 1, \"value\": \"2\"}", 400),
        ("POST", "/kv/first/cas", "{\"expect\": \"1\", \"value_base64\": \"?\"}", 400),
        ("POST", "/kv/first/cas", "{\"expect\": null, \"value\": \"2\"}", 409),
        ("POST", "/members", "{\"id\": 0}", 400),
        ("DELETE", "/members/x", "", 400),
        ("POST", "/transfer/99", "", 409),
        ("GET", "/kv/first", "", 200),
    ] {
        let reply = ask(node, method, path, body);
        let path = &path[..path.len().min(40)];
        assert_eq!(status(&reply), wanted, "{method} {path}: {reply:?}");
    }
    let Reply::Answer { body, .. } = ask(node, "GET", "/kv/first", "") else { panic!("no answer") };
    assert_eq!(body, "1");
}

/// Runs it with these arguments; it must end by itself.
fn ends(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().expect("it runs")
}

#[test]
fn a_wrong_command_line_is_told_what_to_give() {
    let folder = TempDir::new().expect("there is room");
    let data = folder.path().to_str().expect("it is plain");
    let with = |id: &str, listen: &str, rest: &[&str]| {
        let all = ["--id", id, "--listen", listen, "--http", "127.0.0.1:0", "--data", data];
        ends(&[&all[..], rest].concat())
    };
    let (here, peers) = ("127.0.0.1:0", "1=127.0.0.1:7101");
    for (output, wanted) in [
        (with("1", here, &[]), "--peers"),
        (with("1", here, &["--peers", "1:127.0.0.1"]), "names no node"),
        (with("1", here, &["--peers", "1=127.0.0.1"]), "no port"),
        (with("1", here, &["--peers", "x=127.0.0.1:1"]), "no number"),
        (with("1", here, &["--peers", "1=127.0.0.1:1,1=127.0.0.1:2"]), "named twice"),
        (with("2", here, &["--peers", peers]), "lacks this node"),
        (with("0", here, &["--join"]), "count from 1"),
        (with("1", here, &["--join", "--peers", peers]), "cannot be used with"),
        (with("1", "0.0.0.0:0", &["--peers", peers]), "--insecure-remote"),
        (with("1", here, &["--peers", peers, "--variant", "x"]), "channel, lock"),
        (ends(&["--what"]), "unexpected argument"),
    ] {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(wanted), "`{wanted}` is not in: {said}");
    }
    let help = ends(&["--help"]);
    let said = String::from_utf8_lossy(&help.stdout);
    for flag in ["--advertise-http", "--tls-cert", "--tls-key", "--tls-ca", "/cas"] {
        assert!(help.status.success() && said.contains(flag), "{flag} is not in: {said}");
    }
}

#[test]
fn a_thousand_idle_connections_hold_nobody_up() {
    let folder = TempDir::new().expect("there is room");
    let cluster = cluster(folder.path());
    let connect = |address: &SocketAddr| TcpStream::connect(address);
    let idle: Vec<_> = (0..800).map_while(|at| connect(&cluster.http[at % 3]).ok()).collect();
    assert!(idle.len() > 500, "only {} connections", idle.len());
    // One more begins a body that never ends.
    let mut endless = connect(&cluster.http[0]).expect("it listens");
    endless.write_all(b"PUT /kv/x HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc").expect("it is open");
    for node in &cluster.http {
        assert_eq!(status(&ask(*node, "PUT", "/kv/among", "1")), 204);
    }
    assert_eq!(status(&ask(cluster.http[0], "GET", "/kv/x", "")), 404);
}

#[test]
fn a_body_that_never_ends_is_cut_off() {
    let folder = TempDir::new().expect("there is room");
    let cluster = cluster(folder.path());
    let mut socket = TcpStream::connect(cluster.http[0]).expect("it listens");
    socket.set_read_timeout(Some(LIMIT)).expect("it is open");
    socket.set_write_timeout(Some(LIMIT)).expect("it is open");
    let head = b"PUT /kv/x HTTP/1.1\r\nHost: kv\r\nTransfer-Encoding: chunked\r\n\r\n";
    socket.write_all(head).expect("it is open");
    let chunk = [b"10000\r\n", &vec![b'v'; 1 << 16][..], b"\r\n"].concat();
    let mut sent = 0;
    while sent < 1024 && socket.write_all(&chunk).is_ok() {
        sent += 1;
    }
    assert!(sent < 1024, "64 MiB were taken");
    assert_eq!(status(&ask(cluster.http[0], "GET", "/kv/x", "")), 404);
}

/// From the beginning, and behind what looks like one.
#[test]
fn noise_on_either_port_disturbs_nobody() {
    let folder = TempDir::new().expect("there is room");
    let mut cluster = cluster(folder.path());
    let (mut dice, start) = (Dice(5), Instant::now());
    let during = Duration::from_secs(if is_deep() { 60 } else { 2 });
    let (mut calls, mut written) = (0, 0);
    let greeting =
        [&b"raftwire\x01\0\x20\0"[..], &[7; 8], &3_u64.to_le_bytes(), &[9; 8], &[1]].concat();
    while start.elapsed() < during {
        for address in [cluster.http[0], cluster.raft[0]] {
            let begin: &[u8] = match dice.upto(6) {
                0 => b"",
                1 => b"GET /kv/x HTTP/1.1\r\n",
                2 => b"PUT /kv/x HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                3 => b"raftwire\x02\0\xff\xff",
                4 => b"raftwire\x01\0\x20\0",
                _ => &greeting,
            };
            let noise: Vec<_> = (0..dice.upto(3000)).map(|_| dice.upto(256) as u8).collect();
            let mut socket = TcpStream::connect(address).expect("it listens");
            // It may be thrown out at the first byte.
            let _ = socket.write_all(begin).and_then(|()| socket.write_all(&noise));
            calls += 1;
        }
        if calls % 20 == 0 {
            let path = format!("/kv/among-{calls}");
            written += u64::from(status(&ask(cluster.http[0], "PUT", &path, "1")) == 204);
        }
    }
    assert!(calls > 100 && written > 3, "{calls} calls, {written} writes");
    assert_eq!(status(&ask(cluster.http[1], "GET", "/kv/first", "")), 200);
    for node in 0..3 {
        assert!(cluster.terminate(node).expect("it runs"), "{}", cluster.last_words(node));
        let log = std::fs::read_to_string(folder.path().join(format!("{node}.log")));
        assert!(!log.expect("it has one").contains("panicked"), "node {node}");
    }
    says("noisy_calls", "lock", calls);
}
