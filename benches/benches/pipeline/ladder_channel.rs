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

use std::thread;

use benches::Mailbox;

use crate::contender::Row;

pub(crate) type Naive = ChannelLadder<false, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 1, 0>;
pub(crate) type Batch = ChannelLadder<true, 64, 0>;
pub(crate) type Spin = ChannelLadder<true, 64, 200>;

pub(crate) struct ChannelLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32>;

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
        let there = Mailbox::<Letter<BATCH>, COUNT, SPIN>::default();
        let back = Mailbox::<(), COUNT, SPIN>::default();
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
