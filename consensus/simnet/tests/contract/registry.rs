//! What other crates carry along.

use std::path::PathBuf;
use std::process::Command;

/// Where cargo put the sources of a dependency from the registry.
pub(crate) fn folder_of(package: &str) -> PathBuf {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // What other platforms need is not here, and must not be asked for.
    let ask = |offline: &[&str]| {
        Command::new(&cargo)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["metadata", "--format-version=1", "--filter-platform", host])
            .args(offline)
            .output()
            .unwrap()
    };
    let mut output = ask(&["--offline"]);
    if !output.status.success() {
        output = ask(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    // One of ours may have the same name; it comes from no registry.
    let is_it = |it: &&serde_json::Value| it["name"] == package && !it["source"].is_null();
    let found = packages.iter().find(is_it).expect("it is a dependency");
    PathBuf::from(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}
