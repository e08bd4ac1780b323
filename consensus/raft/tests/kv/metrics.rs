//! What `GET /metrics` gives is what Prometheus reads.

use std::collections::BTreeMap;

use tempfile::TempDir;

use crate::bad_input::status;
use crate::client::{Reply, ask};
use crate::cluster::Cluster;
use crate::program::program;
use crate::wiped::{until, writes};

/// Name and labels with their value, as the text form has them: each behind a line with its type.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut types, mut found) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').expect("a name and a type");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "twice: {line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        let plain = name.split('{').next().expect("a name");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(plain.chars().all(is_plain) && types.contains_key(plain), "{line}");
        assert!(name == plain || name.ends_with("\"}"), "{line}");
        let value = value.parse().expect("it is a number");
        assert!(found.insert(name.to_owned(), value).is_none(), "twice: {line}");
    }
    assert!(text.ends_with('\n'), "the last line ends too");
    found
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let folder = TempDir::new().expect("there is room");
    let cluster = Cluster::start(&program(), folder.path(), "lock", 0).expect("it starts");
    writes(&cluster, 0, "key");
    let knows = |node| status(&ask(node, "GET", "/kv/key?stale=1", "")) == 200;
    until("all know of it", || cluster.http.iter().all(|node| knows(*node)));
    let mut leaders = 0;
    for node in &cluster.http {
        let Reply::Answer { status: 200, body } = ask(*node, "GET", "/metrics", "") else {
            panic!("no metrics")
        };
        let all = parse(&body);
        for (name, least) in [
            ("raft_up", 1.0),
            ("raft_term", 1.0),
            ("raft_commit_index", 1.0),
            ("raft_applied_index", 1.0),
            ("raft_fsyncs_total", 1.0),
            ("raft_fsync_seconds_total", f64::MIN_POSITIVE),
            ("raft_uncommitted_entries", 0.0),
            ("raft_unapplied_entries", 0.0),
            ("raft_connections_in", 0.0),
            ("kv_requests_waiting", 0.0),
            ("kv_keys", 0.0),
        ] {
            let value = all.get(name).unwrap_or_else(|| panic!("{name} is missing: {body}"));
            assert!(*value >= least, "{name} is {value}");
        }
        let roles = ["follower", "candidate", "leader", "learner"]
            .map(|role| all[&format!("raft_role{{role=\"{role}\"}}")]);
        let is = roles.map(|role| role > 0.5);
        assert_eq!(is.iter().filter(|is| **is).count(), 1, "one role: {body}");
        leaders += u64::from(is[2]);
    }
    assert_eq!(leaders, 1);
}
