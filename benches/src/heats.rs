//! What the timed heats cost beside their time, so that the columns of a row belong together.

use std::mem::take;
use std::sync::Mutex;
use std::time::Duration;

use crate::Load;

/// What one timed heat cost.
#[expect(missing_docs, reason = "named well enough")]
#[derive(Debug)]
pub struct Heat {
    pub operations: u64,
    /// Processor time of all threads.
    pub cpu: Duration,
    /// The operations that waited, if to count them costs the heat nothing.
    pub waited: Option<u64>,
}

static HEATS: Mutex<Vec<Heat>> = Mutex::new(Vec::new());

/// Notes what a timed heat cost. `race` does so by itself.
pub fn note(heat: Heat) {
    HEATS.lock().expect("nothing panics under this mutex").push(heat);
}

/// Forgets the heats so far: they were a rehearsal or a warm-up.
pub(crate) fn forget() {
    drop(taken());
}

/// The medians of the timed heats, or what the rehearsal saw where they did not count.
pub(crate) fn load_or(rehearsed: Option<&Load>) -> Option<Load> {
    let heats = taken();
    let each = |heat: &Heat, sum: f64| sum / heat.operations.max(1) as f64;
    let waited = heats.iter().filter_map(|heat| Some(each(heat, heat.waited? as f64)));
    let cpu_ns = heats.iter().map(|heat| each(heat, heat.cpu.as_nanos() as f64));
    Some(Load {
        waited: median(waited.collect()).or(rehearsed.map(|load| load.waited))?,
        cpu_ns: median(cpu_ns.collect()).or(rehearsed.map(|load| load.cpu_ns))?,
    })
}

fn taken() -> Vec<Heat> {
    take(&mut *HEATS.lock().expect("nothing panics under this mutex"))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
