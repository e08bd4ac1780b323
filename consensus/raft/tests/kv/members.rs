//! Who asks for somebody to be taken in may be mistaken.

use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::bad_input::status;
use crate::client::ask;
use crate::cluster::Cluster;
use crate::program::program;
use crate::wiped::{look, until, writes};

/// Which of them leads.
fn leader(cluster: &Cluster) -> usize {
    let leads = |node: &usize| look(cluster, *node)["role"] == "leader";
    let mut found = None;
    until("somebody leads", || {
        found = (0..3).find(leads);
        found.is_some()
    });
    found.expect("it was found")
}

fn vote_of(cluster: &Cluster, leader: usize, id: u64) -> Option<bool> {
    let status = look(cluster, leader);
    let of = |peer: &Value| (peer["id"] == id).then(|| peer["voter"].as_bool()).flatten();
    status["peers"].as_array()?.iter().find_map(of)
}

#[test]
fn who_does_not_answer_gets_no_vote() {
    let folder = TempDir::new().expect("there is room");
    let mut cluster = Cluster::start(&program(), folder.path(), "lock", 1).expect("it starts");
    writes(&cluster, 0, "first");
    let leads = leader(&cluster);
    let absent = cluster.introduction(3);
    let address = cluster.http[leads];
    let asks = thread::spawn(move || ask(address, "POST", "/members", &absent));
    until("it is a learner", || vote_of(&cluster, leads, 4).is_some());
    for turn in 0..20 {
        writes(&cluster, leads, &turn.to_string());
        assert_eq!(vote_of(&cluster, leads, 4), Some(false), "it has answered nothing");
    }
    // Whoever was wrong takes it back.
    let gone = || status(&ask(address, "DELETE", "/members/4", "")) == 200;
    until("it is let go", gone);
    (0..3).for_each(|node| cluster.kill(node).expect("it is killed"));
    let _ = asks.join();
}

#[test]
fn who_takes_part_is_taken_in_at_once_and_moved_by_nobody() {
    let folder = TempDir::new().expect("there is room");
    let cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    writes(&cluster, 0, "first");
    for node in 0..3 {
        let same = cluster.introduction(node);
        let other = cluster.introduction((node + 1) % 3);
        let other = other
            .replace(&format!("\"id\": {}", (node + 1) % 3 + 1), &format!("\"id\": {}", node + 1));
        assert_eq!(status(&ask(cluster.http[0], "POST", "/members", &same)), 200);
        assert_eq!(status(&ask(cluster.http[0], "POST", "/members", &other)), 409);
    }
}

#[test]
fn who_was_told_nothing_since_its_start_does_not_say_that_there_is_nothing() {
    let folder = TempDir::new().expect("there is room");
    let mut cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    writes(&cluster, 0, "first");
    for node in 0..3 {
        assert!(cluster.terminate(node).expect("it ends"), "it ends well");
    }
    cluster.revive(0).expect("it starts");
    let stale = |cluster: &Cluster| status(&ask(cluster.http[0], "GET", "/kv/first?stale=1", ""));
    until("it answers", || !look(&cluster, 0).is_null());
    assert_eq!(stale(&cluster), 503);
    cluster.revive(1).expect("it starts");
    until("it is told", || stale(&cluster) == 200);
}
