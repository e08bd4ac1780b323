//! A semaphore that shares its state: one atomic word counts the free permits, and a line behind a
//! mutex is touched only when somebody has to wait.
//!
//! Callers own nothing but their permits. A release that finds waiters serves them from the front
//! before it returns, so permits are handed over and never up for grabs while somebody waits.
//! `close` ends it; the memory goes with the last handle, permit or waiting future.
//!
//! Take along: `lock.rs`, `line.rs`, `park.rs`, `permit.rs`, `surface.rs`,
//! `sync.rs`, `error.rs`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::error::{AcquireError, AcquireTimeoutError, AddPermitsError, TryAcquireError};
use super::line::{Fate, Line, Waiter};
use super::park::{block_on, block_on_for};
use super::permit::{Held, Source};
use super::surface::{acquire_methods, check_size};
use super::sync::{Arc, AtomicIsize, Mutex, MutexGuard, Ordering};

/// At most as many permits out as there are; first come, first served.
pub struct Semaphore {
    /// The free permits times [`ONE`], plus flags:
    ///
    /// | flag     | set                                 | cleared                      |
    /// |----------|-------------------------------------|------------------------------|
    /// | `HALT`   | with the first waiter, or by `close` | with the last, unless closed |
    /// | `CLOSED` | by `close`                          | never                        |
    ///
    /// `HALT` is the sign. A halted word is less than any request, so only the holder of `books`
    /// takes permits out and nobody overtakes the line; anybody may always put some in. And the
    /// sign of the sum tells a release whether to look at the line: no second read, no test.
    word: AtomicIsize,
    /// Permits in circulation never exceed this.
    max: usize,
    books: Mutex<Books>,
}

struct Books {
    /// Not empty only while `HALT` is set.
    line: Line,
    /// Permits in circulation, free or held.
    issued: usize,
}

const HALT: isize = isize::MIN;
const CLOSED: isize = 1;
const ONE: isize = 2;

/// Permits that give themselves back to the semaphore they borrow.
pub type Permit<'a> = Held<&'a Semaphore>;
/// Permits that keep their semaphore alive.
pub type OwnedPermit = Held<Arc<Semaphore>>;

impl Semaphore {
    /// The most permits one semaphore can hold.
    pub const MAX_PERMITS: usize = usize::MAX >> 6;

    /// A semaphore of `permits` permits, and room for no more.
    ///
    /// # Panics
    ///
    /// If `permits` is above [`Self::MAX_PERMITS`].
    pub fn new(permits: usize) -> Self {
        Self::with_max(permits, permits)
    }

    /// A semaphore of `permits` permits with room for `max`.
    ///
    /// # Panics
    ///
    /// If `permits` is above `max`, or `max` above [`Self::MAX_PERMITS`].
    pub fn with_max(permits: usize, max: usize) -> Self {
        check_size(permits, max, Self::MAX_PERMITS);
        Self {
            word: AtomicIsize::new(worth(permits)),
            max,
            books: Mutex::new(Books { line: Line::default(), issued: permits }),
        }
    }

    acquire_methods!();

    /// Puts `n` more permits into circulation.
    ///
    /// # Errors
    ///
    /// If there would be more than the maximum; then none is added.
    pub fn add_permits(&self, n: usize) -> Result<(), AddPermitsError> {
        let mut books = self.books();
        let present = books.issued;
        if n > self.max - present {
            return Err(AddPermitsError { added: n, present, max: self.max });
        }
        books.issued += n;
        drop(books);
        self.give_back(n);
        Ok(())
    }

    /// Refuses every acquire from now on and sends all who wait away. Permits that are out stay
    /// valid. Closing twice is closing once.
    pub fn close(&self) {
        let mut books = self.books();
        self.word.fetch_or(HALT | CLOSED, Ordering::Release);
        while let Some(waker) = books.line.dismiss_first() {
            drop(books);
            waker.wake();
            books = self.books();
        }
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Permits that are free at this moment; out of date as soon as it is known.
    pub fn available(&self) -> usize {
        free(self.word.load(Ordering::Relaxed))
    }

    /// The most permits that may be in circulation.
    pub fn max(&self) -> usize {
        self.max
    }

    // ANCHOR: take
    /// Takes `n` out of the word if nobody waits. Acquire pairs with the Release of `give_back` and
    /// of `close`: what was done before is seen by whoever gets a permit, or is refused.
    #[inline]
    fn take_now(&self, n: usize) -> Result<bool, AcquireError> {
        let mut word = self.word.load(Ordering::Acquire);
        while n <= Self::MAX_PERMITS && word >= worth(n) {
            let next = word - worth(n);
            match self.word.compare_exchange_weak(word, next, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) => return Ok(true),
                Err(now) => word = now,
            }
        }
        self.refuse(n, word)
    }
    // ANCHOR_END: take

    /// Why not: closed, never, or `false` for "not now". None at all can be had while others wait.
    #[cold]
    fn refuse(&self, n: usize, word: isize) -> Result<bool, AcquireError> {
        if word & CLOSED != 0 {
            Err(AcquireError::Closed)
        } else if n > self.max {
            Err(AcquireError::Never { asked: n, max: self.max })
        } else {
            Ok(n == 0)
        }
    }

    #[inline]
    fn take(&self, n: usize) -> Wait<'_> {
        Wait { semaphore: self, n, waiter: None }
    }

    #[inline]
    fn take_blocking(&self, n: usize) -> Result<(), AcquireError> {
        block_on(self.take(n))
    }

    /// Takes `n` permits or a place in the line. Both are decided on the word alone, in one step,
    /// so a release comes either before (its permits are seen here) or after (it sees `HALT`).
    fn take_or_join(&self, n: usize, waker: &Waker) -> Result<Option<Arc<Waiter>>, AcquireError> {
        let waiter = Arc::new(Waiter::new(n, waker.clone()));
        let mut books = self.books();
        let mut word = self.word.load(Ordering::Acquire);
        while word >= 0 {
            let next = if word >= worth(n) { word - worth(n) } else { word | HALT };
            match self.word.compare_exchange_weak(word, next, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) if next >= 0 => return Ok(None),
                Ok(_) => word = next,
                Err(now) => word = now,
            }
        }
        if word & CLOSED != 0 {
            return Err(AcquireError::Closed);
        }
        books.line.push_back(Arc::clone(&waiter));
        Ok(Some(waiter))
    }

    /// Serves from the front while the free permits suffice.
    #[cold]
    fn serve(&self) {
        while let Some(waker) = self.serve_first() {
            waker.wake();
        }
    }

    // ANCHOR: serve
    fn serve_first(&self) -> Option<Waker> {
        let mut books = self.books();
        let wanted = books.line.first_wants()?;
        let word = self.word.load(Ordering::Relaxed);
        if word & CLOSED != 0 || free(word) < wanted {
            return None;
        }
        // Halted, so nobody else takes: they are still there. Acquire, as in `take_now`.
        self.word.fetch_sub(worth(wanted), Ordering::Acquire);
        let waker = books.line.call_first();
        self.go_on_if_empty(&books);
        waker
    }
    // ANCHOR_END: serve

    /// Nobody waits any more: permits may be taken without the line again, unless it is closed.
    fn go_on_if_empty(&self, books: &Books) {
        if books.line.is_empty() && self.word.load(Ordering::Relaxed) & CLOSED == 0 {
            self.word.fetch_and(!HALT, Ordering::Relaxed);
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nothing panics under this mutex")
    }
}

/// What `n` permits count for in the word.
const fn worth(n: usize) -> isize {
    n.cast_signed() * ONE
}

/// How many permits a word counts as free.
const fn free(word: isize) -> usize {
    ((word & !HALT) / ONE).cast_unsigned()
}

/// The wait for permits. Ready means they are the caller's; dropped before, it gives them back.
struct Wait<'a> {
    semaphore: &'a Semaphore,
    n: usize,
    /// The place in the line, from the first poll that found no permits to the end of the wait.
    waiter: Option<Arc<Waiter>>,
}

impl Wait<'_> {
    #[cold]
    fn poll_in_line(&mut self, waker: &Waker) -> Poll<Result<(), AcquireError>> {
        let Some(waiter) = &self.waiter else {
            self.waiter = self.semaphore.take_or_join(self.n, waker)?;
            return if self.waiter.is_some() { Poll::Pending } else { Poll::Ready(Ok(())) };
        };
        let Poll::Ready(fate) = waiter.poll(waker) else { return Poll::Pending };
        self.waiter = None;
        Poll::Ready(match fate {
            Fate::Called => Ok(()),
            Fate::Dismissed => Err(AcquireError::Closed),
        })
    }

    #[cold]
    fn leave(&self, waiter: &Waiter) {
        // Lets go of the caller's waker, foreign code, before the line is locked.
        let _ = waiter.poll(Waker::noop());
        let mut books = self.semaphore.books();
        let fate = books.line.leave(waiter);
        self.semaphore.go_on_if_empty(&books);
        drop(books);
        match fate {
            Some(Fate::Called) => self.semaphore.give_back(self.n),
            Some(Fate::Dismissed) => {}
            // If it stood in front, those behind may want less than it did.
            None => self.semaphore.serve(),
        }
    }
}

impl Future for Wait<'_> {
    type Output = Result<(), AcquireError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waiter.is_none() && self.semaphore.take_now(self.n)? {
            return Poll::Ready(Ok(()));
        }
        self.poll_in_line(context.waker())
    }
}

impl Drop for Wait<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            self.leave(&waiter);
        }
    }
}

impl Source for Semaphore {
    #[inline]
    fn give_back(&self, n: usize) {
        if self.word.fetch_add(worth(n), Ordering::Release) + worth(n) < 0 {
            self.serve();
        }
    }

    fn retire(&self, n: usize) {
        self.books().issued -= n;
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .field("max", &self.max)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
