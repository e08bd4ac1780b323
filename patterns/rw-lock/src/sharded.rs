//! A reader leaves a mark in a slot of its own cache line, and writes nothing that others write. A
//! writer shuts the slots and waits until they are empty. While writes are frequent, readers are
//! counted in one word instead, and the slots stay shut.
//!
//! Nobody owns the value. Whoever goes out last lets in who waits. The lock ends with its value.
//!
//! Take along: `sharded.rs`, `word.rs`, `line.rs`, `guarded.rs`, `sync.rs`, `error.rs`.
#![expect(unsafe_code, reason = "promises the guards that a writer is alone inside")]

use super::guarded::{self, Raw};
use super::line::{Books, Line};
use super::sync::{
    AtomicBool, CachePadded, Condvar, Instant, LOOKS, MutexGuard, NAP, Ordering, SLOTS, TRIES,
    next_place, pause, place, sleep,
};
use super::word::{Out, Word};

/// Many readers or one writer over a `T`; readers do not disturb each other.
pub type RwLock<T> = guarded::RwLock<T, Slots>;
/// Reading; dropped, it lets others in.
pub type ReadGuard<'a, T> = guarded::ReadGuard<'a, T, Slots>;
/// Writing; dropped, it lets others in.
pub type WriteGuard<'a, T> = guarded::WriteGuard<'a, T, Slots>;

/// Who is inside and who waits.
#[derive(Debug)]
pub struct Slots {
    /// All that newcomers must know.
    word: CachePadded<Word>,
    /// Whether a reader is inside here.
    marks: [CachePadded<AtomicBool>; SLOTS],
    line: CachePadded<Line>,
    /// The writer sleeps here until the readers inside are out, with the books of the line.
    out: Condvar,
}

/// The pass of a reader who is counted in the word and not in a slot.
const COUNTED: usize = usize::MAX;

// SAFETY: a writer comes in by setting `WRITER` where it was not set, or is handed it. From then on no
// reader is counted in, and `OPEN` is clear, so that whoever marks a slot goes away again. It waits
// until those inside are out; see `mark_slot` for why it misses none.
unsafe impl Raw for Slots {
    type Pass = usize;

    fn new() -> Self {
        Self {
            word: CachePadded::new(Word::new()),
            marks: std::array::from_fn(|_| CachePadded::new(AtomicBool::new(false))),
            line: CachePadded::new(Line::new()),
            out: Condvar::new(),
        }
    }

    #[inline]
    fn try_enter_read(&self) -> Option<usize> {
        self.mark_slot().or_else(|| self.word.count_in().then_some(COUNTED))
    }

    #[inline]
    fn enter_read(&self, until: Option<Instant>) -> Option<usize> {
        self.mark_slot().or_else(|| self.count_in(until))
    }

    #[inline]
    fn leave_read(&self, pass: usize) {
        if pass == COUNTED {
            self.count_out();
        } else {
            self.clear_slot(pass);
        }
    }

    fn try_enter_write(&self) -> bool {
        if !self.readers_are_out() {
            return false;
        }
        match self.word.claim() {
            Some(true) => true,
            Some(false) => self.is_alone() || self.give_up(),
            None => false,
        }
    }

    #[inline]
    fn enter_write(&self, until: Option<Instant>) -> bool {
        match self.word.claim() {
            Some(alone) => alone || self.wait_until_alone(until),
            None => self.wait_to_write(until),
        }
    }

    #[inline]
    fn leave_write(&self) {
        if !self.word.release() {
            self.go_on_after_write();
        }
    }

    fn downgrade(&self) -> usize {
        if !self.word.downgrade() {
            self.let_readers_in(self.line.books(), 1);
        }
        COUNTED
    }

    fn waiting(&self) -> usize {
        let books = self.line.books();
        books.readers.here + books.writers.here + usize::from(self.word.has_alarm())
    }
}

impl Slots {
    // ANCHOR: slot
    /// Marks the slot, then looks at the word; a writer claims the word, then looks at the slots.
    /// All four are `SeqCst`, so they are in one order: either the writer sees our mark, or we see
    /// that it shut the slots.
    #[inline]
    fn mark_slot(&self) -> Option<usize> {
        if !self.word.seems_open() {
            return None;
        }
        let mut place = place();
        if !self.mark(place) {
            place = next_place();
            if !self.mark(place) {
                return None;
            }
        }
        if self.word.is_open() {
            return Some(place);
        }
        self.clear_slot(place);
        None
    }

    #[inline]
    fn mark(&self, place: usize) -> bool {
        let slot = &self.marks[place % SLOTS];
        slot.compare_exchange(false, true, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Release pairs with the writer's look at the slot. Our look at the word may come too early to
    /// see the alarm of a writer who still saw the mark: this is why that writer only naps.
    #[inline]
    fn clear_slot(&self, place: usize) {
        self.marks[place % SLOTS].store(false, Ordering::Release);
        if self.word.has_alarm() {
            self.raise_alarm();
        }
    }
    // ANCHOR_END: slot

    #[cold]
    fn count_in(&self, until: Option<Instant>) -> Option<usize> {
        (self.word.count_in() || self.wait_to_read(until)).then_some(COUNTED)
    }

    fn count_out(&self) {
        match self.word.count_out() {
            Out::Nothing => {}
            Out::RaiseAlarm => self.raise_alarm(),
            Out::GoOn => self.go_on_after_reads(),
        }
    }

    fn readers_are_out(&self) -> bool {
        let (counted, in_slots) = self.word.readers();
        !(counted || in_slots && self.marks.iter().any(|mark| mark.load(Ordering::SeqCst)))
    }

    /// Whether the writer who asks is alone; then it stays so, and the slots stay empty.
    fn is_alone(&self) -> bool {
        let alone = self.readers_are_out();
        if alone {
            self.word.slots_are_empty();
        }
        alone
    }

    /// Keeps others out and waits for the readers to go out; lets others in again if they do not.
    #[cold]
    fn wait_until_alone(&self, until: Option<Instant>) -> bool {
        for look in 0..LOOKS {
            if self.is_alone() {
                return true;
            }
            pause(look);
        }
        let mut books = self.line.books();
        self.word.set_alarm();
        let mut late = false;
        let mut alone = self.is_alone();
        while !alone && !late {
            (books, late) = sleep(&self.out, books, nap_before(until));
            alone = self.is_alone();
        }
        self.word.clear_alarm();
        drop(books);
        alone || self.give_up()
    }

    /// Readers are inside: lets others in again.
    fn give_up(&self) -> bool {
        self.leave_write();
        false
    }

    #[cold]
    fn wait_to_read(&self, until: Option<Instant>) -> bool {
        for look in 0..TRIES {
            pause(look);
            if self.word.count_in() {
                return true;
            }
        }
        let books = self.line.books();
        while !self.word.form_line() {
            if self.word.count_in() {
                return true;
            }
        }
        let Err(books) = self.line.wait_as_reader(books, until) else { return true };
        if books.is_empty() {
            self.word.end_line();
        }
        false
    }

    #[cold]
    fn wait_to_write(&self, until: Option<Instant>) -> bool {
        for look in 0..TRIES {
            pause(look);
            if let Some(alone) = self.word.claim() {
                return alone || self.wait_until_alone(until);
            }
        }
        let books = self.line.books();
        while !self.word.form_line() {
            if let Some(alone) = self.word.claim() {
                drop(books);
                return alone || self.wait_until_alone(until);
            }
        }
        let Err(books) = self.line.wait_as_writer(books, until) else {
            return self.is_alone() || self.wait_until_alone(until);
        };
        if books.writers.here == 0 && !self.word.has_writer() {
            self.let_readers_in(books, 0); // nobody but us kept them out
        } else if books.is_empty() {
            self.word.end_line();
        }
        false
    }

    // ANCHOR: go_on
    #[cold]
    fn go_on_after_write(&self) {
        let books = self.line.books();
        if books.readers.here == 0 && books.writers.here > 0 {
            self.call_writer(books);
        } else {
            self.let_readers_in(books, 0);
        }
    }

    #[cold]
    fn go_on_after_reads(&self) {
        let books = self.line.books();
        let (counted, _) = self.word.readers();
        if !counted && !self.word.has_writer() && books.writers.here > 0 {
            self.call_writer(books);
        }
    }

    /// All who are in line to read come in at once, beside `staying`. They are counted here, not when
    /// they wake: until then a writer could slip in.
    fn let_readers_in(&self, books: MutexGuard<'_, Books>, staying: usize) {
        self.word.let_readers_in(books.readers.here + staying, books.writers.here > 0);
        self.line.let_readers_in(books);
    }

    fn call_writer(&self, books: MutexGuard<'_, Books>) {
        self.word.let_writer_in(books.readers.here + books.writers.here > 1);
        self.line.call_writer(books);
    }
    // ANCHOR_END: go_on

    #[cold]
    fn raise_alarm(&self) {
        drop(self.line.books()); // the writer who set it sleeps by now
        self.out.notify_one();
    }
}

/// The end of a nap, or `until` if that is earlier.
fn nap_before(until: Option<Instant>) -> Option<Instant> {
    let Some(nap) = NAP else { return until };
    let nap = Instant::now() + nap;
    Some(until.map_or(nap, |until| until.min(nap)))
}
