//! What criterion left behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cookbook::report::{criterion, scenarios};

use super::{close, spread};

/// Leaves a result as criterion does.
fn leave(target: &Path, contender: &str, median: f64, age: Duration) {
    let folder = target.join(format!("criterion/demo_fifo/{contender}/2/new"));
    fs::create_dir_all(&folder).unwrap();
    let id = format!(r#"{{"group_id":"demo/fifo","function_id":"{contender}","value_str":"2"}}"#);
    fs::write(folder.join("benchmark.json"), id).unwrap();
    let interval = format!(r#"{{"lower_bound":{},"upper_bound":{}}}"#, median - 1.0, median + 1.0);
    let estimate = format!(r#"{{"point_estimate":{median},"confidence_interval":{interval}}}"#);
    let estimates = folder.join("estimates.json");
    fs::write(&estimates, format!(r#"{{"median":{estimate}}}"#)).unwrap();
    set_age(&estimates, age);
}

fn note(target: &Path, contender: &str, age: Duration) {
    let folder = target.join(format!("tmp/demo/fifo/{contender}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("2.json"), r#"{"waited": 0.5, "cpu_ns": 70}"#).unwrap();
    set_age(&folder.join("2.json"), age);
}

fn set_age(file: &Path, age: Duration) {
    let file = fs::File::options().write(true).open(file).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn results_older_than_the_run_are_ignored() {
    let target = tempfile::tempdir().unwrap();
    leave(target.path(), "lock", 10.0, 2 * MINUTE);
    leave(target.path(), "tokio", 20.0, MINUTE);
    leave(target.path(), "gone", 30.0, 300 * MINUTE);
    note(target.path(), "lock", 3 * MINUTE);
    note(target.path(), "tokio", 300 * MINUTE);

    let (found, ignored) = criterion::latest(target.path(), "demo").unwrap();
    let names: Vec<_> = found.iter().map(|found| found.contender.as_str()).collect();
    assert_eq!((names, ignored), (vec!["lock", "tokio"], 1));
    assert_eq!(found[0].time, spread(9.0, 10.0, 11.0));
    assert_eq!(found[0].load.map(|load| load.waited), Some(0.5));
    assert_eq!(found[1].load, None, "its note is of another run");

    let start = SystemTime::now() - Duration::from_secs(90);
    let found = criterion::since(target.path(), "demo", start).unwrap();
    let names: Vec<_> = found.iter().map(|found| found.contender.as_str()).collect();
    assert_eq!(names, ["tokio"]);
    assert!(criterion::latest(target.path(), "dem").unwrap().0.is_empty(), "another recipe");
}

#[test]
fn rounds_are_gathered_in_the_order_of_the_benchmark() {
    let target = tempfile::tempdir().unwrap();
    let mut rounds = Vec::new();
    for (lock, tokio) in [(10.0, 20.0), (12.0, 30.0)] {
        leave(target.path(), "tokio", tokio, 2 * MINUTE);
        leave(target.path(), "lock", lock, MINUTE);
        rounds.push(criterion::latest(target.path(), "demo").unwrap().0);
    }
    let source = "\
        /// `demo/idle` by threads: nobody measured this.\nfn idle() { \"tokio\" }\n\
        /// `demo/fifo` by threads: threads pass one permit\n/// around.\nfn fifo() { \"lock\" \"tokio\" }\n\
        /// Helps.\nfn helper() {}\n";
    let gathered = scenarios::gather(source, "demo", &rounds);
    assert_eq!(gathered.len(), 1);
    assert_eq!(gathered[0].about, "threads pass one permit around.");
    let names: Vec<_> = gathered[0].points.iter().map(|it| it.contender.as_str()).collect();
    assert_eq!(names, ["lock", "tokio"], "and not in the order of the runs");
    close(gathered[0].points[0].time(), spread(10.0, 11.0, 12.0));
}

#[test]
fn a_scenario_may_name_the_unit_of_its_figures() {
    let source = "/// `demo/errors` in percent by calls a second: how far off.\nfn errors() {}\n\
                  /// `demo/fifo` by threads: in order.\nfn fifo() {}\n";
    let defined = scenarios::definitions(source, "demo");
    let units: Vec<_> = defined.iter().map(|it| (&*it.name, it.unit.as_deref(), &*it.by)).collect();
    let expected = [("errors", Some("percent"), "calls a second"), ("fifo", None, "threads")];
    assert_eq!(units, expected);
}

#[test]
fn with_nothing_measured_it_says_what_to_run() {
    let target = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cookbook"))
        .args(["report", "semaphore"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target.path())
        .output()
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(complaint.contains("run `cargo bench --bench semaphore`"), "{complaint}");
}
