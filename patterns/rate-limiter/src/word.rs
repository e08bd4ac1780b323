//! A bucket in one word, which changes in one step.

use super::bucket::{Bucket, MAX_LEASE};
use super::desk::Answer;
use super::quota::Quota;
use super::sync::{AtomicU64, Ordering, SPINS};

/// | bits | what                                                          |
/// |------|---------------------------------------------------------------|
/// | 0    | `DESK`: the desk behind the lock has the bucket, look there   |
/// | 1-5  | the lease                                                     |
/// | 6-63 | when it is full; a limiter's time ends before that overflows  |
///
/// `DESK` is set by whoever holds the lock, and stays while somebody waits, while a late one's
/// schedule catches up, or once closed. While it is set the other bits are zero, and nobody else
/// changes the word. All orderings are Relaxed: no other memory is decided on by this word, what
/// stands on the desk is guarded by its lock, and one word's changes have one order for all.
pub(crate) struct Word(AtomicU64);

const DESK: u64 = 1;
const LEASE: u32 = 1;
const LEASES: u64 = MAX_LEASE + 1;
const FULL_AT: u32 = 6;

impl Word {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self(AtomicU64::new(pack(bucket)))
    }

    // ANCHOR: take
    /// Takes `n` tokens if they are leased.
    #[inline]
    pub(crate) fn take_leased(&self, n: u64) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        while n < (word >> LEASE & LEASES) {
            if self.change(word, word - (n << LEASE)) {
                return true;
            }
            stand_back();
            word = self.0.load(Ordering::Relaxed);
        }
        false
    }

    /// Takes `n` tokens, or tells when there will be as many; `None` if the desk has the bucket.
    pub(crate) fn take(&self, quota: &Quota, n: u64, now: u64) -> Option<Answer> {
        loop {
            let word = self.0.load(Ordering::Relaxed);
            if word == DESK {
                return None;
            }
            let mut bucket = unpack(word);
            let taken = bucket.take(quota, n, now);
            // A refusal changes it too, if something was leased: what went is booked now.
            let next = pack(bucket);
            if word == next || self.change(word, next) {
                return Some(taken.map_or_else(Answer::NotBefore, |()| Answer::Taken));
            }
            stand_back();
        }
    }
    // ANCHOR_END: take

    /// Gives the bucket to the desk; `None` if it has it already. Only with the lock held.
    pub(crate) fn lend(&self) -> Option<Bucket> {
        let word = self.0.swap(DESK, Ordering::Relaxed);
        (word != DESK).then(|| unpack(word))
    }

    /// Takes the bucket back from the desk. Only with the lock held.
    pub(crate) fn take_back(&self, bucket: Bucket) {
        self.0.store(pack(bucket), Ordering::Relaxed);
    }

    #[inline]
    fn change(&self, from: u64, to: u64) -> bool {
        self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn pack(bucket: Bucket) -> u64 {
    debug_assert_eq!(bucket.lag, 0, "who is late keeps the bucket on the desk");
    bucket.full_at << FULL_AT | bucket.lease << LEASE
}

fn unpack(word: u64) -> Bucket {
    Bucket { full_at: word >> FULL_AT, lease: word >> LEASE & LEASES, lag: 0 }
}

/// Another thread was faster. Leave the word to it for a moment: two threads that take turns at one
/// cache line are slower than one after the other.
#[cold]
fn stand_back() {
    for _ in 0..SPINS {
        std::hint::spin_loop();
    }
}
