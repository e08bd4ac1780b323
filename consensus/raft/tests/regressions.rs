//! What went wrong elsewhere, or here, and goes right now. Each test is named after it and says where it was seen.
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/solo.rs"]
mod solo;

#[path = "regressions/found_here.rs"]
mod found_here;
