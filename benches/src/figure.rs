//! Figures that are no times: each is taken once, and criterion is handed it as it hands out
//! everything else, with a filter, a terminal line and a file.

use std::cell::OnceCell;
use std::env;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};

/// What a figure counts, such as `percent`; the same word as in the scenario's definition.
#[derive(Debug)]
pub struct Figure(pub &'static str);

impl Measurement for Figure {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) {}

    fn end(&self, (): ()) -> f64 {
        f64::NAN // a figure cannot be clocked
    }

    fn add(&self, one: &f64, other: &f64) -> f64 {
        one + other
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for Figure {
    fn scale_values(&self, _: f64, _: &mut [f64]) -> &'static str {
        self.0
    }

    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        self.0
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        self.0
    }
}

/// Criterion for figures, which asks for each but once.
pub fn figures(unit: &'static str) -> Criterion<Figure> {
    let criterion = Criterion::default().sample_size(10).nresamples(1_001);
    let criterion = criterion.warm_up_time(Duration::from_nanos(1)).without_plots();
    criterion.measurement_time(Duration::from_mins(1)).with_measurement(Figure(unit))
}

/// Whether this is a test, which leaves no results: then a figure need not be good.
pub fn is_test() -> bool {
    let asked = |flag: &str| env::args().any(|arg| arg == flag);
    !asked("--bench") || asked("--test")
}

/// Takes a figure of `scenario` (`recipe/scenario`). It must be above zero.
pub fn figure(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    contender: &str,
    parameter: usize,
    take: impl Fn() -> f64,
) {
    let mut group = criterion.benchmark_group(scenario);
    group.sampling_mode(SamplingMode::Flat);
    let taken = OnceCell::new();
    group.bench_function(BenchmarkId::new(contender, parameter), |bencher| {
        bencher.iter_custom(|iterations| taken.get_or_init(&take) * iterations as f64);
    });
    group.finish();
}
