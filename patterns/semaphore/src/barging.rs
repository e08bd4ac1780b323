//! A semaphore that lets newcomers in ahead of sleepers: whoever runs takes the permits, and no
//! permit waits for a thread to wake up. Fast when holds are short, at the price of order.
//!
//! Callers own nothing but their permits. A release puts permits up for grabs and calls the first
//! sleeper, one at a time; called in vain, it sleeps on in front. `close` ends it.
//!
//! Take along: `barging.rs`, `line.rs`, `park.rs`, `permit.rs`, `surface.rs`, `sync.rs`,
//! `error.rs`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::error::{AcquireError, AcquireTimeoutError, AddPermitsError, TryAcquireError};
use super::line::{Fate, Line, Waiter};
use super::park::{block_on, block_on_for};
use super::permit::{Held, Source};
use super::surface::{acquire_methods, check_size};
use super::sync::{Arc, AtomicIsize, LOOKS, Mutex, MutexGuard, Ordering, SPINS};

/// At most as many permits out as there are; whoever comes at the right moment is served.
///
/// A caller who wants many permits can be overtaken for ever by callers who want few, and a sleeper
/// that is called but not polled keeps the other sleepers waiting, even while permits are free.
/// Where order matters take [`lock::Semaphore`](crate::lock::Semaphore).
pub struct Semaphore {
    /// The free permits times [`ONE`], plus flags:
    ///
    /// | flag      | set                          | cleared                             |
    /// |-----------|------------------------------|-------------------------------------|
    /// | `WAITING` | when the line gets a sleeper | when it is empty                    |
    /// | `CALLED`  | when a sleeper is called     | when it took, sleeps again, or left |
    /// | `CLOSED`  | by `close`                   | never                               |
    ///
    /// The sign, `CALL`, follows from them: closed, or waiting and none called. So the sign of the
    /// sum tells a release what to do, and most takers look at nothing else. At most one sleeper is
    /// on its way. Whoever clears `CALLED` looks after
    /// the rest: it calls the next, or finds in the same step that the first sleeper wants more
    /// than there is.
    word: AtomicIsize,
    /// Permits in circulation never exceed this.
    max: usize,
    books: Mutex<Books>,
}

struct Books {
    /// Empty exactly when `WAITING` is not set.
    line: Line,
    /// Permits in circulation, free or held.
    issued: usize,
}

const CALL: isize = isize::MIN;
const CLOSED: isize = 1;
const WAITING: isize = 2;
const CALLED: isize = 4;
const ONE: isize = 8;

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
        self.flag(|word| word | CLOSED);
        while let Some(waker) = books.line.dismiss_first() {
            drop(books);
            waker.wake();
            books = self.books();
        }
        self.flag(|word| word & !WAITING);
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

    /// Takes `n` out of the word if it can. Acquire pairs with the Release of `give_back` and of
    /// `close`: what was done before is seen by whoever gets a permit, or is refused.
    #[inline]
    fn take_now(&self, n: usize) -> Result<bool, AcquireError> {
        let word = self.word.load(Ordering::Acquire);
        // The usual case, nobody sleeps. A word with `CALL` is less than any request.
        if n <= Self::MAX_PERMITS && word >= worth(n) {
            let next = word - worth(n);
            if self.change(word, next).is_ok() {
                return Ok(true);
            }
            stand_back();
        }
        Ok(self.take_and_clear(n, 0)?.is_some())
    }

    /// The same with sleepers in the line; clears `flags` in the same step. Tells what is left, or
    /// `None` if there was too little.
    #[cold]
    fn take_and_clear(&self, n: usize, flags: isize) -> Result<Option<isize>, AcquireError> {
        loop {
            let word = self.word.load(Ordering::Acquire);
            if word & CLOSED != 0 || free(word) < n {
                return self.refuse(n, word).map(|()| None);
            }
            let next = with_call((word - worth(n)) & !flags);
            if self.change(word, next).is_ok() {
                return Ok(Some(next));
            }
            stand_back();
        }
    }

    #[inline]
    fn change(&self, word: isize, next: isize) -> Result<isize, isize> {
        self.word.compare_exchange(word, next, Ordering::Acquire, Ordering::Acquire)
    }

    /// Closed, never, or nothing to say but "not now".
    fn refuse(&self, n: usize, word: isize) -> Result<(), AcquireError> {
        if word & CLOSED != 0 {
            Err(AcquireError::Closed)
        } else if n > self.max {
            Err(AcquireError::Never { asked: n, max: self.max })
        } else {
            Ok(())
        }
    }

    #[inline]
    fn take(&self, n: usize) -> Wait<'_> {
        Wait { semaphore: self, n, sleeper: None }
    }

    /// A thread has nothing else to do: it looks again for a moment before it sleeps, and a permit
    /// that comes back meanwhile costs no wake-up.
    #[inline]
    fn take_blocking(&self, n: usize) -> Result<(), AcquireError> {
        for _ in 0..LOOKS {
            if self.take_now(n)? {
                return Ok(());
            }
            stand_back();
        }
        block_on(self.take(n))
    }

    /// With the line locked: takes `n` permits (true), or sets `WAITING`; clears `flags`. Decided in
    /// one step on the word, so a release comes either before (its permits are seen here) or after
    /// (it sees that somebody sleeps and nobody is called).
    fn take_or_sleep(&self, n: usize, flags: isize) -> Result<bool, AcquireError> {
        loop {
            let word = self.word.load(Ordering::Acquire);
            self.refuse(n, word)?;
            let takes = free(word) >= n;
            let next = if takes { word - worth(n) } else { word | WAITING };
            if self.change(word, with_call(next & !flags)).is_ok() {
                return Ok(takes);
            }
        }
    }

    /// Calls the first sleeper if the free permits suffice and nobody else is called.
    #[cold]
    fn call_one(&self) {
        let mut books = self.books();
        let Some(wanted) = books.line.first_wants() else { return };
        let word = self.word.load(Ordering::Relaxed);
        if word & (CALLED | CLOSED) != 0 || free(word) < wanted {
            return;
        }
        self.flag(|word| word | CALLED);
        let waker = books.line.call_first();
        self.note_if_empty(&books);
        drop(books);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Nobody sleeps any more: a release need not look after anybody.
    fn note_if_empty(&self, books: &Books) {
        if books.line.is_empty() {
            self.flag(|word| word & !WAITING);
        }
    }

    /// Changes flags. Release pairs with the Acquire of whoever then is refused, as it is closed.
    fn flag(&self, change: impl Fn(isize) -> isize) {
        let change = |word| Some(with_call(change(word)));
        let _ = self.word.fetch_update(Ordering::Release, Ordering::Relaxed, change);
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
    ((word & !CALL) / ONE).cast_unsigned()
}

/// The word with `CALL` as the other flags demand.
const fn with_call(word: isize) -> isize {
    let call = word & (WAITING | CALLED) == WAITING || word & CLOSED != 0;
    if call { word | CALL } else { word & !CALL }
}

/// Another thread was faster, or has the permit. Leave the word to it for a moment: two threads that
/// take turns at one cache line are slower than one after the other.
#[cold]
fn stand_back() {
    for _ in 0..SPINS {
        std::hint::spin_loop();
    }
}

/// The wait for permits. Ready means they are the caller's.
struct Wait<'a> {
    semaphore: &'a Semaphore,
    n: usize,
    /// The place in the line, from the first poll that found no permits to the end of the wait.
    sleeper: Option<Arc<Waiter>>,
}

impl Wait<'_> {
    /// Not in the line yet: take, or get in line behind the others.
    fn start(&mut self, waker: &Waker) -> Poll<Result<(), AcquireError>> {
        let semaphore = self.semaphore;
        let sleeper = Arc::new(Waiter::new(self.n, waker.clone()));
        let mut books = semaphore.books();
        if semaphore.take_or_sleep(self.n, 0)? {
            return Poll::Ready(Ok(()));
        }
        books.line.push_back(Arc::clone(&sleeper));
        self.sleeper = Some(sleeper);
        Poll::Pending
    }

    #[cold]
    fn poll_in_line(&mut self, waker: &Waker) -> Poll<Result<(), AcquireError>> {
        let Some(sleeper) = self.sleeper.take() else { return self.start(waker) };
        match sleeper.poll(waker) {
            Poll::Ready(Fate::Called) => self.finish(sleeper, waker),
            Poll::Ready(Fate::Dismissed) => Poll::Ready(Err(AcquireError::Closed)),
            Poll::Pending => {
                self.sleeper = Some(sleeper);
                Poll::Pending
            }
        }
    }

    #[cold]
    fn leave(&self, sleeper: &Waiter) {
        // Lets go of the caller's waker, foreign code, before the line is locked.
        let _ = sleeper.poll(Waker::noop());
        let mut books = self.semaphore.books();
        if books.line.leave(sleeper) == Some(Fate::Called) {
            self.semaphore.flag(|word| word & !CALLED);
        }
        self.semaphore.note_if_empty(&books);
        drop(books);
        // Its call passes to the next; or the next wants less than it did.
        self.semaphore.call_one();
    }

    /// Called: take, and look after the others; or sleep again in front of them.
    fn finish(&mut self, sleeper: Arc<Waiter>, waker: &Waker) -> Poll<Result<(), AcquireError>> {
        let semaphore = self.semaphore;
        if let Some(left) = semaphore.take_and_clear(self.n, CALLED)? {
            if left < 0 && free(left) > 0 {
                semaphore.call_one();
            }
            return Poll::Ready(Ok(()));
        }
        let waker = waker.clone();
        let mut books = semaphore.books();
        if semaphore.take_or_sleep(self.n, CALLED)? {
            drop(books);
            semaphore.call_one();
            return Poll::Ready(Ok(()));
        }
        sleeper.wait_again(waker);
        books.line.push_front(Arc::clone(&sleeper));
        self.sleeper = Some(sleeper);
        Poll::Pending
    }
}

impl Future for Wait<'_> {
    type Output = Result<(), AcquireError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.sleeper.is_none() && self.semaphore.take_now(self.n)? {
            return Poll::Ready(Ok(()));
        }
        self.poll_in_line(context.waker())
    }
}

impl Drop for Wait<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(sleeper) = self.sleeper.take() {
            self.leave(&sleeper);
        }
    }
}

impl Source for Semaphore {
    #[inline]
    fn give_back(&self, n: usize) {
        if self.word.fetch_add(worth(n), Ordering::Release) + worth(n) < 0 {
            self.call_one();
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
