//! The clerk's thread ends with the last of those who could send it something.
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use semaphore::channel::Semaphore;

/// Threads of this process that are called like the clerk. The test is alone in its process.
fn clerks() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "semaphore").count()
}

fn eventually(clerks_left: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while clerks() != clerks_left && Instant::now() < deadline {
        thread::yield_now();
    }
    clerks() == clerks_left
}

#[test]
fn the_clerk_leaves_with_the_last_permit() {
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = semaphore.try_acquire_owned(1).expect("free");
    assert!(semaphore.acquire_timeout(1, Duration::ZERO).is_err());
    drop(semaphore);
    assert!(eventually(1), "the permit needs somebody to go home to");
    drop(permit);
    assert!(eventually(0), "the clerk outlives everybody");
}
