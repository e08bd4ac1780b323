//! What the benches share: short samples, an order that rotates, threads that start together.
//!
//! Two environment variables steer them. `COOKBOOK_ROUND=n` (set by `cookbook report --run`) makes
//! samples still shorter and rotates the contenders by n; `COOKBOOK_DEEP=1` grows thread counts.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, io, mem};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};

mod figure;
mod heats;
mod mailbox;
mod race;
pub use figure::{Figure, figure, figures, is_test};
pub use heats::{Heat, note};
pub use mailbox::Mailbox;
pub use race::{Meter, Race, Spent, race};

/// One contender of a scenario at one parameter.
#[expect(missing_debug_implementations, reason = "closures")]
pub struct Contender<'a> {
    /// Its name in tables and charts.
    pub name: &'static str,
    /// Checks the result once, outside the timed part; a contended one says what it saw.
    pub rehearse: Box<dyn Fn() -> Option<Load> + 'a>,
    /// The time that so many operations take.
    pub time: Box<dyn Fn(u64) -> Duration + 'a>,
}

/// What contention costs. The timed heats, if there are any, know it better than the rehearsal.
#[derive(Debug)]
pub struct Load {
    /// The share of operations that waited.
    pub waited: f64,
    /// Processor time of all threads per operation.
    pub cpu_ns: f64,
}

/// Criterion with short samples.
pub fn settings() -> Criterion {
    let (warm_up, measure, samples) =
        if round().is_some() { (100, 300, 10) } else { (300, 1000, 20) };
    let criterion = Criterion::default().sample_size(samples).nresamples(2_000);
    criterion
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measure))
}

fn round() -> Option<usize> {
    env::var("COOKBOOK_ROUND").ok()?.parse().ok()
}

/// `usual` thread counts, or the growth series.
pub fn thread_counts(usual: &[usize]) -> Vec<usize> {
    if env::var_os("COOKBOOK_DEEP").is_some() { vec![1, 2, 4, 8, 64] } else { usual.to_vec() }
}

/// A criterion group whose contenders are measured in this round's order.
#[expect(missing_debug_implementations, reason = "criterion's group has none")]
pub struct Scenario<'c>(BenchmarkGroup<'c, WallTime>, PathBuf);

impl<'c> Scenario<'c> {
    /// `name` is `recipe/scenario`; loads are noted in `scratch`, the bench's `CARGO_TARGET_TMPDIR`.
    pub fn new(criterion: &'c mut Criterion, name: &str, scratch: &str) -> Self {
        let mut group = criterion.benchmark_group(name);
        group.sampling_mode(SamplingMode::Flat); // no sample too short for threads to meet
        Self(group, Path::new(scratch).join(name))
    }

    /// Rehearses and measures the contenders at `parameter` (threads, tasks, a batch).
    pub fn compare(&mut self, parameter: usize, mut contenders: Vec<Contender<'_>>) {
        let shift = round().unwrap_or(0) % contenders.len();
        contenders.rotate_left(shift);
        for Contender { name, rehearse, time } in contenders {
            let note = self.1.join(format!("{name}/{parameter}.json"));
            let (mut rehearsed, mut asked) = (None, 0);
            self.0.bench_function(BenchmarkId::new(name, parameter), |bencher| {
                if rehearsed.is_none() {
                    rehearsed = Some(rehearse());
                }
                bencher.iter_custom(|operations| {
                    // A warm-up asks for ever more, a measurement for the same again and again.
                    if mem::replace(&mut asked, operations) != operations {
                        heats::forget();
                    }
                    time(operations)
                });
            });
            if let Some(load) = heats::load_or(rehearsed.flatten().as_ref()) {
                write(&note, &load).expect("the target directory is writable");
            }
        }
    }
}

/// Beside criterion's results.
fn write(note: &Path, Load { waited, cpu_ns }: &Load) -> io::Result<()> {
    if is_test() {
        return Ok(());
    }
    fs::create_dir_all(note.parent().unwrap_or(note))?;
    fs::write(note, format!("{{\"waited\": {waited}, \"cpu_ns\": {cpu_ns}}}\n"))
}
