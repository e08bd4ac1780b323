//! One word that says who is inside a `sharded` lock, and what newcomers must know.

use super::sync::{AtomicUsize, ENOUGH, Ordering, back_off};

/// | bits     | meaning                                            | set by               |
/// |----------|----------------------------------------------------|----------------------|
/// | `WRITER` | a writer is inside, or waits for readers to go out | the writer           |
/// | `OPEN`   | readers may use the slots                          | the `ENOUGH`th read  |
/// | `USED`   | a reader may be in a slot                          | together with `OPEN` |
/// | `LINE`   | somebody is in line; nobody comes in past it       | who gets in line     |
/// | `ALARM`  | the writer sleeps until the readers are out        | the writer           |
/// | credit   | reads since the last write, up to `ENOUGH`         | readers              |
/// | readers  | inside and not in a slot, or let in and waking up  | readers              |
///
/// Neither `WRITER` nor `LINE` is ever set together with `OPEN`. `LINE` is set and cleared under the
/// mutex of the line. While it is set, only who holds that mutex sets or clears `WRITER`, and readers
/// only go out.
#[derive(Debug)]
pub(crate) struct Word(AtomicUsize);

const WRITER: usize = 1;
const OPEN: usize = 1 << 1;
const USED: usize = 1 << 2;
const LINE: usize = 1 << 3;
const ALARM: usize = 1 << 4;
const CREDIT: usize = 1 << 5;
const READER: usize = 1 << 11;
const CREDITS: usize = READER - CREDIT;

/// What a reader must do who goes out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Out {
    Nothing,
    /// Wake the writer who waits until all are out.
    RaiseAlarm,
    /// Let somebody in from the line.
    GoOn,
}

impl Word {
    /// Nobody inside, the slots open.
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(OPEN | USED))
    }

    /// Whether it is worth while to mark a slot.
    #[inline]
    pub(crate) fn seems_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) & OPEN != 0
    }

    /// Whether a reader who has marked a slot is inside. `SeqCst`: see `Slots::mark_slot`. What the
    /// last writer did is acquired here: `OPEN` was set by a read after its release, and the word
    /// changes by read-modify-writes alone.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::SeqCst) & OPEN != 0
    }

    // ANCHOR: count
    /// A reader comes in, unless a writer is there or somebody is in line. Acquire pairs with the
    /// Release of the writers before.
    pub(crate) fn count_in(&self) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        let mut misses = 1;
        while word & (WRITER | LINE) == 0 {
            assert!(word <= usize::MAX / 2, "readers that are never dropped");
            let mut next = word + READER;
            if word & OPEN == 0 {
                next += CREDIT;
                if next & CREDITS == ENOUGH * CREDIT {
                    next = next & !CREDITS | OPEN | USED;
                }
            }
            if self.0.compare_exchange(word, next, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return true;
            }
            word = self.look_again(&mut misses);
        }
        false
    }

    /// A reader goes out. Release pairs with the Acquire of the writer who finds no readers.
    pub(crate) fn count_out(&self) -> Out {
        let word = self.0.fetch_sub(READER, Ordering::Release) - READER;
        if word >= READER || word & (LINE | ALARM) == 0 {
            Out::Nothing
        } else if word & WRITER == 0 {
            Out::GoOn
        } else if word & ALARM != 0 {
            Out::RaiseAlarm
        } else {
            Out::Nothing
        }
    }
    // ANCHOR_END: count

    /// A writer keeps others out from now on, if nobody does so already. Whether nobody is inside for
    /// sure. Acquire pairs with the Release of who was inside; `SeqCst`: see `Slots::mark_slot`.
    #[inline]
    pub(crate) fn claim(&self) -> Option<bool> {
        let mut word = 0; // a guess that saves a look: what most writers find
        let mut misses = 0;
        while word & (WRITER | LINE) == 0 {
            let next = word & !(OPEN | CREDITS) | WRITER;
            if self.0.compare_exchange(word, next, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
                return Some(word < READER && word & USED == 0);
            }
            word = self.look_again(&mut misses);
        }
        None
    }

    /// Somebody else changed the word first. After a pause it does more on the line it has by now,
    /// and the line moves less often.
    #[cold]
    fn look_again(&self, misses: &mut u32) -> usize {
        back_off(*misses);
        *misses += 1;
        self.0.load(Ordering::Relaxed)
    }

    /// The writer goes out; `false` if there is more to do. Release pairs with the Acquire of whoever
    /// comes in next.
    #[inline]
    pub(crate) fn release(&self) -> bool {
        self.0.compare_exchange(WRITER, 0, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// The writer becomes a reader; `false` if there is more to do. Release pairs with the Acquire of
    /// readers that come in beside it.
    pub(crate) fn downgrade(&self) -> bool {
        self.0.compare_exchange(WRITER, READER, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Whether no reader is counted, and whether one may be in a slot. Acquire pairs with the
    /// Release of `count_out`.
    pub(crate) fn readers(&self) -> (bool, bool) {
        let word = self.0.load(Ordering::Acquire);
        (word >= READER, word & USED != 0)
    }

    /// The slots are empty, says a writer who keeps readers out of them.
    pub(crate) fn slots_are_empty(&self) {
        self.0.fetch_and(!USED, Ordering::Relaxed);
    }

    /// Relaxed: a reader who clears its slot may look for this too early, however strong it were
    /// here. So the writer only naps.
    pub(crate) fn set_alarm(&self) {
        self.0.fetch_or(ALARM, Ordering::Relaxed);
    }

    pub(crate) fn clear_alarm(&self) {
        self.0.fetch_and(!ALARM, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn has_alarm(&self) -> bool {
        self.0.load(Ordering::Relaxed) & ALARM != 0
    }

    /// Closes the way past the line, unless it is closed. `false` if there is nobody to wait for.
    pub(crate) fn form_line(&self) -> bool {
        let word = self.0.load(Ordering::Relaxed);
        let next = word | LINE;
        word & LINE != 0
            || word & WRITER != 0
                && self.0.compare_exchange(word, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Opens the way past the line, which is empty.
    pub(crate) fn end_line(&self) {
        self.0.fetch_and(!LINE, Ordering::Relaxed);
    }

    /// Whether a writer is inside, or waits for readers to go out. Relaxed: what is asked with the
    /// mutex of the line in hand, that mutex orders.
    pub(crate) fn has_writer(&self) -> bool {
        self.0.load(Ordering::Relaxed) & WRITER != 0
    }

    /// So many readers come in at once, in the place of the writer if there is one. Release pairs
    /// with the Acquire of `count_in`, for readers who then come in beside them; those who are let
    /// in here learn of it by `Line::batch`.
    pub(crate) fn let_readers_in(&self, readers: usize, line_goes_on: bool) {
        let word = self.0.load(Ordering::Relaxed);
        let gone = word & if line_goes_on { WRITER } else { WRITER | LINE };
        self.0.fetch_add((readers * READER).wrapping_sub(gone), Ordering::Release);
    }

    /// A writer from the line comes in, in the place of the one before if there is one. Relaxed: it
    /// learns of it by `Line::called`, and then looks for readers.
    pub(crate) fn let_writer_in(&self, line_goes_on: bool) {
        self.0.fetch_or(WRITER, Ordering::Relaxed);
        if !line_goes_on {
            self.end_line();
        }
    }
}
