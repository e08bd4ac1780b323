//! Logs of requests: one from a file, and one that is made up.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

/// A request: when and whose.
pub(crate) type Request = (Duration, String);

/// Reads a file, a line when it is asked for.
pub(crate) fn open(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Request, String>> + use<>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    Ok(BufReader::new(file).lines().enumerate().map(|(n, line)| {
        let line = line.map_err(|error| error.to_string())?;
        request(&line).map_err(|mistake| format!("line {}: {mistake}", n + 1))
    }))
}

/// Reads `SECONDS USER`.
pub(crate) fn request(line: &str) -> Result<Request, String> {
    let (seconds, user) = line.split_once(' ').ok_or("a request is `SECONDS USER`")?;
    let is_time = |seconds: &f64| (0.0..1e10).contains(seconds);
    let at = seconds.parse().ok().filter(is_time).map(Duration::from_secs_f64);
    Ok((at.ok_or_else(|| format!("{seconds:?} are no seconds"))?, user.trim().to_owned()))
}

/// Ten seconds of requests: when and whose.
pub(crate) fn ten_seconds() -> Vec<Request> {
    let mut log = Vec::new();
    let mut ask = |user: &str, times: u32, first: Duration, every: Duration| {
        log.extend((0..times).map(|n| (first + every * n, user.to_owned())));
    };
    ask("greedy", 500, Duration::ZERO, Duration::from_millis(20));
    for (n, user) in (1..).zip(["ada", "bob", "eve"]) {
        ask(user, 40, Duration::from_millis(n), Duration::from_millis(250));
    }
    for n in 0..200 {
        ask(&format!("visitor {n}"), 1, Duration::from_millis(50 * n), Duration::ZERO);
    }
    log.sort();
    log
}
