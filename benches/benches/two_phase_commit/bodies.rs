//! The body that is timed, the same for all contenders.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{process, thread};

use benches::{Contender as Entry, Meter};

use super::contender::{Contender, Scene};
use super::notes::{self, Note};

/// How long an iteration seems to take; see the semaphore's bodies.
const PACE: Duration = Duration::from_micros(100);

/// How long clients are at it for one figure: many turns of each.
fn heat_of(clients: usize) -> Duration {
    Duration::from_millis(if clients > 100 { 250 } else { 80 })
}

/// Ends the bench when a client panics: the others would wait for it.
struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        if thread::panicking() {
            process::exit(101);
        }
    }
}

/// A contender that is used again and again.
pub(crate) struct Used<C> {
    contender: C,
    clients: usize,
    done: u64,
}

impl<C: Contender> Used<C> {
    pub(crate) fn start(scene: Scene, clients: usize) -> Self {
        Self { contender: C::start(scene, clients), clients, done: 0 }
    }

    /// All clients transfer, again and again, until the time is up. `look` is called when they have ended
    /// and are still there.
    pub(crate) fn heat<T>(&mut self, limit: Duration, look: impl FnOnce() -> T) -> (Note, T) {
        let (gate, stop) = (Barrier::new(self.clients + 1), AtomicBool::new(false));
        let Self { contender, clients, done } = self;
        let drive = |client| {
            let _ends = Ends;
            let mut waits = Vec::new();
            gate.wait();
            // The meter is read.
            gate.wait();
            while !stop.load(Relaxed) {
                let start = Instant::now();
                contender.transfer(client);
                waits.push(start.elapsed());
            }
            let end = Instant::now();
            gate.wait();
            // It is read once more.
            gate.wait();
            (end, waits)
        };
        let drive = &drive;
        let (note, seen) = thread::scope(|scope| {
            let threads: Vec<_> = (0..*clients).map(|it| scope.spawn(move || drive(it))).collect();
            gate.wait();
            let (before, meter, start) = (contender.did(), Meter::start(), Instant::now());
            gate.wait();
            #[expect(clippy::disallowed_methods, reason = "what is waited for is the time itself")]
            thread::sleep(limit);
            stop.store(true, Relaxed);
            gate.wait();
            let seen = look();
            contender.settle();
            let (spent, after) = (meter.spent(), contender.did());
            gate.wait();
            let mut note = Note { spent, did: after.since(before), ..Note::default() };
            for thread in threads {
                let (end, waits) = thread.join().expect("it does not panic");
                note.time = note.time.max(end - start);
                note.waits.extend(waits);
            }
            (note, seen)
        });
        *done += note.waits.len() as u64;
        (note, seen)
    }

    /// Nothing is lost, and nothing is there twice.
    fn check(&self) {
        self.contender.check(self.done);
    }
}

/// Clients transfer as often as they can.
pub(crate) fn transfers<'a, C: Contender + 'a>(
    name: &'static str,
    clients: usize,
    scene: Scene,
) -> Entry<'a> {
    // The rehearsal starts it, so that no clock runs meanwhile.
    let used: Rc<RefCell<Option<Used<C>>>> = Rc::default();
    let rehearsed = Rc::clone(&used);
    let time = move |operations: u64| {
        let mut used = used.borrow_mut();
        let used = used.get_or_insert_with(|| Used::start(scene, clients));
        let whole = heat_of(clients);
        let limit = PACE.mul_f64(operations as f64).clamp(whole / 4, whole);
        let (note, ()) = used.heat(limit, || ());
        notes::add(name, clients, scene, &note);
        note.time.mul_f64(operations as f64 / note.waits.len().max(1) as f64)
    };
    let rehearse = move || {
        let mut used = Used::<C>::start(scene, clients);
        used.heat(Duration::from_millis(5), || ());
        used.check();
        *rehearsed.borrow_mut() = Some(used);
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}
