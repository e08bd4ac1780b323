//! The subscribers that publishers have to mind: those to evict and those to wait for, each with a
//! seat where it says how far it is. Who loses the oldest needs no seat.
//!
//! All seats are looked at only when the ring has gone once round since the last time, so a message costs
//! a look at no seat but where one is slow.

use super::sync::{Arc, AtomicBool, AtomicU64, AtomicUsize, Ordering};
use super::terms::Slow;

/// What a publisher and one subscriber tell each other.
#[repr(align(64))]
pub(crate) struct Seat {
    /// How many messages are behind the subscriber; only it writes here. For one to wait for, this
    /// and the `wanted` of the hub are `SeqCst`, see there. For one to evict the value alone counts,
    /// so Relaxed.
    passed: AtomicU64,
    /// The subscriber is out. Release, by whoever evicts it, before the message that found it in the
    /// way is published; pairs with the Acquire of `is_out`.
    out: AtomicBool,
    pub(crate) slow: Slow,
    /// Where in `Seats` it stands. Only under the mutex.
    at: AtomicUsize,
}

/// The seats that are taken, under the mutex of the hub.
pub(crate) struct Seats {
    taken: Vec<Arc<Seat>>,
    /// Nobody was behind this when all were looked at, so nobody is now.
    floor: u64,
    /// Who stood in the way last; it is looked at first.
    hint: usize,
}

impl Seat {
    /// Says that so many messages are behind the subscriber.
    #[inline]
    pub(crate) fn advance(&self, passed: u64) {
        match self.slow {
            Slow::Wait => drop(self.passed.swap(passed, Ordering::SeqCst)),
            _ => self.passed.store(passed, Ordering::Relaxed),
        }
    }

    #[inline]
    pub(crate) fn is_out(&self) -> bool {
        self.out.load(Ordering::Acquire)
    }

    /// Whether the subscriber has not passed message number `number` yet.
    fn needs(&self, number: u64) -> bool {
        self.passed.load(Ordering::SeqCst) < number
    }
}

impl Seats {
    pub(crate) fn new() -> Self {
        Self { taken: Vec::new(), floor: u64::MAX, hint: 0 }
    }

    pub(crate) fn join(&mut self, slow: Slow, passed: u64) -> Arc<Seat> {
        let seat = Arc::new(Seat {
            passed: AtomicU64::new(passed),
            out: AtomicBool::new(false),
            slow,
            at: AtomicUsize::new(self.taken.len()),
        });
        self.taken.push(Arc::clone(&seat));
        self.floor = self.floor.min(passed);
        seat
    }

    /// Whether the subscriber was still there.
    pub(crate) fn leave(&mut self, seat: &Arc<Seat>) -> bool {
        let there = !seat.out.load(Ordering::Relaxed);
        if there {
            self.remove(seat.at.load(Ordering::Relaxed));
        }
        there
    }

    /// Whether message number `number` may be overwritten; if so, whoever is to be evicted for it
    /// is, and `evicted` grows.
    #[inline]
    pub(crate) fn clear(&mut self, number: u64, evicted: &mut u64) -> bool {
        number <= self.floor || self.look_round(number, evicted)
    }

    #[cold]
    fn look_round(&mut self, number: u64, evicted: &mut u64) -> bool {
        let count = self.taken.len();
        for step in 0..count {
            let at = (self.hint + step) % count;
            if self.taken[at].slow == Slow::Wait && self.taken[at].needs(number) {
                self.hint = at;
                return false;
            }
        }
        *evicted += self.evict(Slow::Evict, number);
        let all = self.taken.iter().map(|seat| seat.passed.load(Ordering::Relaxed));
        self.floor = all.min().unwrap_or(u64::MAX);
        true
    }

    /// Evicts those of a kind who need message number `number`. How many that were.
    pub(crate) fn evict(&mut self, kind: Slow, number: u64) -> u64 {
        let (mut at, mut evicted) = (0, 0);
        while let Some(seat) = self.taken.get(at) {
            if seat.slow == kind && seat.needs(number) {
                seat.out.store(true, Ordering::Release);
                self.remove(at);
                evicted += 1;
            } else {
                at += 1;
            }
        }
        evicted
    }

    fn remove(&mut self, at: usize) {
        self.taken.swap_remove(at);
        if let Some(moved) = self.taken.get(at) {
            moved.at.store(at, Ordering::Relaxed);
        }
    }
}
