//! A hub for small values that are copied, as words, in and out of a ring of atomics. There is no lock
//! on the way: a publisher makes one read-modify-write, a subscriber none.
//!
//! It pays for that: values are `Copy` and become words, and nobody can be waited for or evicted. Who
//! is slow loses the oldest and is told how many.
//!
//! Take along: `copied.rs`, `tape.rs`, `words.rs`, `sleepers.rs`, `park.rs`, `quiet.rs`,
//! `surface.rs`, `terms.rs`, `sync.rs`, `error.rs`.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::{PublishError, RecvError, RecvTimeoutError, SubscribeError, TryRecvError};
use super::park::{block_on, block_on_for};
use super::quiet::{drop_quietly, wake_quietly};
use super::sleepers::{Place, Sleepers};
use super::surface::{check_capacity, receive_methods};
use super::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering};
use super::tape::Tape;
use super::terms::{Counts, Start};

pub use super::words::Words;

/// Every value to every subscriber. A handle: clones are the same hub, and the last to drop closes
/// it.
pub struct Hub<T, const N: usize = 1> {
    shared: Arc<Shared<N>>,
    /// Counts the handles, which the subscribers' shares of `shared` are not.
    open: Arc<Open<N>>,
    values: PhantomData<fn() -> T>,
}

struct Shared<const N: usize> {
    tape: Tape<N>,
    /// Values that subscribers were told they missed. A count only, so Relaxed.
    lagged: AtomicU64,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    /// Not empty only while the tape says that somebody is asleep, or a publisher is about to wake
    /// them.
    sleepers: Sleepers,
    joined: u64,
    left: u64,
}

/// Closes the hub when the last handle goes.
struct Open<const N: usize>(Arc<Shared<N>>);

/// Gets every value that is published while it is there. Leaves when it drops.
#[must_use = "a subscriber that is dropped leaves"]
pub struct Subscriber<T, const N: usize = 1> {
    shared: Arc<Shared<N>>,
    /// How many values are behind it.
    passed: u64,
    /// Where its waker is noted, while it waits.
    place: Option<Place>,
    values: PhantomData<fn() -> T>,
}

impl<T: Words<N>, const N: usize> Hub<T, N> {
    /// A hub that keeps the last `capacity` values. So many a subscriber may be behind. Memory is
    /// best used by a power of two less one.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn new(capacity: usize) -> Self {
        check_capacity(capacity);
        let shared = Arc::new(Shared {
            tape: Tape::new(capacity),
            lagged: AtomicU64::new(0),
            books: Mutex::default(),
        });
        Self { open: Arc::new(Open(Arc::clone(&shared))), shared, values: PhantomData }
    }

    /// Publishes a value. Never waits for a subscriber. Returns the number of the value; the first
    /// is 1.
    ///
    /// # Errors
    ///
    /// [`PublishError::Closed`] with the value, once closed.
    #[inline]
    pub fn try_publish(&self, value: T) -> Result<u64, PublishError<T>> {
        let Some(state) = self.shared.tape.write(value.to_words()) else {
            return Err(PublishError::Closed(value));
        };
        if state.somebody_sleeps() {
            self.shared.wake_all();
        }
        Ok(state.published())
    }

    /// A subscriber that gets what is published from now on.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Closed`] once closed.
    pub fn subscribe(&self) -> Result<Subscriber<T, N>, SubscribeError> {
        self.subscribe_from(Start::Now)
    }

    /// A subscriber that gets some of the values that are kept, and then what is published.
    ///
    /// # Errors
    ///
    /// [`SubscribeError::Closed`] once closed.
    pub fn subscribe_from(&self, start: Start) -> Result<Subscriber<T, N>, SubscribeError> {
        let Shared { tape, .. } = &*self.shared;
        let mut books = self.shared.books();
        let state = tape.look();
        if state.is_closed() {
            return Err(SubscribeError::Closed);
        }
        books.joined += 1;
        drop(books);
        let gone = state.published().saturating_sub(tape.capacity());
        let passed = start.position(state.published(), gone);
        let shared = Arc::clone(&self.shared);
        Ok(Subscriber { shared, passed, place: None, values: PhantomData })
    }

    /// Refuses publishers and subscribers from now on. Subscribers still get what was published,
    /// then `Closed`. Closing twice is closing once.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.shared.tape.look().is_closed()
    }

    /// How many values are kept.
    pub fn capacity(&self) -> usize {
        self.shared.tape.capacity() as usize
    }

    /// What was counted so far. Nobody is ever evicted.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }
}

impl<T: Words<N>, const N: usize> Subscriber<T, N> {
    receive_methods!();

    /// The next value, if there is one. Never waits for one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::NotNow`] if everything was read, else as for [`recv`](Self::recv). Never
    /// `Evicted`.
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        loop {
            self.look()?;
            if let Some(words) = self.shared.tape.read(self.passed) {
                let value = T::from_words(words);
                self.passed += 1;
                return Ok(value);
            }
        }
    }

    /// Appends the values there are to `buffer`, `limit` at most, and returns how many. Never waits.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, TryRecvError> {
        if limit == 0 {
            return Ok(0);
        }
        let mut taken = 0;
        while taken == 0 {
            let limit = limit.min(self.look()? as usize);
            buffer.reserve(limit);
            while taken < limit && self.take(buffer, limit - taken, &mut taken) {}
        }
        Ok(taken)
    }

    /// Takes some values, unless the writer has come round to them. No value is made of words that
    /// do not belong together.
    #[inline]
    fn take(&mut self, buffer: &mut Vec<T>, limit: usize, taken: &mut usize) -> bool {
        let mut words = [[0; N]; CHUNK];
        let words = &mut words[..limit.min(CHUNK)];
        for (index, words) in (self.passed..).zip(&mut *words) {
            *words = self.shared.tape.copy(index);
        }
        let whole = self.shared.tape.is_whole(self.passed);
        if whole {
            for words in words {
                buffer.push(T::from_words(*words));
                self.passed += 1;
                *taken += 1;
            }
        }
        whole
    }
}

/// How many values are copied before a look whether they are whole.
const CHUNK: usize = 16;

impl<T, const N: usize> Subscriber<T, N> {
    /// The number of the last value it got, or was told it misses; at first, that of the value before
    /// the one it begins with. To come back later: [`Start::After`].
    pub fn last_seq(&self) -> u64 {
        self.passed
    }

    /// How many values it could get now, if it lagged no further.
    pub fn len(&self) -> usize {
        let tape = &self.shared.tape;
        (tape.look().published() - self.passed).min(tape.capacity()) as usize
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values can be read, or why none.
    #[inline]
    fn look(&mut self) -> Result<u64, TryRecvError> {
        let state = self.shared.tape.look();
        let unread = state.published() - self.passed;
        if unread == 0 {
            let closed = state.is_closed();
            return Err(if closed { TryRecvError::Closed } else { TryRecvError::NotNow });
        }
        match unread.checked_sub(self.shared.tape.capacity()) {
            None | Some(0) => Ok(unread),
            Some(missed) => Err(self.lag(missed)),
        }
    }

    #[cold]
    fn lag(&mut self, missed: u64) -> TryRecvError {
        self.passed += missed;
        self.shared.lagged.fetch_add(missed, Ordering::Relaxed);
        TryRecvError::Lagged(missed)
    }

    fn ready(&mut self) -> Ready<'_, T, N> {
        Ready { subscriber: self }
    }
}

/// Ready when there is something to receive, or to be told.
struct Ready<'a, T, const N: usize> {
    subscriber: &'a mut Subscriber<T, N>,
}

impl<T, const N: usize> Future for Ready<'_, T, N> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let Subscriber { shared, passed, place, .. } = &mut *self.subscriber;
        let mut books = shared.books();
        // Who publishes next sees the note and comes for the waker, which is there when this mutex is free.
        let asleep = shared.tape.note_asleep(*passed);
        let unused = if asleep { books.sleepers.sleep(place, waker) } else { Some(waker) };
        drop(books);
        drop_quietly(unused);
        if asleep { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<T, const N: usize> Drop for Ready<'_, T, N> {
    fn drop(&mut self) {
        if let Some(place) = self.subscriber.place.take() {
            let waker = self.subscriber.shared.books().sleepers.leave(&place);
            drop_quietly(waker);
        }
    }
}

impl<const N: usize> Shared<N> {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nothing panics under this mutex")
    }

    #[cold]
    fn wake_all(&self) {
        let sleepers = self.books().sleepers.all();
        wake_quietly(sleepers.into_iter().flatten());
    }

    fn close(&self) {
        self.tape.close();
        self.wake_all();
    }

    fn counts(&self) -> Counts {
        let books = self.books();
        Counts {
            published: self.tape.look().published(),
            joined: books.joined,
            left: books.left,
            evicted: 0,
            lagged: self.lagged.load(Ordering::Relaxed),
        }
    }
}

impl<T, const N: usize> Clone for Hub<T, N> {
    fn clone(&self) -> Self {
        let Self { shared, open, values } = self;
        Self { shared: Arc::clone(shared), open: Arc::clone(open), values: *values }
    }
}

impl<T, const N: usize> fmt::Debug for Hub<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("capacity", &self.shared.tape.capacity())
            .field("closed", &self.shared.tape.look().is_closed())
            .field("counts", &self.shared.counts())
            .finish_non_exhaustive()
    }
}

impl<T, const N: usize> fmt::Debug for Subscriber<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("last_seq", &self.last_seq())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<const N: usize> Drop for Open<N> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T, const N: usize> Drop for Subscriber<T, N> {
    fn drop(&mut self) {
        let place = self.place.take(); // none, unless a wait was forgotten
        let mut books = self.shared.books();
        books.left += 1;
        let waker = place.and_then(|place| books.sleepers.leave(&place));
        drop(books);
        drop_quietly(waker);
        let tape = &self.shared.tape;
        let unread = tape.look().published() - self.passed;
        let missed = unread.saturating_sub(tape.capacity());
        self.shared.lagged.fetch_add(missed, Ordering::Relaxed);
    }
}
