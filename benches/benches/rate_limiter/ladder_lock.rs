//! The ladder of the shared-state structure: a bucket under a mutex, and three levers. Read it once
//! with all levers off, then see where each of them acts.
//!
//! | rung    | bucket | `OUTSIDE` | `LEASED` | what the lever saves                              |
//! |---------|--------|-----------|----------|---------------------------------------------------|
//! | naive   | tokens | no        | 1        |                                                   |
//! | slots   | slots  | no        | 1        | fractions, divisions and a number                 |
//! | outside | slots  | yes       | 1        | reading the clock while others wait for the lock  |
//! | lease   | slots  | yes       | 30       | 29 of 30 readings of the clock                    |

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::contender::{Check, HOUR, INTERVAL};
use crate::ladder_bucket::{Bucket, LEASE, Slots, Tokens, take_some};

pub(crate) type Naive = LockLadder<Tokens, false, 1>;
pub(crate) type Slot = LockLadder<Slots, false, 1>;
pub(crate) type Outside = LockLadder<Slots, true, 1>;
pub(crate) type Lease = LockLadder<Slots, true, LEASE>;

pub(crate) struct LockLadder<B, const OUTSIDE: bool, const LEASED: u64>(Mutex<State<B>>);

struct State<B> {
    bucket: B,
    /// Taken from the bucket, and for whoever comes next.
    leased: u64,
}

impl<B: Bucket, const OUTSIDE: bool, const LEASED: u64> LockLadder<B, OUTSIDE, LEASED> {
    fn new(interval: Duration, burst: u64) -> Self {
        Self(Mutex::new(State { bucket: B::new(interval, burst), leased: 0 }))
    }

    fn take_leased(&self) -> bool {
        let leased = &mut self.0.lock().unwrap().leased;
        let takes = *leased > 0;
        *leased = leased.saturating_sub(1);
        takes
    }
}

impl<B: Bucket, const OUTSIDE: bool, const LEASED: u64> Check for LockLadder<B, OUTSIDE, LEASED> {
    fn generous(burst: u64) -> Self {
        Self::new(INTERVAL, burst)
    }

    fn one_an_hour() -> Self {
        Self::new(HOUR, 1)
    }

    fn check(&self) -> bool {
        if LEASED > 1 && self.take_leased() {
            return true;
        }
        let early = OUTSIDE.then(Instant::now);
        let mut state = self.0.lock().unwrap();
        let now = early.unwrap_or_else(Instant::now);
        let taken = take_some::<B, LEASED>(&mut state.bucket, now);
        state.leased += taken.saturating_sub(1);
        taken > 0
    }
}
