//! The program as a reader meets it: every command, and the mistakes one makes.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn cookbook(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cookbook"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a command prints that must succeed.
fn prints(arguments: &[&str]) -> String {
    let output = cookbook(arguments);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a command complains about that must fail.
fn complains(arguments: &[&str]) -> String {
    let output = cookbook(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!complaint.contains("panicked"), "{complaint}");
    complaint
}

#[test]
fn every_command_helps() {
    assert!(prints(&["--help"]).contains("http://127.0.0.1:7878"));
    for command in ["list", "choose", "copy", "sync", "report", "draw", "build"] {
        let help = prints(&[command, "--help"]);
        assert!(help.contains("Usage: cookbook ") && help.contains(command), "{help}");
    }
}

#[test]
fn list_and_choose_fit_a_terminal() {
    for command in ["list", "choose"] {
        for line in prints(&[command]).lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn choose_prints_the_whole_tree_into_a_pipe() {
    let tree = prints(&["choose"]);
    for words in ["What hurts?", "at most N at once", "governor", "Channel or lock?"] {
        assert!(tree.contains(words), "{words} is missing in {tree}");
    }
}

#[test]
fn a_trace_is_drawn_and_what_is_none_is_named() {
    let trace = "../../election/bully/tests/traces/dearest_election.jsonl";
    assert!(prints(&["draw", trace]).contains("<title>dearest election</title>"));
    assert!(prints(&["draw", trace, "--events", "1..4"]).contains("crashes</text>"));
    assert!(complains(&["draw", trace, "--events", "4"]).contains("write them as in 12..40"));
    assert!(complains(&["draw", "Cargo.toml"]).contains("Cargo.toml cannot be drawn: line 1"));
    assert!(complains(&["draw", "none"]).contains("cannot read none"));
}

#[test]
fn an_unknown_recipe_is_told_the_known_ones() {
    let complaint = complains(&["copy", "semafore", "--variant", "lock", "--to", "x"]);
    assert!(complaint.contains("`semafore`") && complaint.contains("semaphore"), "{complaint}");
}

#[test]
fn an_unknown_variant_is_told_the_known_ones() {
    let complaint = complains(&["copy", "semaphore", "--variant", "magic", "--to", "x"]);
    assert!(complaint.contains("`magic`") && complaint.contains("lock"), "{complaint}");
}

#[test]
fn a_copy_says_what_to_add_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("deep/inside");
    let copy = ["copy", "semaphore", "--variant", "lock", "--to", to.to_str().unwrap()];

    let advice = prints(&copy);
    assert!(to.join("lock.rs").is_file());
    assert!(advice.contains("mod lock;") && advice.contains("[dependencies]"), "{advice}");

    std::fs::write(to.join("lock.rs"), "mine").unwrap();
    let complaint = complains(&copy);
    assert!(complaint.contains("nothing was copied"), "{complaint}");
    assert!(complaint.contains("lock.rs") && complaint.contains("sync.rs"), "{complaint}");
    assert_eq!(std::fs::read_to_string(to.join("lock.rs")).unwrap(), "mine");
}

#[test]
fn a_copy_with_one_file_in_the_way_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path();
    std::fs::write(to.join("sync.rs"), "mine").unwrap();
    complains(&["copy", "semaphore", "--variant", "lock", "--to", to.to_str().unwrap()]);
    assert!(!to.join("lock.rs").exists());
}

#[test]
fn the_documents_equal_their_sources() {
    let said = prints(&["sync", "--check"]);
    assert!(said.contains("documents compared, 0 changed"), "{said}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    for command in ["list", "choose"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = Command::new(env!("CARGO_BIN_EXE_cookbook"))
            .arg(command)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert!(output.status.success());
    }
}
