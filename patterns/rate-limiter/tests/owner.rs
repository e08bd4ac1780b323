//! The owner's thread ends with the last of those who could ask it something.
#![cfg(target_os = "linux")]

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rate_limiter::Quota;
use rate_limiter::channel::{Keyed, Limiter};

/// Threads of this process that are called like the owner. The test is alone in its process.
fn owners() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "rate-limiter").count()
}

fn eventually(owners_left: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while owners() != owners_left && Instant::now() < deadline {
        thread::yield_now();
    }
    owners() == owners_left
}

#[test]
fn the_owner_leaves_with_the_last_handle() {
    let quota = Quota::per_second(1000, 1).expect("a quota");
    let (limiter, keyed) = (Limiter::new(quota), Keyed::<String>::new(quota));
    limiter.acquire_blocking(1).expect("open");
    keyed.try_acquire("a", 1).expect("open");
    assert!(eventually(2), "one for each");
    keyed.close();
    assert!(eventually(2), "closed, it still has to say so");
    drop(keyed);
    assert!(eventually(1));
    drop(limiter);
    assert!(eventually(0), "the owner outlives everybody");
}
