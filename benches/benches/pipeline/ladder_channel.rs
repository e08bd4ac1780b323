//! The ladder of the message-passing structure: nothing is shared but two mailboxes. Numbers travel
//! in one, and the room they leave behind travels back in the other, so that the sender alone knows
//! how much it may still send. The levers are those of the other ladder, so that the two can be
//! read side by side.
//!
//! | rung     | `COUNT` | `BATCH` | `SPIN` | what the lever saves                                  |
//! |----------|---------|---------|--------|-------------------------------------------------------|
//! | naive    | no      | 1       | 0      |                                                       |
//! | sleepers | yes     | 1       | 0      | the system call of a notify that nobody waits for     |
//! | batch    | yes     | 64      | 0      | 63 of 64 letters, in both directions                  |
//! | spin     | yes     | 64      | 200    | falling asleep for a letter that comes at once        |

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::{hint, thread};

use crate::contender::Row;

pub(crate) type Naive = ChannelLadder<false, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 1, 0>;
pub(crate) type Batch = ChannelLadder<true, 64, 0>;
pub(crate) type Spin = ChannelLadder<true, 64, 200>;

pub(crate) struct ChannelLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32>;

/// A queue with one reader. Whoever writes knows that there is room.
struct Mailbox<T, const COUNT: bool, const SPIN: u32> {
    state: Mutex<Letters<T>>,
    arrived: Condvar,
}

struct Letters<T> {
    queue: VecDeque<T>,
    asleep: bool,
}

impl<T, const COUNT: bool, const SPIN: u32> Mailbox<T, COUNT, SPIN> {
    fn new(room: usize) -> Self {
        let letters = Letters { queue: VecDeque::with_capacity(room), asleep: false };
        Self { state: Mutex::new(letters), arrived: Condvar::new() }
    }

    fn send(&self, letter: T) {
        let mut letters = self.state.lock().unwrap();
        letters.queue.push_back(letter);
        let asleep = letters.asleep;
        drop(letters);
        // std's notify makes a system call whether anybody sleeps or not.
        if !COUNT || asleep {
            self.arrived.notify_one();
        }
    }

    fn receive(&self) -> T {
        for _ in 0..SPIN {
            if let Some(letter) = self.state.try_lock().ok().and_then(|mut l| l.queue.pop_front()) {
                return letter;
            }
            hint::spin_loop();
        }
        let mut letters = self.state.lock().unwrap();
        loop {
            if let Some(letter) = letters.queue.pop_front() {
                return letter;
            }
            letters.asleep = true;
            letters = self.arrived.wait(letters).unwrap();
            letters.asleep = false;
        }
    }
}

/// As many numbers as are there; none in the last letter.
struct Letter<const BATCH: usize> {
    numbers: [u64; BATCH],
    count: usize,
}

impl<const BATCH: usize> Letter<BATCH> {
    fn of(source: &mut impl Iterator<Item = u64>) -> Self {
        let mut letter = Self { numbers: [0; BATCH], count: 0 };
        for (slot, number) in letter.numbers.iter_mut().zip(source) {
            *slot = number;
            letter.count += 1;
        }
        letter
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Row
    for ChannelLadder<COUNT, BATCH, SPIN>
{
    fn run(
        _: usize,
        capacity: usize,
        mut source: impl Iterator<Item = u64> + Send + 'static,
        _: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let letters = capacity / BATCH;
        let there = Mailbox::<Letter<BATCH>, COUNT, SPIN>::new(letters);
        let back = Mailbox::<(), COUNT, SPIN>::new(letters);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut room = letters;
                loop {
                    let letter = Letter::of(&mut source);
                    let is_last = letter.count == 0;
                    if room == 0 {
                        back.receive();
                    } else {
                        room -= 1;
                    }
                    there.send(letter);
                    if is_last {
                        return;
                    }
                }
            });
            loop {
                let letter = there.receive();
                if letter.count == 0 {
                    return;
                }
                letter.numbers[..letter.count].iter().copied().for_each(&mut sink);
                back.send(());
            }
        });
    }
}
