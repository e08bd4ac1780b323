//! The words of the last messages, over and over, and one counter that says how far they go. The counter
//! is the sequence of a sequence lock: a reader looks at it, copies words, and looks again. If the
//! writer cannot have reached them in between, the copy is whole.

use super::sync::{AtomicU64, Ordering, SPINS, fence, thread};

pub(crate) struct Tape<const N: usize> {
    /// How many messages were published, and three flags:
    ///
    /// | flag     | set                                        | cleared                       |
    /// |----------|--------------------------------------------|-------------------------------|
    /// | `BUSY`   | by a publisher, who then writes the next    | when it is written            |
    /// | `ASLEEP` | by a subscriber that is about to sleep      | by the publisher who wakes it |
    /// | `CLOSED` | by `close`                                  | never                         |
    ///
    /// Nobody changes anything while it is `BUSY`, so a publisher needs one read-modify-write, and
    /// sees in the same step whether somebody sleeps. Its final Release pairs with the Acquire of
    /// whoever looks.
    state: Line<AtomicU64>,
    capacity: u64,
    /// Message n is in slot n modulo their number, a power of two above `capacity`: what is being
    /// written is never one of the `capacity` that may be read.
    slots: Box<[[AtomicU64; N]]>,
}

/// On a cache line of its own: everybody looks at it all the time.
#[repr(align(128))]
struct Line<T>(T);

const BUSY: u64 = 1;
const ASLEEP: u64 = 2;
const CLOSED: u64 = 4;
const ONE: u64 = 8;

/// What a look at the counter says.
#[derive(Clone, Copy)]
pub(crate) struct State(u64);

impl State {
    #[inline]
    pub(crate) fn published(self) -> u64 {
        self.0 / ONE
    }

    pub(crate) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    #[inline]
    fn is_busy(self) -> bool {
        self.0 & BUSY != 0
    }

    #[inline]
    pub(crate) fn somebody_sleeps(self) -> bool {
        self.0 & ASLEEP != 0
    }
}

impl<const N: usize> Tape<N> {
    pub(crate) fn new(capacity: usize) -> Self {
        let slots = (capacity + 1).next_power_of_two();
        Self {
            state: Line(AtomicU64::new(0)),
            capacity: capacity as u64,
            slots: (0..slots).map(|_| std::array::from_fn(|_| AtomicU64::new(0))).collect(),
        }
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    #[inline]
    pub(crate) fn look(&self) -> State {
        State(self.state.0.load(Ordering::Acquire))
    }

    // ANCHOR: write
    /// Writes a message, unless closed. Says how things are now, and whether somebody was asleep.
    #[inline]
    pub(crate) fn write(&self, words: [u64; N]) -> Option<State> {
        let before = self.hold()?;
        // `BUSY` is there before the words: the fence pairs with that of `read`.
        fence(Ordering::Release);
        for (slot, word) in self.slot(before.published()).iter().zip(words) {
            slot.store(word, Ordering::Relaxed);
        }
        let after = (before.0 & !ASLEEP) + ONE;
        self.state.0.store(after, Ordering::Release);
        Some(State(before.0 + ONE))
    }
    // ANCHOR_END: write

    // ANCHOR: read
    /// Copies message `index`, counted from 0, which was published before the last look. `None` if
    /// the writer has come round to it.
    #[inline]
    pub(crate) fn read(&self, index: u64) -> Option<[u64; N]> {
        let words = self.copy(index);
        self.is_whole(index).then_some(words)
    }

    #[inline]
    pub(crate) fn copy(&self, index: u64) -> [u64; N] {
        self.slot(index).each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    /// Whether what was copied before, of this message and of those after it, is as it was written.
    #[inline]
    pub(crate) fn is_whole(&self, index: u64) -> bool {
        // Pairs with the fence of `write`: who copied one word too new sees how far the writer is.
        fence(Ordering::Acquire);
        let writing = self.state.0.load(Ordering::Relaxed) / ONE;
        writing - index < self.slots.len() as u64
    }
    // ANCHOR_END: read

    /// Notes that a subscriber sleeps, if so many messages are published and no more, and it is not
    /// closed. Whether it is noted.
    pub(crate) fn note_asleep(&self, published: u64) -> bool {
        let noted = |state: State| {
            let dry = state.published() == published && !state.is_closed();
            dry.then_some(state.0 | ASLEEP)
        };
        self.change(noted).is_some()
    }

    /// Takes nothing more. All who sleep are to be woken.
    pub(crate) fn close(&self) {
        self.change(|state| Some((state.0 | CLOSED) & !ASLEEP));
    }

    /// Makes it `BUSY`, unless closed, and returns how it was without.
    #[inline]
    fn hold(&self) -> Option<State> {
        self.change(|state| (!state.is_closed()).then_some(state.0 | BUSY))
    }

    /// Changes the state when it is not `BUSY`, and returns what it was. Acquire pairs with the
    /// Release of the publisher before: messages follow each other.
    #[inline]
    fn change(&self, next: impl Fn(State) -> Option<u64>) -> Option<State> {
        let (word, mut state) = (&self.state.0, self.look());
        loop {
            if state.is_busy() {
                state = self.not_busy();
            }
            let next = next(state)?;
            match word.compare_exchange_weak(state.0, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(state),
                Err(now) => state = State(now),
            }
        }
    }

    /// Waits for a publisher that writes some words; it waits for nothing.
    #[cold]
    fn not_busy(&self) -> State {
        for _ in 0..SPINS {
            let state = self.look();
            if !state.is_busy() {
                return state;
            }
            std::hint::spin_loop();
        }
        loop {
            let state = self.look();
            if !state.is_busy() {
                return state;
            }
            thread::yield_now(); // it lost its processor
        }
    }

    #[inline]
    fn slot(&self, index: u64) -> &[AtomicU64; N] {
        &self.slots[index as usize & (self.slots.len() - 1)]
    }
}
