//! What the timed heats saw beside their time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::bodies::{heat, open};
use super::contender::Contender;

/// The sum of all heats of one contender at one number of writers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub(crate) records: u64,
    pub(crate) syncs: u64,
    pub(crate) syncing: Duration,
    /// How long each record waited, in microseconds; as many as there were.
    waits: BTreeMap<u64, u64>,
}

static SEEN: Mutex<BTreeMap<(String, usize), Seen>> = Mutex::new(BTreeMap::new());

fn with<R>(contender: &str, writers: usize, change: impl FnOnce(&mut Seen) -> R) -> R {
    let mut seen = SEEN.lock().expect("nothing panics under this mutex");
    change(seen.entry((contender.to_owned(), writers)).or_default())
}

pub(crate) fn note(contender: &str, writers: usize, waits: &[Duration]) {
    with(contender, writers, |seen| {
        for wait in waits {
            *seen.waits.entry(rounded(wait.as_micros() as u64)).or_default() += 1;
        }
    });
}

/// To three digits, so that there are not too many.
fn rounded(micros: u64) -> u64 {
    let unit = 10_u64.pow(micros.max(1).ilog10().saturating_sub(2));
    micros / unit * unit
}

pub(crate) fn add(contender: &str, writers: usize, records: u64, syncs: u64, syncing: Duration) {
    with(contender, writers, |seen| {
        seen.records += records;
        seen.syncs += syncs;
        seen.syncing += syncing;
    });
}

/// What was seen of a contender; if nothing was timed, a short heat is run now.
pub(crate) fn of<C: Contender>(contender: &str, writers: usize) -> Seen {
    let seen = with(contender, writers, |seen| seen.clone());
    if seen.syncs > 0 {
        return seen;
    }
    heat(contender, writers, &open::<C>(), Duration::from_millis(20));
    with(contender, writers, |seen| seen.clone())
}

impl Seen {
    /// So many in a hundred waited no longer, in microseconds.
    pub(crate) fn percentile(&self, percent: u64) -> f64 {
        let all: u64 = self.waits.values().sum();
        let mut below = 0;
        let at = self.waits.iter().find(|(_, count)| {
            below += **count;
            below * 100 >= all * percent
        });
        at.map_or(f64::NAN, |(micros, _)| micros.max(&1).to_owned() as f64)
    }
}
