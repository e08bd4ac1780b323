//! Every promise of the README.

#[path = "contract/clocks.rs"]
mod clocks;
#[path = "contract/disks.rs"]
mod disks;
#[path = "contract/judged.rs"]
mod judged;
#[path = "contract/network.rs"]
mod network;
#[path = "contract/nodes.rs"]
mod nodes;
#[path = "contract/peer.rs"]
mod peer;
#[path = "../examples/find_the_stale_read/register.rs"]
mod register;
#[path = "contract/registry.rs"]
mod registry;
#[path = "contract/repeats.rs"]
mod repeats;
#[path = "contract/storms.rs"]
mod storms;

/// Past the harness, which would swallow it.
fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}

/// Compares a text with the file in `tests` that the README shows. `SIMNET_ACCEPT=1` rewrites it.
fn stored(name: &str, text: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, text).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == text, "tests/{name} differs; SIMNET_ACCEPT=1 stores this:\n\n{text}");
}
