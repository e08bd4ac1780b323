//! Every promise of the README, on both variants: over a disk in memory that fails as it is told, and
//! over the real one.

#![expect(clippy::duplicate_mod, reason = "the surface stands once over each disk")]

#[path = "contract/bad_input.rs"]
mod bad_input;
#[path = "contract/errors.rs"]
mod errors;
#[path = "contract/held.rs"]
mod held;
#[path = "shared/memory.rs"]
#[allow(dead_code, unreachable_pub, reason = "public items are private here")]
mod memory;
#[path = "contract/mutated.rs"]
mod mutated;
#[path = "contract/points.rs"]
mod points;
#[path = "contract/processes.rs"]
mod processes;
#[path = "contract/restart.rs"]
mod restart;
#[path = "shared/surface.rs"]
#[allow(dead_code)]
mod surface;

/// Whose tests the ones on the real disk are.
use wal as under_test;

/// Past the harness, which would swallow it.
fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}

fn is_deep() -> bool {
    std::env::var_os("COOKBOOK_DEEP").is_some()
}
