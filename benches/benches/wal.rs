//! What a record costs that is safe on the disk, and what the sharing of an fsync is worth.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Figures that are no
//! times name their unit there, and are those of the timed heats themselves: a disk drifts.

#![expect(
    unreachable_pub,
    reason = "the variants are compiled in here once more, over a slow disk"
)]

use benches::{Figure, Scenario, figures, settings};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "wal/alone.rs"]
mod alone;
#[path = "wal/bodies.rs"]
mod bodies;
#[path = "wal/contender.rs"]
mod contender;
#[path = "wal/ours.rs"]
mod ours;
#[path = "wal/peers.rs"]
mod peers;
#[path = "wal/rungs.rs"]
mod rungs;
#[path = "wal/seen.rs"]
mod seen;
#[path = "wal/slow.rs"]
mod slow;

use alone::Alone;
use bodies::force;
use peers::Okay;
use rungs::{Appending, Herd, Woken};
use seen::Seen;
use wal::{channel, lock};

const WRITERS: [usize; 4] = [1, 8, 64, 1024];

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `wal/force` by writers: each writer appends 64 bytes and waits until they are safe, again and again;
/// how long a record takes. `fsync-each` writes and syncs each record by itself, in a file of zeros.
fn forced(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "wal/force");
    for writers in WRITERS {
        let all = vec![
            force::<lock::Wal>("lock", writers),
            force::<channel::Wal>("channel", writers),
            force::<Alone>("fsync-each", writers),
            force::<Okay>("okaywal", writers),
        ];
        scenario.compare(writers, all);
    }
}

/// `wal/ladder` by writers: as `force`, from the textbook form of both structures, one lever more on
/// each rung: each record its own fsync, an fsync for all who wait, a file of zeros instead of one that
/// grows, and only those woken who were served.
fn ladder(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "wal/ladder");
    let writers = 64;
    let all = vec![
        force::<Alone>("lock fsync-each", writers),
        force::<Appending>("lock shared-fsync", writers),
        force::<Herd>("lock zeros", writers),
        force::<lock::Wal>("lock served-alone-woken", writers),
        force::<Woken<false>>("channel fsync-each", writers),
        force::<Woken<true>>("channel shared-fsync", writers),
        force::<channel::Wal>("channel zeros", writers),
    ];
    scenario.compare(writers, all);
}

fn tell(criterion: &mut Criterion<Figure>, scenario: &str, figure: fn(&Seen) -> f64) {
    for writers in WRITERS {
        for (contender, seen) in [
            ("lock", seen::of::<lock::Wal> as fn(&str, usize) -> Seen),
            ("channel", seen::of::<channel::Wal>),
            ("fsync-each", seen::of::<Alone>),
        ] {
            benches::figure(criterion, scenario, contender, writers, || {
                figure(&seen(contender, writers))
            });
        }
    }
}

/// `wal/records-per-fsync` in records by writers: how many records one fsync made safe, in the heats of
/// `force`.
fn sharing(criterion: &mut Criterion<Figure>) {
    tell(criterion, "wal/records-per-fsync", |seen| seen.records as f64 / seen.syncs as f64);
}

/// `wal/fsyncs` in fsyncs by writers: how many there were in the heats of `force`.
fn syncs(criterion: &mut Criterion<Figure>) {
    tell(criterion, "wal/fsyncs", |seen| seen.syncs as f64);
}

/// `wal/fsync` in microseconds by writers: how long one took on average in the heats of `force`.
fn fsync(criterion: &mut Criterion<Figure>) {
    tell(criterion, "wal/fsync", |seen| seen.syncing.as_secs_f64() * 1e6 / seen.syncs as f64);
}

/// `wal/latency` in microseconds by writers: how long half of the writers waited at most for a record,
/// in the heats of `force`.
fn median(criterion: &mut Criterion<Figure>) {
    tell(criterion, "wal/latency", |seen| seen.percentile(50));
}

/// `wal/latency-99` in microseconds by writers: how long 99 in 100 waited at most.
fn tail(criterion: &mut Criterion<Figure>) {
    tell(criterion, "wal/latency-99", |seen| seen.percentile(99));
}

/// `wal/waits` in fsyncs by writers: how long half of the writers waited at most, in fsyncs of the same
/// heats: 1 is the least there is, and 2 for who comes while one is under way.
fn waits(criterion: &mut Criterion<Figure>) {
    tell(criterion, "wal/waits", |seen| {
        seen.percentile(50) * seen.syncs as f64 / (seen.syncing.as_secs_f64() * 1e6)
    });
}

/// `wal/slow-append` in microseconds by writers: the disk takes a second for one fsync; how long the
/// slowest append and the slowest look at `durable` took meanwhile, of a thousand.
fn slow_append(criterion: &mut Criterion<Figure>) {
    let name = "wal/slow-append";
    benches::figure(criterion, name, "lock", 1, slow::append::<slow::lock::Wal>);
    benches::figure(criterion, name, "channel", 1, slow::append::<slow::channel::Wal>);
}

/// `wal/slow-force` in milliseconds by writers: the disk takes a second for one fsync; how long the
/// last of those who came just after it had begun waited for their record.
fn slow_force(criterion: &mut Criterion<Figure>) {
    let name = "wal/slow-force";
    for writers in [1, 64] {
        benches::figure(criterion, name, "lock", writers, || {
            slow::force::<slow::lock::Wal>(writers)
        });
        benches::figure(criterion, name, "channel", writers, || {
            slow::force::<slow::channel::Wal>(writers)
        });
    }
}

criterion_group! {
    name = times;
    config = settings();
    targets = forced, ladder
}
criterion_group! {
    name = records;
    config = figures("records");
    targets = sharing
}
criterion_group! {
    name = counts;
    config = figures("fsyncs");
    targets = syncs, waits
}
criterion_group! {
    name = microseconds;
    config = figures("microseconds");
    targets = fsync, median, tail, slow_append
}
criterion_group! {
    name = milliseconds;
    config = figures("milliseconds");
    targets = slow_force
}
criterion_main!(times, records, counts, microseconds, milliseconds);
