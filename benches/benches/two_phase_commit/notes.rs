//! What the timed heats cost beside their time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use benches::Spent;

use super::bodies::Used;
use super::contender::{Contender, Did, Scene};

/// What one heat cost.
#[derive(Default)]
pub(crate) struct Note {
    /// From the first start to the last end.
    pub(crate) time: Duration,
    /// Of each transfer.
    pub(crate) waits: Vec<Duration>,
    pub(crate) spent: Spent,
    pub(crate) did: Did,
}

/// The sum of all heats of one contender with so many clients.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sum {
    transfers: u64,
    spent: Spent,
    did: Did,
    /// How long each transfer took, in tenths of a microsecond; as many as there were.
    waits: BTreeMap<u64, u64>,
}

/// What was noted of a contender.
pub(crate) type Noted = fn(&str, usize, Scene) -> Sum;

type Key = (String, usize, Scene);

static SUMS: Mutex<BTreeMap<Key, Sum>> = Mutex::new(BTreeMap::new());

pub(crate) fn add(contender: &str, clients: usize, scene: Scene, note: &Note) {
    let mut sums = SUMS.lock().expect("nothing panics under this mutex");
    let sum = sums.entry((contender.to_owned(), clients, scene)).or_default();
    sum.transfers += note.waits.len() as u64;
    sum.spent.cpu += note.spent.cpu;
    sum.spent.switches += note.spent.switches;
    sum.did.messages += note.did.messages;
    sum.did.forced += note.did.forced;
    sum.did.syncs += note.did.syncs;
    sum.did.syncing += note.did.syncing;
    for wait in &note.waits {
        *sum.waits.entry(rounded(wait.as_nanos() as u64 / 100)).or_default() += 1;
    }
}

/// To three digits, so that there are not too many.
fn rounded(wait: u64) -> u64 {
    let unit = 10_u64.pow(wait.max(1).ilog10().saturating_sub(2));
    wait / unit * unit
}

/// What was noted of a contender; if nothing was timed, a heat is run now.
pub(crate) fn of<C: Contender>(contender: &str, clients: usize, scene: Scene) -> Sum {
    let key = (contender.to_owned(), clients, scene);
    let known = || SUMS.lock().expect("nothing panics under this mutex").get(&key).cloned();
    known().unwrap_or_else(|| {
        let limit = Duration::from_millis(if benches::is_test() { 10 } else { 500 });
        let (note, ()) = Used::<C>::start(scene, clients).heat(limit, || ());
        add(contender, clients, scene, &note);
        known().expect("it was just noted")
    })
}

impl Sum {
    fn each(&self, all: u64) -> f64 {
        all as f64 / self.transfers as f64
    }

    pub(crate) fn messages(&self) -> f64 {
        self.each(self.did.messages)
    }

    pub(crate) fn forced(&self) -> f64 {
        self.each(self.did.forced)
    }

    pub(crate) fn syncs(&self) -> f64 {
        self.each(self.did.syncs)
    }

    /// How long one took, in microseconds.
    pub(crate) fn sync(&self) -> f64 {
        self.did.syncing.as_secs_f64() * 1e6 / self.did.syncs as f64
    }

    /// In microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.spent.cpu.as_secs_f64() * 1e6 / self.transfers as f64
    }

    pub(crate) fn switches(&self) -> f64 {
        // No figure may be nothing.
        self.each(self.spent.switches.max(1))
    }

    /// So many in a hundred took no longer, in microseconds.
    pub(crate) fn percentile(&self, percent: u64) -> f64 {
        let all: u64 = self.waits.values().sum();
        let mut below = 0;
        let at = self.waits.iter().find(|(_, count)| {
            below += **count;
            below * 100 >= all * percent
        });
        at.map_or(f64::NAN, |(wait, _)| *wait.max(&1) as f64 / 10.0)
    }
}
