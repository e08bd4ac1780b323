//! Every promise of the README: of the rules in a simulated world, and of both variants on threads.

#[path = "contract/bad_input.rs"]
mod bad_input;
#[path = "shared/cluster.rs"]
mod cluster;
#[path = "contract/counts.rs"]
mod counts;
#[path = "contract/fenced.rs"]
mod fenced;
#[path = "contract/pictures.rs"]
mod pictures;
#[path = "shared/process.rs"]
mod process;
#[path = "shared/promises.rs"]
mod promises;
#[path = "shared/runtimes.rs"]
mod runtimes;
#[path = "contract/sim.rs"]
mod sim;
#[path = "contract/simulated.rs"]
mod simulated;
#[path = "contract/subject.rs"]
mod subject;
#[path = "shared/surface.rs"]
mod surface;

/// Whose tests these are.
use bully as under_test;

/// Past the harness, which would swallow it.
fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}
