//! How much there is to read.

macro_rules! sources {
    ($($file:literal)*) => {
        [$(include_str!(concat!("../../../../consensus/raft/src/", $file))),*]
    };
}

pub(crate) fn lock() -> f64 {
    count(&sources!("lock.rs" "lock/slot.rs" "lock/threads.rs"))
}

pub(crate) fn channel() -> f64 {
    count(&sources!("channel.rs" "channel/inbox.rs" "channel/owner.rs" "channel/workers.rs"))
}

/// What both need beside the rules.
pub(crate) fn shared() -> f64 {
    count(&sources!("desk.rs" "desk/job.rs" "desk/words.rs" "node.rs" "sync.rs"))
}

/// Without blank lines and comments.
fn count(sources: &[&str]) -> f64 {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    sources.iter().flat_map(|source| source.lines()).filter(is_code).count() as f64
}
