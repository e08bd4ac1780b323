//! What stays small, however long it runs, and however much is asked of it.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bad_input::status;
use crate::client::{Reply, ask};
use crate::cluster::Cluster;
use crate::program::program;
use crate::wiped::{until, writes};
use crate::{is_deep, says};

const MIB: u64 = 1 << 20;
/// Entries of 64 MiB make a snapshot due, and half as many stay behind it; they come with the segments in
/// which they stand, and with what is written meanwhile.
const DISK: u64 = 160 * MIB;
const READY: Duration = Duration::from_secs(10);

/// The bytes of all files in a folder.
fn used(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).expect("it is there").flatten();
    let size = |path: &Path| fs::metadata(path).map_or(0, |it| it.len());
    files
        .map(|file| if file.path().is_dir() { used(&file.path()) } else { size(&file.path()) })
        .sum()
}

/// Written many times over, a few keys take a bounded log, and a bounded time to start with.
#[test]
fn overwriting_without_end_fills_no_disk_and_slows_no_start() {
    let folder = TempDir::new().expect("there is room");
    let mut cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    writes(&cluster, 0, "first");
    let (value, rounds) = ("v".repeat(1 << 20), if is_deep() { 4000 } else { 200 });
    let (mut written, mut most) = (0, 0);
    for round in 0..rounds {
        let reply = ask(cluster.http[round % 3], "PUT", &format!("/kv/key-{}", round % 4), &value);
        written += u64::from(status(&reply) == 204);
        most = most.max(used(&cluster.folder.join((round % 3).to_string())) / MIB);
    }
    assert!(written > 150, "only {written} MiB were written");
    assert!(most <= DISK / MIB, "{most} MiB are used after {written} MiB");
    for node in 0..3 {
        cluster.kill(node).expect("it is killed");
    }
    let start = Instant::now();
    for node in 0..3 {
        cluster.revive(node).expect("it starts");
    }
    until("all are ready", || {
        cluster.http.iter().all(|node| status(&ask(*node, "GET", "/kv/key-1", "")) == 200)
    });
    let ready = start.elapsed();
    assert!(ready < READY, "{ready:?} until all were ready");
    says("mib_on_disk_after_overwrites", "lock", most);
    says("ms_until_ready_after_overwrites", "lock", ready.as_millis() as u64);
}

/// The memory of a process in MiB; only Linux tells it so.
#[cfg(target_os = "linux")]
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    kib / 1024
}

/// Many clients hold on to one that can commit nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_node_without_a_majority_takes_no_memory_without_end() {
    const MEMORY: u64 = 512;
    let folder = TempDir::new().expect("there is room");
    let mut cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    writes(&cluster, 0, "first");
    let leads = |node: &SocketAddr| match ask(*node, "GET", "/status", "") {
        Reply::Answer { body, .. } => body.contains("\"role\":\"leader\""),
        _ => false,
    };
    let mut found = None;
    until("somebody leads", || {
        found = cluster.http.iter().position(leads);
        found.is_some()
    });
    let leader = found.expect("it was found");
    let (node, pid) = (cluster.http[leader], cluster.nodes[leader].as_ref().expect("it runs").id());
    let others: Vec<_> = (0..3).filter(|other| *other != leader).collect();
    for other in &others {
        cluster.kill(*other).expect("it is killed");
    }
    let (end, value) =
        (Instant::now() + Duration::from_secs(if is_deep() { 60 } else { 3 }), "v".repeat(1 << 20));
    let most = thread::scope(|scope| {
        for at in 0..64 {
            let (value, key) = (&value, format!("/kv/key-{at}"));
            scope.spawn(move || {
                while Instant::now() < end {
                    ask(node, "PUT", &key, &value[..(at % 16 + 1) << 16]);
                }
            });
        }
        // Bodies that do not end are held too.
        let open: Vec<_> = (0..400).filter_map(|_| nearly_a_body(node, &value).ok()).collect();
        let mut most = 0;
        while Instant::now() < end {
            most = most.max(resident(pid));
            thread::yield_now();
        }
        drop(open);
        most
    });
    assert!(most < MEMORY, "{most} MiB");
    for other in &others {
        cluster.revive(*other).expect("it starts");
    }
    for node in 0..3 {
        writes(&cluster, node, "after");
    }
    says("mib_of_memory_without_majority", "lock", most);
}

#[cfg(target_os = "linux")]
fn nearly_a_body(node: SocketAddr, value: &str) -> std::io::Result<TcpStream> {
    let mut socket = TcpStream::connect(node)?;
    socket.set_write_timeout(Some(Duration::from_secs(1)))?;
    write!(socket, "PUT /kv/half HTTP/1.1\r\nHost: kv\r\nContent-Length: {}\r\n\r\n", value.len())?;
    socket.write_all(&value.as_bytes()[1..])?;
    Ok(socket)
}
