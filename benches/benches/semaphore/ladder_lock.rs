//! The ladder of the shared-state structure: one count under a mutex, one condition variable, and
//! three levers. Read it once with all levers off, then see where each of them acts.
//!
//! | rung     | `COUNT` | `BATCH` | `SPIN` | what the lever saves                                   |
//! |----------|---------|---------|--------|--------------------------------------------------------|
//! | naive    | no      | 1       | 0      |                                                        |
//! | sleepers | yes     | 1       | 0      | the system call of a notify that nobody waits for      |
//! | batch    | yes     | 8       | 0      | seven of eight trips through the lock, for 8 permits   |
//! | spin     | yes     | 8       | 200    | falling asleep for a permit that comes back at once    |

use std::hint;
use std::sync::{Condvar, Mutex};

use crate::contender::Contender;

pub(crate) type Naive = LockLadder<false, 1, 0>;
pub(crate) type Sleepers = LockLadder<true, 1, 0>;
pub(crate) type Batch = LockLadder<true, 8, 0>;
pub(crate) type Spin = LockLadder<true, 8, 200>;

pub(crate) struct LockLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    free: usize,
    /// Threads inside `freed.wait`, or notified and on their way out of it.
    sleepers: usize,
}

/// `BATCH` permits.
pub(crate) struct Permits<'a, const COUNT: bool, const BATCH: usize, const SPIN: u32>(
    &'a LockLadder<COUNT, BATCH, SPIN>,
);

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Contender
    for LockLadder<COUNT, BATCH, SPIN>
{
    type Permit<'a> = Permits<'a, COUNT, BATCH, SPIN>;
    const BATCH: u64 = BATCH as u64;

    fn new(permits: usize) -> Self {
        let state = State { free: permits * BATCH, sleepers: 0 };
        Self { state: Mutex::new(state), freed: Condvar::new() }
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.take(&mut self.state.lock().unwrap())
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        for _ in 0..SPIN {
            let seen = self.state.try_lock().ok().and_then(|mut state| self.take(&mut state));
            if let Some(permits) = seen {
                return permits;
            }
            hint::spin_loop();
        }
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(permits) = self.take(&mut state) {
                return permits;
            }
            state.sleepers += 1;
            state = self.freed.wait(state).unwrap();
            state.sleepers -= 1;
        }
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> LockLadder<COUNT, BATCH, SPIN> {
    fn take(&self, state: &mut State) -> Option<Permits<'_, COUNT, BATCH, SPIN>> {
        state.free = state.free.checked_sub(BATCH)?;
        Some(Permits(self))
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Drop
    for Permits<'_, COUNT, BATCH, SPIN>
{
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap();
        state.free += BATCH;
        let anyone = state.sleepers > 0;
        drop(state);
        // std's notify makes a system call whether anybody sleeps or not.
        if !COUNT || anyone {
            self.0.freed.notify_one();
        }
    }
}
