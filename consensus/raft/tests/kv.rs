//! The example `kv`, in three real processes: killed with -9 and paused while clients write, asked what it
//! must refuse, grown and shrunk. What a minute or more of it shows is the example `kv_nemesis`.

#[expect(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/authority.rs"]
mod authority;
#[path = "kv/bad_input.rs"]
mod bad_input;
#[path = "../examples/kv_nemesis/blows.rs"]
mod blows;
#[path = "kv/bounds.rs"]
mod bounds;
#[path = "../examples/kv_nemesis/client.rs"]
mod client;
#[path = "../examples/kv_nemesis/cluster.rs"]
mod cluster;
#[path = "../examples/kv_nemesis/growth.rs"]
mod growth;
#[path = "../examples/kv_nemesis/history.rs"]
mod history;
#[path = "kv/members.rs"]
mod members;
#[path = "kv/metrics.rs"]
mod metrics;
#[path = "kv/page.rs"]
mod page;
#[path = "kv/program.rs"]
mod program;
#[path = "kv/restore.rs"]
mod restore;
#[expect(dead_code, reason = "the example prints more of the report")]
#[path = "../examples/kv_nemesis/storm.rs"]
mod storm;
#[path = "kv/tls.rs"]
mod tls;
#[path = "kv/wiped.rs"]
mod wiped;

use std::io::Write as _;
use std::time::Duration;

use tempfile::TempDir;

use cluster::Cluster;
use program::program;
use storm::{Report, Stage};

fn is_deep() -> bool {
    std::env::var_os("COOKBOOK_DEEP").is_some()
}

fn says(count: &str, variant: &str, value: u64) {
    let count = format!("COUNT raft_kv_{count}_{variant}={value}\n");
    std::io::stderr().write_all(count.as_bytes()).expect("stderr is open");
}

fn nothing_is_lost(report: &Report) {
    assert!(report.judged.wrong.is_empty(), "{}", report.judged.wrong.join("\n"));
    assert_eq!((report.lost, report.judged.undecided), (0, 0));
    assert!(report.harm.kills > 0 && report.acknowledged > 100, "nothing happened: {report:?}");
}

fn acknowledged_writes_survive(variant: &str) {
    let folder = TempDir::new().expect("there is room");
    let time = Duration::from_secs(if is_deep() { 120 } else { 8 });
    let what = (&*program(), folder.path(), variant, 0);
    let storm = |stage: &Stage<'_>, nodes: &mut Cluster| blows::harm(stage, nodes, time, 7, |_| ());
    let report = storm::run(what, 7, storm).expect("the nodes start and answer");
    nothing_is_lost(&report);
    says("acknowledged", variant, report.acknowledged);
}

#[test]
fn acknowledged_writes_survive_kills_and_pauses_of_lock() {
    acknowledged_writes_survive("lock");
}

#[test]
fn acknowledged_writes_survive_kills_and_pauses_of_channel() {
    acknowledged_writes_survive("channel");
}

fn three_become_five_and_three_again(variant: &str) {
    let folder = TempDir::new().expect("there is room");
    let time = Duration::from_secs(if is_deep() { 120 } else { 4 });
    let what = (&*program(), folder.path(), variant, growth::NEW);
    let storm =
        |stage: &Stage<'_>, nodes: &mut Cluster| growth::harm(stage, nodes, time, 7, |_| ());
    let report = storm::run(what, 7, storm).expect("all change, and answer");
    nothing_is_lost(&report);
    says("acknowledged_while_members_change", variant, report.acknowledged);
}

#[test]
fn three_nodes_become_five_and_three_again_under_faults_of_lock() {
    three_become_five_and_three_again("lock");
}

#[test]
fn three_nodes_become_five_and_three_again_under_faults_of_channel() {
    three_become_five_and_three_again("channel");
}
