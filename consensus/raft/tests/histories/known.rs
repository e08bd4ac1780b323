//! The judges are judged first: by histories of which everybody knows what they are.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use simnet::judge::Operation;

use crate::judges::{Answer, History, Op, What, is_linearizable, ours, theirs};
use Answer::{Done, Held, Swapped};
use What::{Cas, Get, Put};

/// As `(called, answered, what, answer)`; without the last if it never was.
type Line = (u64, u64, What, Option<Answer>);

fn operation(key: u8, (called, answered, what, answer): Line) -> Operation<Op, Answer> {
    let at = Duration::from_micros;
    let answered = answer.map(|answer| (at(answered), answer));
    Operation { op: Op { key, what }, called: at(called), answered }
}

fn both(lines: &[Line]) -> bool {
    let all: Vec<_> = lines.iter().map(|line| operation(1, *line)).collect();
    is_linearizable(&all)
}

#[test]
fn both_accept_what_one_register_could_have_answered() {
    let good: [&[Line]; 7] = [
        &[],
        &[(1, 2, Get, Some(Held(0))), (3, 4, Put(1), Some(Done)), (5, 6, Get, Some(Held(1)))],
        // The two overlap: in either order.
        &[(1, 9, Put(1), Some(Done)), (2, 8, Put(2), Some(Done)), (10, 11, Get, Some(Held(1)))],
        &[(1, 9, Put(1), Some(Done)), (2, 3, Get, Some(Held(1))), (4, 5, Get, Some(Held(1)))],
        // An outcome that nobody knows: late, or never.
        &[(1, 0, Put(7), None), (2, 3, Get, Some(Held(0))), (4, 5, Get, Some(Held(7)))],
        &[(1, 0, Cas(0, 7), None), (2, 3, Get, Some(Held(0))), (4, 5, Put(1), Some(Done))],
        &[(1, 9, Cas(0, 1), Some(Swapped(false))), (2, 8, Put(2), Some(Done))],
    ];
    for lines in good {
        assert!(both(lines), "{lines:?}");
    }
}

#[test]
fn both_refuse_what_no_register_could_have_answered() {
    let put = (1, 2, Put(1), Some(Done));
    let bad: [(&str, &[Line]); 9] = [
        ("a stale read", &[put, (3, 4, Put(2), Some(Done)), (5, 6, Get, Some(Held(1)))]),
        ("a lost write", &[put, (3, 4, Get, Some(Held(0)))]),
        (
            "seen and unseen",
            &[(1, 20, Put(1), Some(Done)), (2, 3, Get, Some(Held(1))), (4, 5, Get, Some(Held(0)))],
        ),
        (
            "of unknown outcome, seen and unseen",
            &[(1, 0, Put(1), None), (2, 3, Get, Some(Held(1))), (4, 5, Get, Some(Held(0)))],
        ),
        ("read before it was put", &[(1, 2, Get, Some(Held(7))), (3, 0, Put(7), None)]),
        ("a value of nobody", &[put, (3, 4, Get, Some(Held(7)))]),
        ("swapped what was not there", &[put, (3, 4, Cas(2, 3), Some(Swapped(true)))]),
        ("did not swap what was there", &[put, (3, 4, Cas(1, 3), Some(Swapped(false)))]),
        (
            "swapped twice",
            &[(1, 9, Cas(0, 1), Some(Swapped(true))), (2, 8, Cas(0, 2), Some(Swapped(true)))],
        ),
    ];
    for (name, lines) in bad {
        assert!(!both(lines), "{name}: {lines:?}");
    }
}

#[test]
fn a_fault_of_one_key_is_not_hidden_by_another() {
    let line = |at: u64, answer| (at, at + 1, Get, Some(Held(answer)));
    let good: Vec<_> = (1..=3).map(|key| operation(key, line(key.into(), 0))).collect();
    assert!(is_linearizable(&good));
    let bad = [&good[..], &[operation(2, line(9, 5))]].concat();
    assert!(!is_linearizable(&bad));
}

/// Those of the 102 histories that are linearizable, as published with them.
const GOOD: [usize; 23] =
    [2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102];

/// Jepsen's, of an etcd of 2014 that read from whoever said it led. One of five; by the same judges, the
/// simulator's tests go through all.
#[test]
fn both_tell_the_good_from_the_bad_histories_of_etcd() {
    let folder = folder_of("todc-utils").join("tests/linearizability/etcd");
    let mut judged = [0, 0];
    // In number 95 etcd did not start: there is no history.
    let step = if crate::is_deep() { 1 } else { 5 };
    for number in (0..=102).step_by(step).filter(|number| *number != 95) {
        let log = std::fs::read_to_string(folder.join(format!("etcd_{number:03}.log"))).unwrap();
        let all = jepsen(&log);
        assert!(all.len() > 20, "history {number} is short");
        let expected = GOOD.contains(&number);
        assert_eq!(ours(&History::from(all.clone())), expected, "ours: {number}");
        assert_eq!(theirs(&all), expected, "the other: {number}");
        judged[usize::from(expected)] += 1;
    }
    assert_eq!(judged, if step == 1 { [79, 23] } else { [14, 6] });
    writeln!(std::io::stderr(), "COUNT raft_known_histories={}", judged[0] + judged[1]).unwrap();
}

/// One register, and the number of the line for the time.
fn jepsen(log: &str) -> Vec<Operation<Op, Answer>> {
    let mut all: Vec<Operation<Op, Answer>> = Vec::new();
    let mut calls = std::collections::BTreeMap::new();
    for (now, line) in (1..).map(Duration::from_micros).zip(log.lines()) {
        let words: Vec<_> = line.split_whitespace().collect();
        let ["INFO", "jepsen.util", "-", client, status, what, values @ ..] = &words[..] else {
            continue;
        };
        let Ok(client) = client.parse::<u64>() else { continue };
        // 0 stands for nothing, and is a value there.
        let number = |at: usize| -> Option<u64> {
            Some(values.get(at)?.trim_matches(['[', ']']).parse::<u64>().ok()? + 1)
        };
        let what = match *what {
            ":read" => Get,
            ":write" => Put(number(0).unwrap_or(0)),
            _ => Cas(number(0).unwrap_or(0), number(1).unwrap_or(0)),
        };
        if *status == ":invoke" {
            calls.insert(client, all.len());
            all.push(Operation { op: Op { key: 1, what }, called: now, answered: None });
            continue;
        }
        let answer = match (what, *status) {
            // It holds nothing in the beginning.
            (Get, ":ok") => Held(number(0).unwrap_or(0)),
            (Put(_), ":ok") => Done,
            (Cas(..), ":ok") => Swapped(true),
            (Cas(..), ":fail") => Swapped(false),
            // Nobody knows; or nothing was read.
            _ => continue,
        };
        all[calls[&client]].answered = Some((now, answer));
    }
    all
}

/// Where cargo put the sources of a dependency.
fn folder_of(package: &str) -> PathBuf {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // What other platforms need is not here, and must not be asked for.
    let ask = |offline: &[&str]| {
        let mut command = Command::new(&cargo);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["metadata", "--format-version=1"]);
        command.args(["--filter-platform", host]).args(offline).output().unwrap()
    };
    let mut output = ask(&["--offline"]);
    if !output.status.success() {
        output = ask(&[]);
    }
    let text = String::from_utf8(output.stdout).unwrap();
    // As `"manifest_path":"/.../todc-utils-0.1.1/Cargo.toml"`.
    let mut paths = text.split("\"manifest_path\":\"").filter_map(|it| it.split('"').next());
    let is_it = |path: &&str| {
        let folder = path.trim_end_matches("Cargo.toml").trim_end_matches(['/', '\\']);
        folder.rsplit(['/', '\\']).next().is_some_and(|name| name.starts_with(package))
    };
    PathBuf::from(paths.find(is_it).expect("it is a dependency")).parent().unwrap().to_owned()
}
