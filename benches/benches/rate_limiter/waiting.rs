//! How exact waiting is: callers wait for their turns as fast as they get them, and each notes when
//! it passed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::pending;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use benches::{Figure, figure, is_test, race};
use criterion::Criterion;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::contender::{Wait, WaitBlocking};

/// So many that some wait even while a timer is late by several turns.
const TASKS: usize = 64;
const THREADS: usize = 8;

/// What the passes of one run look like.
#[derive(Clone, Copy)]
pub(crate) struct Passes {
    /// How far the rate is from the one that was asked for, in percent of its interval.
    pub(crate) error: f64,
    /// The least burst with which rate and burst hold for every window.
    pub(crate) burst: f64,
}

thread_local! {
    /// One run gives several figures.
    static RUNS: RefCell<HashMap<(&'static str, usize, usize), Passes>> = RefCell::default();
}

/// A figure of a run of `C` at `rate` calls a second.
pub(crate) fn wait<C: Wait>(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    name: &'static str,
    (rate, burst): (usize, usize),
    pick: fn(Passes) -> f64,
) {
    figure(criterion, scenario, name, rate, || {
        let known = RUNS.with_borrow(|runs| runs.get(&(name, rate, burst)).copied());
        let passes = known.unwrap_or_else(|| look(&tasks::<C>(rate, burst), rate, burst));
        RUNS.with_borrow_mut(|runs| runs.insert((name, rate, burst), passes));
        pick(passes)
    });
}

/// How far off the rate is when threads wait.
pub(crate) fn wait_blocking<C: WaitBlocking>(
    criterion: &mut Criterion<Figure>,
    scenario: &str,
    name: &'static str,
    rate: usize,
) {
    figure(criterion, scenario, name, rate, || look(&threads::<C>(rate), rate, 1).error);
}

/// Half a second, or a hundred turns if they take longer; a test is shorter.
fn length(rate: usize) -> Duration {
    let (least, turns) = if is_test() { (100, 20) } else { (500, 100) };
    Duration::from_millis(least).max(Duration::from_secs(1) * turns / rate as u32)
}

fn limiter<C: Wait>(rate: usize, burst: usize) -> C {
    let whole = |n: usize| u32::try_from(n).ok().and_then(NonZeroU32::new).expect("above zero");
    C::new(whole(rate), whole(burst))
}

/// When tasks on one thread pass.
fn tasks<C: Wait>(rate: usize, burst: usize) -> Vec<Instant> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (passes, callers) = (Rc::new(RefCell::new(Vec::new())), LocalSet::new());
    let limiter = Rc::new({
        let _inside = runtime.enter();
        limiter::<C>(rate, burst)
    });
    for _ in 0..TASKS {
        let (limiter, passes) = (Rc::clone(&limiter), Rc::clone(&passes));
        callers.spawn_local(async move {
            loop {
                limiter.wait().await;
                passes.borrow_mut().push(Instant::now());
            }
        });
    }
    let end = async { timeout(length(rate), pending::<()>()).await };
    let ended = callers.block_on(&runtime, end);
    assert!(ended.is_err(), "nothing ends but the time");
    drop(callers);
    passes.take()
}

/// When threads pass, in order.
fn threads<C: WaitBlocking>(rate: usize) -> Vec<Instant> {
    let (limiter, passes) = (limiter::<C>(rate, 1), Mutex::new(Vec::new()));
    race(THREADS, length(rate), |stop| {
        let mut own = Vec::new();
        while !stop.load(Relaxed) {
            limiter.wait_blocking();
            own.push(Instant::now());
        }
        let mut passes = passes.lock().expect("nobody panics");
        passes.append(&mut own);
        0
    });
    let mut passes = passes.into_inner().expect("nobody panics");
    passes.sort_unstable();
    passes
}

fn look(passes: &[Instant], rate: usize, burst: usize) -> Passes {
    assert!(passes.is_sorted(), "time runs backwards");
    let regular = &passes[burst.min(passes.len())..];
    assert!(regular.len() > 2, "only {} calls passed in all that time", passes.len());
    Passes { error: error(regular, rate as f64), burst: seen_burst(passes, rate as f64) }
}

/// The slope of the line through all passes (least squares), beside the interval it should be.
fn error(passes: &[Instant], rate: f64) -> f64 {
    let at = |pass: &Instant| pass.duration_since(passes[0]).as_secs_f64() * rate;
    let middle = (passes.len() - 1) as f64 / 2.0;
    let (mut along, mut across) = (0.0, 0.0);
    for (n, pass) in passes.iter().enumerate() {
        let turn = n as f64 - middle;
        along += turn * turn;
        across += turn * at(pass);
    }
    ((across / along - 1.0) * 100.0).abs()
}

/// The most passes in any window beyond what the rate alone gives it.
fn seen_burst(passes: &[Instant], rate: f64) -> f64 {
    let (mut most, mut least_ahead) = (0.0_f64, f64::INFINITY);
    for (n, pass) in passes.iter().enumerate() {
        let ahead = n as f64 - pass.duration_since(passes[0]).as_secs_f64() * rate;
        least_ahead = least_ahead.min(ahead);
        most = most.max(ahead - least_ahead + 1.0);
    }
    most
}
