//! The page "Run a cluster" does what it says: its commands are run as they stand, on other ports.

use std::net::TcpListener;
use std::process::{self, Command};

use crate::program::program;

const PAGE: &str = include_str!("../../../../docs/book/src/run-a-cluster.md");

/// The blocks of one kind, in order.
fn blocks<'p>(page: &'p str, kind: &'p str) -> impl Iterator<Item = &'p str> {
    let begins = move |block: &'p str| block.strip_prefix(kind)?.strip_prefix('\n');
    page.split("```").skip(1).step_by(2).filter_map(begins)
}

/// What addresses begin with, so that those which end in 1 to 4 are free. Below the ports that the system
/// gives to others.
fn free(mut prefix: u32) -> String {
    let is_free = |prefix: u32| {
        (1..=4).all(|digit| TcpListener::bind(format!("127.0.0.1:{prefix}{digit}")).is_ok())
    };
    while !is_free(prefix) {
        prefix += 1;
    }
    format!("127.0.0.1:{prefix}")
}

#[test]
fn the_page_run_a_cluster_says_what_happens() {
    let program = program();
    let raft = free(1_100 + process::id() % 900);
    let http = free(2_100 + process::id() % 900);
    // The first block builds the program.
    let commands: String = blocks(PAGE, "sh").skip(1).collect();
    let commands = commands
        .replace("target/release/examples/kv", program.to_str().expect("cargo made it"))
        .replace("127.0.0.1:710", &raft)
        .replace("127.0.0.1:810", &http);
    // Job control, as in a terminal; whatever happens, no node stays behind.
    let script =
        format!("set -m; trap 'kill -9 $(jobs -p) 2>/dev/null' EXIT\n{commands}\necho end");
    let run = Command::new("bash").args(["-c", &script]).output().expect("bash is there");
    let said = String::from_utf8_lossy(&run.stdout);
    let mut lines = said.lines();
    let shown = blocks(PAGE, "text").flat_map(str::lines);
    for line in shown.chain(["end"]) {
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(lines.any(|it| it == line), "`{line}` is missing in\n{said}\n{errors}");
    }
}
