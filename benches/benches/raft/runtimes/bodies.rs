//! The body that is timed, the same for all contenders.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{process, thread};

use benches::{Contender as Entry, Meter};

use super::contender::{Cluster, Lane, Scene};
use super::notes::{self, Note};
use crate::machine::Machine;

/// So many threads share the clients: with pipelines, many clients need few.
const THREADS: u64 = 2;
/// A cluster that has done so many makes room for a new one: not all forget what they did.
const ENOUGH: u64 = 1 << 20;
/// So often at least each client proposes something in a heat.
const TURNS: u64 = 8;

/// Ends the bench when a client panics: the others would wait for it.
struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        if thread::panicking() {
            process::exit(101);
        }
    }
}

/// A cluster that is used again and again.
pub(crate) struct Used<C> {
    cluster: C,
    done: u64,
}

impl<C: Cluster> Used<C> {
    pub(crate) fn start(scene: Scene) -> Self {
        Self { cluster: C::start(scene), done: 0 }
    }

    /// So many clients propose so many commands.
    pub(crate) fn heat(&mut self, clients: u64, commands: u64) -> (Duration, Note) {
        let threads = clients.min(THREADS);
        let window = (clients / threads) as usize;
        let sample = if clients == 1 { 1 } else { 32 };
        let bounds = |thread: u64| self.done + commands * thread / threads;
        let lanes =
            (0..threads).map(|it| Lane { window, numbers: bounds(it)..bounds(it + 1), sample });
        let (meter, gate) = (Meter::start(), Barrier::new(threads as usize + 1));
        let cluster = &self.cluster;
        let before = cluster.syncs();
        let drive = |lane: Lane| {
            let _ends = Ends;
            gate.wait();
            let waits = cluster.drive(lane);
            gate.wait();
            // Until the meter was read.
            gate.wait();
            waits
        };
        let drive = &drive;
        let result = thread::scope(|scope| {
            let drivers: Vec<_> = lanes.map(|lane| scope.spawn(move || drive(lane))).collect();
            gate.wait();
            let start = Instant::now();
            gate.wait();
            let time = start.elapsed();
            let (spent, after) = (meter.spent(), cluster.syncs());
            gate.wait();
            let syncs = (after.0 - before.0, after.1.saturating_sub(before.1));
            let waits = drivers.into_iter().flat_map(|it| it.join().expect("it does not panic"));
            (time, Note { commands, spent, waits: waits.collect(), syncs })
        });
        self.done += commands;
        result
    }

    /// All three have done the same.
    fn check(&self, name: &str) {
        let all = self.cluster.seen();
        let look = || all.iter().map(|it| *it.lock().expect("no panic")).collect::<Vec<_>>();
        let end = Instant::now() + Duration::from_secs(10);
        let is_done =
            |all: &[Machine]| all.iter().all(|it| it == &all[0] && it.commands >= self.done);
        while !is_done(&look()) {
            assert!(Instant::now() < end, "{name}: {} commands; {:?}", self.done, look());
            thread::yield_now();
        }
    }
}

/// Clients propose commands until all are applied.
pub(crate) fn applies<'a, C: Cluster + 'a>(
    name: &'static str,
    clients: usize,
    scene: Scene,
) -> Entry<'a> {
    // The rehearsal starts a cluster, so that no clock runs meanwhile.
    let used: Rc<RefCell<Option<Used<C>>>> = Rc::default();
    let rehearsed = Rc::clone(&used);
    let time = move |operations: u64| {
        let mut used = used.borrow_mut();
        used.take_if(|used| used.done > ENOUGH);
        let used = used.get_or_insert_with(|| Used::start(scene));
        // Fewer would never be in flight at once.
        let commands = operations.max(TURNS * clients as u64);
        let (time, note) = used.heat(clients as u64, commands);
        notes::add(name, clients, scene, &note);
        time.mul_f64(operations as f64 / commands as f64)
    };
    let rehearse = move || {
        let mut used = Used::<C>::start(scene);
        used.heat(clients as u64, 2 * clients as u64);
        used.check(name);
        *rehearsed.borrow_mut() = Some(used);
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}
