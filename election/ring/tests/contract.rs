//! Every promise of the README: of the rules in a simulated world, and of both variants on threads.

#[path = "contract/bad_input.rs"]
mod bad_input;
#[path = "../../bully/tests/shared/cluster.rs"]
mod cluster;
#[path = "contract/counts.rs"]
mod counts;
#[path = "contract/letters.rs"]
mod letters;
#[path = "contract/pictures.rs"]
mod pictures;
#[path = "../../bully/tests/shared/process.rs"]
mod process;
#[path = "../../bully/tests/shared/promises.rs"]
mod promises;
#[path = "contract/rivals.rs"]
mod rivals;
#[path = "../../bully/tests/shared/runtimes.rs"]
mod runtimes;
#[path = "contract/sim.rs"]
mod sim;
#[path = "contract/simulated.rs"]
mod simulated;
#[path = "contract/subject.rs"]
mod subject;
#[path = "../../bully/tests/shared/surface.rs"]
mod surface;

/// Whose tests these are.
use ring as under_test;

/// Past the harness, which would swallow it.
fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}
