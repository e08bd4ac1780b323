//! What it costs that two stores both do their part of a transfer, or neither does.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Figures that are no times
//! name their unit there, and are those of the timed heats themselves: a disk drifts. There are two
//! participants in all of them, the case that most have who move something from here to there, and no two
//! transfers are in each other's way. All is in one process, joined by `here::Here`.

use benches::{Figure, Scenario, figures, settings};
use criterion::{Criterion, criterion_group};

#[path = "two_phase_commit/accounts.rs"]
mod accounts;
#[path = "two_phase_commit/bodies.rs"]
mod bodies;
#[path = "two_phase_commit/book.rs"]
mod book;
#[path = "two_phase_commit/contender.rs"]
mod contender;
#[path = "two_phase_commit/crowd.rs"]
mod crowd;
#[path = "two_phase_commit/folders.rs"]
mod folders;
#[path = "two_phase_commit/limit.rs"]
mod limit;
#[path = "two_phase_commit/notes.rs"]
mod notes;
#[path = "two_phase_commit/ours.rs"]
mod ours;

use bodies::transfers;
use contender::Scene;
use crowd::Crowd;
use limit::Limit;
use notes::Sum;
use ours::Bank;
use two_phase_commit::{channel, lock};

type Lock = Bank<lock::Coordinator>;
type Channel = Bank<channel::Coordinator>;

const CLIENTS: [usize; 3] = [1, 64, 1_024];

fn compare(criterion: &mut Criterion, name: &str, scene: Scene) {
    let mut scenario = Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"));
    for clients in CLIENTS {
        let all = vec![
            transfers::<Limit>("limit", clients, scene),
            transfers::<Lock>("lock", clients, scene),
            transfers::<Channel>("channel", clients, scene),
        ];
        scenario.compare(clients, all);
    }
}

/// `two-phase-commit/durable` by clients: each client, on a thread of its own, moves something from one
/// store to another and waits until that is decided and safe, again and again; coordinator and stores have a
/// log each, of the crate `wal`, all on one disk. How long a transfer takes. `limit` is a round trip from
/// thread to thread, on which both others make a record safe at the same time, and then one fsync more.
fn durable(criterion: &mut Criterion) {
    compare(criterion, "two-phase-commit/durable", Scene::Durable);
}

/// `two-phase-commit/memory` by clients: as `durable`, with logs in memory that are safe at once, so that
/// it is messages, wake-ups and rules that are timed.
fn memory(criterion: &mut Criterion) {
    compare(criterion, "two-phase-commit/memory", Scene::Memory);
}

fn tell(criterion: &mut Criterion<Figure>, scenario: &str, figure: fn(&Sum) -> f64) {
    for clients in CLIENTS {
        let all = [("lock", notes::of::<Lock> as notes::Noted), ("channel", notes::of::<Channel>)];
        for (contender, of) in all {
            benches::figure(criterion, scenario, contender, clients, || {
                figure(&of(contender, clients, Scene::Durable))
            });
        }
    }
}

/// `two-phase-commit/messages` in messages by clients: how many went to participants and back for a
/// transfer, in the heats of `durable`.
fn messages(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/messages", Sum::messages);
}

/// `two-phase-commit/forced` in records by clients: how many records of a transfer somebody had to wait for,
/// in all three logs, in the heats of `durable`.
fn forced(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/forced", Sum::forced);
}

/// `two-phase-commit/fsyncs` in fsyncs by clients: how many there were for a transfer, in all three logs, in
/// the heats of `durable`.
fn syncs(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/fsyncs", Sum::syncs);
}

/// `two-phase-commit/fsync` in microseconds by clients: how long one took on average, in the heats of
/// `durable`.
fn sync(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/fsync", Sum::sync);
}

/// `two-phase-commit/latency` in microseconds by clients: how long half of the transfers took at most, in
/// the heats of `durable`.
fn median(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/latency", |sum| sum.percentile(50));
}

/// `two-phase-commit/latency-99` in microseconds by clients: how long 99 in 100 took at most.
fn tail(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/latency-99", |sum| sum.percentile(99));
}

/// `two-phase-commit/cpu` in microseconds by clients: what a transfer costs of the processor, on all threads
/// and until its end is known, in the heats of `durable`.
fn cpu(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/cpu", Sum::cpu);
}

/// `two-phase-commit/wake-ups` in wake-ups by clients: how often a thread had to be woken for a transfer, in
/// the heats of `durable`.
fn wake_ups(criterion: &mut Criterion<Figure>) {
    tell(criterion, "two-phase-commit/wake-ups", Sum::switches);
}

fn tell_crowd(criterion: &mut Criterion<Figure>, scenario: &str, figure: fn(Crowd) -> f64) {
    for contender in ["lock", "channel"] {
        let clients = crowd::CLIENTS;
        benches::figure(criterion, scenario, contender, clients, || figure(crowd::of(contender)));
    }
}

/// `two-phase-commit/threads` in threads by clients: how many there are in a process that does as
/// `durable` says, the clients' own among them.
fn threads(criterion: &mut Criterion<Figure>) {
    tell_crowd(criterion, "two-phase-commit/threads", |crowd| crowd.threads);
}

/// `two-phase-commit/resident` in MiB by clients: how much memory such a process has, the clients' stacks
/// among it.
fn resident(criterion: &mut Criterion<Figure>) {
    tell_crowd(criterion, "two-phase-commit/resident", |crowd| crowd.resident);
}

criterion_group! {
    name = times;
    config = settings();
    targets = durable, memory
}
criterion_group! {
    name = mail;
    config = figures("messages");
    targets = messages
}
criterion_group! {
    name = records;
    config = figures("records");
    targets = forced
}
criterion_group! {
    name = fsyncs;
    config = figures("fsyncs");
    targets = syncs
}
criterion_group! {
    name = microseconds;
    config = figures("microseconds");
    targets = sync, median, tail, cpu
}
criterion_group! {
    name = switches;
    config = figures("wake-ups");
    targets = wake_ups
}
criterion_group! {
    name = crowds;
    config = figures("threads");
    targets = threads
}
criterion_group! {
    name = room;
    config = figures("MiB");
    targets = resident
}

/// As `criterion_main` has it, but for the process that is only looked at.
fn main() {
    if crowd::is_one() {
        return;
    }
    for group in [times, mail, records, fsyncs, microseconds, switches, crowds, room] {
        group();
    }
    Criterion::default().configure_from_args().final_summary();
}
