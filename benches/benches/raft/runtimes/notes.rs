//! What the timed heats cost beside their time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use benches::Spent;

use super::bodies::Used;
use super::contender::{Cluster, Scene};

/// What one heat cost.
pub(crate) struct Note {
    pub(crate) commands: u64,
    pub(crate) spent: Spent,
    pub(crate) waits: Vec<Duration>,
    /// How many fsyncs there were, and how long they took.
    pub(crate) syncs: (u64, Duration),
}

/// The sum of all heats of one contender with so many clients.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sum {
    commands: u64,
    cpu: Duration,
    switches: u64,
    syncs: u64,
    syncing: Duration,
    /// How long each timed command waited, in tenths of a microsecond; as many as there were.
    waits: BTreeMap<u64, u64>,
}

type Key = (String, usize, Scene);

static SUMS: Mutex<BTreeMap<Key, Sum>> = Mutex::new(BTreeMap::new());

pub(crate) fn add(contender: &str, clients: usize, scene: Scene, note: &Note) {
    let mut sums = SUMS.lock().expect("nothing panics under this mutex");
    let sum = sums.entry((contender.to_owned(), clients, scene)).or_default();
    sum.commands += note.commands;
    sum.cpu += note.spent.cpu;
    sum.switches += note.spent.switches;
    sum.syncs += note.syncs.0;
    sum.syncing += note.syncs.1;
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
pub(crate) fn of<C: Cluster>(contender: &str, clients: usize, scene: Scene) -> Sum {
    let key = (contender.to_owned(), clients, scene);
    let known = || SUMS.lock().expect("nothing panics under this mutex").get(&key).cloned();
    known().unwrap_or_else(|| {
        let mut used = Used::<C>::start(scene);
        let commands = if benches::is_test() || matches!(scene, Scene::Durable | Scene::Loopback) {
            100
        } else {
            20_000
        };
        let (_, note) = used.heat(clients as u64, commands);
        add(contender, clients, scene, &note);
        known().expect("it was just noted")
    })
}

impl Sum {
    pub(crate) fn cpu(&self) -> f64 {
        self.cpu.as_nanos() as f64 / self.commands as f64
    }

    pub(crate) fn switches(&self) -> f64 {
        // No figure may be nothing.
        self.switches.max(1) as f64 / self.commands as f64
    }

    /// How many commands one fsync of a node made safe.
    pub(crate) fn per_sync(&self) -> f64 {
        3.0 * self.commands as f64 / self.syncs as f64
    }

    /// How long one took, in microseconds.
    pub(crate) fn sync(&self) -> f64 {
        self.syncing.as_secs_f64() * 1e6 / self.syncs as f64
    }

    /// So many in a hundred waited no longer, in microseconds.
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
