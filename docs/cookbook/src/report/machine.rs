//! On what and when: the machine, the day, the compiler, the peers' versions.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use serde::Deserialize;

use crate::workspace::Workspace;

use super::record::Machine;

/// The machine this runs on.
pub fn here() -> Machine {
    let first_line = |path: &str| fs::read_to_string(path).ok()?.lines().next().map(str::to_owned);
    let kernel = first_line("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows the version tells who built the kernel, which is nobody's business.
    let version = kernel.split('-').next().unwrap_or_default();
    Machine {
        cpu: fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| cpu_model(&text))
            .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        kernel: format!("{} {version}", system()).trim_end().to_owned(),
    }
}

fn system() -> &'static str {
    if cfg!(target_os = "linux") { "Linux" } else { std::env::consts::OS }
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// `YYYY-MM-DD` in UTC.
pub fn date(now: SystemTime) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (mut day, mut year) = (since.as_secs() / 86_400, 1970);
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    let february = days_of(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

fn days_of(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    365 + u64::from(leap)
}

/// The version of the compiler that cargo uses in the workspace.
///
/// # Errors
///
/// When it does not say.
pub fn rustc(workspace: &Workspace) -> anyhow::Result<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program)
        .arg("--version")
        .current_dir(workspace.path(""))
        .output()
        .context("cannot ask rustc for its version")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.split_whitespace().nth(1).context("rustc does not say its version")?;
    Ok(version.to_owned())
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<String>,
    /// Where it came from; our own packages come from nowhere.
    source: Option<String>,
}

/// The versions of the peers that a benchmark names, from `Cargo.lock`.
///
/// # Errors
///
/// When the text is no lock file.
pub fn peers(lock: &str, bench_source: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let lock: Lock = toml::from_str(lock).context("Cargo.lock is no lock file")?;
    let benches = lock.package.iter().find(|package| package.name == "benches");
    let wanted = benches.map(|package| &package.dependencies[..]).unwrap_or_default();
    let mut versions = BTreeMap::new();
    for dependency in wanted {
        // `name`, or `name version` where the lock file holds several versions.
        let mut words = dependency.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        let package = lock.package.iter().find(|package| {
            package.name == name && version.is_none_or(|version| package.version == version)
        });
        let named = bench_source.contains(&format!("{}::", name.replace('-', "_")));
        let is_peer = named && name != "criterion";
        if let Some(package) = package.filter(|package| is_peer && package.source.is_some()) {
            versions.insert(package.name.clone(), package.version.clone());
        }
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let day = |n: u64| date(SystemTime::UNIX_EPOCH + Duration::from_secs(n * 86_400 + 86_399));
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(59), "1970-03-01");
        assert_eq!(day(19_781), "2024-02-28");
        assert_eq!(day(19_782), "2024-02-29");
        assert_eq!(day(20_453), "2025-12-31");
        assert_eq!(day(20_454), "2026-01-01");
    }

    #[test]
    fn the_lock_file_knows_which_of_two_versions_a_peer_has() {
        let lock = r#"
            [[package]]
            name = "benches"
            version = "0.1.0"
            dependencies = ["async-lock", "parking_lot 0.13.0", "semaphore", "unused"]
            [[package]]
            name = "async-lock"
            version = "3.5.0"
            source = "registry"
            [[package]]
            name = "parking_lot"
            version = "0.12.5"
            source = "registry"
            [[package]]
            name = "parking_lot"
            version = "0.13.0"
            source = "registry"
            [[package]]
            name = "semaphore"
            version = "0.1.0"
            [[package]]
            name = "unused"
            version = "9.9.9"
            source = "registry"
        "#;
        let bench = "use semaphore::lock; async_lock::Semaphore parking_lot::Mutex";
        let versions = peers(lock, bench).unwrap();
        let expected = [("async-lock", "3.5.0"), ("parking_lot", "0.13.0")];
        assert_eq!(versions, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
    }

    #[test]
    fn the_processor_is_known_by_its_model() {
        let cpuinfo = "processor\t: 0\nmodel name\t: AMD EPYC 7B13\nmodel name\t: other\n";
        assert_eq!(cpu_model(cpuinfo).as_deref(), Some("AMD EPYC 7B13"));
    }
}
