//! A node that has lost its disk has forgotten its votes, and what it acknowledged.

use std::fs;
use std::thread;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::bad_input::{LIMIT, status};
use crate::client::{Reply, ask};
use crate::cluster::Cluster;
use crate::program::program;

const WIPED: usize = 2;
const REFUSED: &str = "was seen with another disk";

/// What a node says of itself.
pub(crate) fn look(cluster: &Cluster, node: usize) -> Value {
    match ask(cluster.http[node], "GET", "/status", "") {
        Reply::Answer { body, .. } => serde_json::from_str(&body).expect("it is JSON"),
        _ => Value::Null,
    }
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "not in time: {what}");
        thread::yield_now();
    }
}

/// What a node has printed.
pub(crate) fn said(cluster: &Cluster, node: usize) -> String {
    fs::read_to_string(cluster.folder.join(format!("{node}.log"))).expect("it has a log")
}

pub(crate) fn writes(cluster: &Cluster, node: usize, key: &str) {
    let is_written = || status(&ask(cluster.http[node], "PUT", &format!("/kv/{key}"), "1")) == 204;
    until("a write", is_written);
}

fn wipe(cluster: &Cluster) {
    fs::remove_dir_all(cluster.folder.join(WIPED.to_string())).expect("it is there");
    fs::write(cluster.folder.join(format!("{WIPED}.log")), "").expect("it can be emptied");
}

fn is_kept_out(cluster: &mut Cluster) {
    until("it is told why", || said(cluster, WIPED).contains(REFUSED));
    // Others may do without it.
    writes(cluster, 0, "without");
    let own = look(cluster, WIPED);
    assert_eq!((&own["leader"], &own["last_index"]), (&Value::Null, &Value::from(0)), "{own}");
    assert_eq!(status(&ask(cluster.http[WIPED], "GET", "/kv/first", "")), 503);
}

fn is_taken_in(cluster: &mut Cluster, node: usize) {
    cluster.revive(node).expect("it starts");
    let introduction = cluster.introduction(node);
    until("it is taken in", || {
        status(&ask(cluster.http[0], "POST", "/members", &introduction)) == 200
    });
    until("it has the entry", || {
        matches!(
            ask(cluster.http[node], "GET", "/kv/first?stale=1", ""),
            Reply::Answer { status: 200, .. }
        )
    });
}

/// Not even when all others were restarted in between; under a new name it is welcome, and under the old one
/// when that was given up.
#[test]
fn a_wiped_node_is_refused_under_its_old_name() {
    let folder = TempDir::new().expect("there is room");
    let mut cluster = Cluster::start(&program(), folder.path(), "lock", 1).expect("it starts");
    let one = &mut cluster;
    writes(one, 0, "first");
    until("it has the entry", || {
        matches!(
            ask(one.http[WIPED], "GET", "/kv/first?stale=1", ""),
            Reply::Answer { status: 200, .. }
        )
    });
    assert!(one.terminate(WIPED).expect("it ends"), "it ends well");
    wipe(one);
    one.revive(WIPED).expect("it starts");
    is_kept_out(one);
    for node in [0, 1, WIPED] {
        one.kill(node).expect("it is killed");
    }
    wipe(one);
    for node in [WIPED, 0, 1] {
        one.revive(node).expect("it starts");
    }
    is_kept_out(one);
    until("the others say so too", || (0..2).any(|node| said(one, node).contains(REFUSED)));
    is_taken_in(one, 3);
    until("it is let go", || status(&ask(one.http[1], "DELETE", "/members/3", "")) == 200);
    one.kill(WIPED).expect("it is killed");
    wipe(one);
    one.company[WIPED] = vec!["--join".to_owned()];
    is_taken_in(one, WIPED);
    let voters = |it: &Value| {
        it["peers"]
            .as_array()
            .map_or(0, |peers| peers.iter().filter(|peer| peer["voter"] == true).count())
    };
    until("four vote", || (0..4).all(|node| voters(&look(one, node)) == 4));
}
