//! What went wrong elsewhere, or here, and goes right now. Each test is named after it and says where
//! it was seen.
//!
//! The rows are those of the table of known faults, as far as the rules can have them. The others
//! belong to what surrounds the rules: 15 (a read error of the disk), 16 (torn writes, a failed sync
//! that is retried), 22 (blocking under the lock) and 26 (compaction that deletes term and vote) stand
//! with the runtimes and the storage, 17 (a wiped disk under its old name) with the transport's
//! greeting, 20 (a client that retries) with the sessions. What the rules do for 17 and 20 is tested here.

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/solo.rs"]
mod solo;

#[path = "regressions/elections.rs"]
mod elections;
#[path = "regressions/found_here.rs"]
mod found_here;
#[path = "regressions/logs.rs"]
mod logs;
#[path = "regressions/reads_and_changes.rs"]
mod reads_and_changes;
