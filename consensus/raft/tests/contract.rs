//! The rules in a simulated world, under every fault that a seed can bring: what must never happen is
//! looked for after each event, what must happen is waited for when the storm is over.

#[path = "simulated/client.rs"]
mod client;
#[path = "simulated/disk.rs"]
mod disk;
#[path = "simulated/history.rs"]
mod history;
#[path = "simulated/ledger.rs"]
mod ledger;
#[path = "simulated/liveness.rs"]
mod liveness;
#[path = "simulated/machine.rs"]
mod machine;
#[path = "simulated/pictures.rs"]
mod pictures;
#[path = "simulated/process.rs"]
mod process;
#[path = "simulated/run.rs"]
mod run;
#[path = "simulated/storms.rs"]
mod storms;
#[path = "simulated/watch.rs"]
mod watch;

/// Past the harness, which would swallow it.
fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}
