//! The ladder of the shared-state structure: a ring under a mutex, a condition variable for each end,
//! and three levers. Read it once with all levers off, then see where each of them acts.
//!
//! | rung     | `COUNT` | `BATCH` | `SPIN` | what the lever saves                                  |
//! |----------|---------|---------|--------|-------------------------------------------------------|
//! | naive    | no      | 1       | 0      |                                                       |
//! | sleepers | yes     | 1       | 0      | the system call of a notify that nobody waits for     |
//! | batch    | yes     | 64      | 0      | 63 of 64 trips through the lock                       |
//! | spin     | yes     | 64      | 200    | falling asleep for a batch that comes at once         |

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::{hint, thread};

use crate::contender::Row;

pub(crate) type Naive = LockLadder<false, 1, 0>;
pub(crate) type Sleepers = LockLadder<true, 1, 0>;
pub(crate) type Batch = LockLadder<true, 64, 0>;
pub(crate) type Spin = LockLadder<true, 64, 200>;

pub(crate) struct LockLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    state: Mutex<Ring>,
    filled: Condvar,
    drained: Condvar,
    capacity: usize,
}

struct Ring {
    numbers: VecDeque<u64>,
    is_over: bool,
    /// Inside `filled.wait`, or notified and on the way out of it.
    waits_for_numbers: bool,
    /// Inside `drained.wait`, or notified and on the way out of it.
    waits_for_room: bool,
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> LockLadder<COUNT, BATCH, SPIN> {
    fn new(capacity: usize) -> Self {
        let numbers = VecDeque::with_capacity(capacity);
        let ring =
            Ring { numbers, is_over: false, waits_for_numbers: false, waits_for_room: false };
        Self { state: Mutex::new(ring), filled: Condvar::new(), drained: Condvar::new(), capacity }
    }

    /// Looks for a while, then takes the lock whatever it finds.
    fn lock_when(&self, ready: impl Fn(&Ring) -> bool) -> MutexGuard<'_, Ring> {
        for _ in 0..SPIN {
            if let Ok(ring) = self.state.try_lock()
                && ready(&ring)
            {
                return ring;
            }
            hint::spin_loop();
        }
        self.state.lock().unwrap()
    }

    /// Moves a batch into the ring.
    fn put(&self, batch: &mut Vec<u64>) {
        let has_room = |ring: &Ring| ring.numbers.len() + batch.len() <= self.capacity;
        let mut ring = self.lock_when(has_room);
        while !has_room(&ring) {
            ring.waits_for_room = true;
            ring = self.drained.wait(ring).unwrap();
            ring.waits_for_room = false;
        }
        ring.numbers.extend(batch.drain(..));
        let wake = ring.waits_for_numbers;
        drop(ring);
        // std's notify makes a system call whether anybody sleeps or not.
        if !COUNT || wake {
            self.filled.notify_one();
        }
    }

    /// Takes up to a batch out of the ring; nothing at the end.
    fn take(&self, batch: &mut Vec<u64>) {
        let has_numbers = |ring: &Ring| ring.is_over || !ring.numbers.is_empty();
        let mut ring = self.lock_when(has_numbers);
        while !has_numbers(&ring) {
            ring.waits_for_numbers = true;
            ring = self.filled.wait(ring).unwrap();
            ring.waits_for_numbers = false;
        }
        let count = ring.numbers.len().min(BATCH);
        batch.extend(ring.numbers.drain(..count));
        let wake = ring.waits_for_room;
        drop(ring);
        if !COUNT || wake {
            self.drained.notify_one();
        }
    }

    fn close(&self) {
        self.state.lock().unwrap().is_over = true;
        self.filled.notify_one();
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Row
    for LockLadder<COUNT, BATCH, SPIN>
{
    fn run(
        _: usize,
        capacity: usize,
        mut source: impl Iterator<Item = u64> + Send + 'static,
        _: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let queue = Self::new(capacity);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut batch = Vec::with_capacity(BATCH);
                loop {
                    batch.extend(source.by_ref().take(BATCH));
                    if batch.is_empty() {
                        return queue.close();
                    }
                    queue.put(&mut batch);
                }
            });
            let mut batch = Vec::with_capacity(BATCH);
            loop {
                queue.take(&mut batch);
                if batch.is_empty() {
                    return;
                }
                batch.drain(..).for_each(&mut sink);
            }
        });
    }
}
