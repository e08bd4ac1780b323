//! The program of the example `kv`.

use std::path::PathBuf;
use std::process::Command;

/// Built if it is not yet: `cargo test --test kv` builds no examples, and `cargo bench` neither.
pub(crate) fn program() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "raft", "--example", "kv"]);
    let folder = std::env::current_exe().expect("it runs");
    let folder = folder.parent().and_then(|deps| deps.parent()).expect("it is in target/x/deps");
    let target = folder.parent().expect("it is in target/x/deps");
    build.arg("--target-dir").arg(target);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo is there").success(), "the example is not built");
    folder.join("examples/kv")
}
