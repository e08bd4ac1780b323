//! Runs a scenario under one schedule after the other, and says which one breaks it.

use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::record;
use crate::schedule::{Schedule, is_set, name};
use crate::scheduler::{Bounded, Progress, UNREPEATABLE};

/// [`fails`] gives up after trying every schedule with so many preemptions.
pub const FAILS_PREEMPTIONS: usize = 4;

/// [`fails`] gives up after trying so many schedules.
pub const FAILS_SCHEDULES: usize = 200_000;

/// A run of a scenario may take so many steps; one that takes more is reported as endless.
pub const STEPS: usize = 20_000;

/// Stacks are mapped, and cost memory only as far as they are used.
const STACK: usize = 256 * 1024;

/// Tries every schedule with at most `bound` preemptions, those with the fewest first, and returns
/// how many there are.
///
/// # Panics
/// If the scenario fails under one of them: with that schedule, as lanes.
#[track_caller]
pub fn holds(bound: usize, scenario: impl Fn() + Send + Sync + 'static) -> usize {
    let (tried, failure) = search(bound, usize::MAX, scenario);
    if let Some(schedule) = failure {
        let Schedule { index, preemptions, .. } = schedule;
        panic!("fails under schedule {index}, preemptions: {preemptions}\n\n{schedule}\n");
    }
    tried
}

/// Finds a schedule under which the scenario fails, with the fewest preemptions there can be.
///
/// # Panics
/// If there is none with up to [`FAILS_PREEMPTIONS`] preemptions among the first
/// [`FAILS_SCHEDULES`] schedules.
#[track_caller]
pub fn fails(scenario: impl Fn() + Send + Sync + 'static) -> Schedule {
    let (tried, failure) = search(FAILS_PREEMPTIONS, FAILS_SCHEDULES, scenario);
    let Some(schedule) = failure else {
        panic!(
            "no failing schedule found: {tried} tried, the limits are {FAILS_SCHEDULES} and \
             {FAILS_PREEMPTIONS} preemptions. Does the scenario assert what it should, and use the \
             primitives of shuttle only? Then make it smaller: fewer tasks, fewer steps"
        )
    };
    schedule
}

/// The bound a test should explore: `plain`, and one more if `COOKBOOK_DEEP` is set.
#[must_use]
pub fn bound(plain: usize) -> usize {
    plain + usize::from(is_set("COOKBOOK_DEEP"))
}

/// Bound after bound, so that the first failure has the fewest preemptions: how many schedules were
/// tried, and the one that fails.
#[track_caller]
fn search(
    bound: usize,
    budget: usize,
    scenario: impl Fn() + Send + Sync + 'static,
) -> (usize, Option<Schedule>) {
    record::quieten_panics();
    let scenario = Arc::new(scenario);
    let mut tried = 0;
    for bound in 0..=bound {
        let scenario = Arc::clone(&scenario);
        // A thread of its own: a failed run leaves its tasks behind in shuttle's thread-locals.
        let run = thread::spawn(move || explore(bound, budget - tried, move || scenario()));
        let (fresh, failure) = run.join().expect("an exploration returns what went wrong");
        tried += fresh;
        if let Some(schedule) = failure {
            assert!(schedule.message != UNREPEATABLE, "{UNREPEATABLE}");
            return (tried, Some(Schedule { index: tried, ..schedule }));
        }
        if fresh == 0 || tried >= budget {
            break; // no schedule has so many preemptions, so none has more; or the budget is spent
        }
    }
    (tried, None)
}

/// Tries the schedules with exactly `bound` preemptions. To get there it repeats those with fewer,
/// which it does not count.
fn explore(
    bound: usize,
    budget: usize,
    scenario: impl Fn() + Send + Sync + 'static,
) -> (usize, Option<Schedule>) {
    let progress = Rc::new(Progress::default());
    let runner = Runner::new(Bounded::new(bound, budget, Rc::clone(&progress)), config());
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        runner.run(move || {
            record::start();
            scenario();
        })
    }));
    let record = record::take();
    let failure = outcome.err().map(|payload| {
        let message = record::text_of(&*payload);
        let (notes, task) = record.until_panic(&message);
        let preemptions = progress.preemptions.get();
        Schedule { index: 0, preemptions, notes, task, message: in_our_words(message) }
    });
    (progress.tried.get() + usize::from(failure.is_some()), failure)
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(STEPS);
    config.silence_warnings = true;
    config
}

/// Shuttle's own verdicts, with the tasks named as in the lanes.
fn in_our_words(message: String) -> String {
    if let Some(blocked) = message.strip_prefix("deadlock! blocked tasks: ") {
        // Each is "name (task Name(7))".
        let tasks = blocked.split("(task ").skip(1);
        let numbers = tasks.filter_map(|task| task.split(')').next()?.rsplit('(').next());
        let names = numbers.filter_map(|number| number.parse().ok().map(name));
        return format!("deadlock: {} blocked for ever", names.collect::<Vec<_>>().join(", "));
    }
    if message.starts_with("exceeded max_steps bound") {
        return format!("no end after {STEPS} steps: a loop that spins without yielding?");
    }
    message
}
