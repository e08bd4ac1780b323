//! What the handles of a shared hub share, and what publishers do to it under its mutex.
//!
//! Nothing foreign runs there. What is to be done afterwards, waking and dropping, is noted as
//! errands, and run when the mutex is free.

use std::task::Waker;

use super::block::Block;
use super::error::TryPublishError;
use super::line::Line;
use super::quiet::{drop_quietly, wake_quietly};
use super::ring::{Pen, Ring};
use super::seats::Seats;
use super::sleepers::Sleepers;
use super::sync::{Arc, AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering};
use super::terms::{Counts, Slow};

pub(crate) struct Shared<T> {
    pub(crate) ring: Ring<T>,
    /// As `books.closed`, to be read without the mutex. Release, after the last message; pairs with
    /// the Acquire of `is_closed`.
    closed: AtomicBool,
    /// While publishers wait: the number of the message that is to be overwritten next, and that
    /// somebody still needs. Else 0.
    ///
    /// A publisher says here what it wants, then looks at the seats. A subscriber to wait for says
    /// in its seat how far it is, then looks here. All four steps are `SeqCst`, so at least one of
    /// the two sees the other, and no room is made unseen.
    wanted: AtomicU64,
    /// Messages that subscribers were told they missed. A count only, so Relaxed.
    lagged: AtomicU64,
    books: Mutex<Books<T>>,
}

pub(crate) struct Books<T> {
    pub(crate) pen: Pen<T>,
    pub(crate) seats: Seats,
    pub(crate) sleepers: Sleepers,
    /// Not empty only while somebody in `seats` is in the way.
    pub(crate) line: Line<T>,
    pub(crate) closed: bool,
    pub(crate) joined: u64,
    pub(crate) left: u64,
    evicted: u64,
}

/// What is to be done for a message when the mutex is free.
pub(crate) struct Errands<T> {
    /// Subscribers for whom there is a message.
    sleepers: Vec<Option<Waker>>,
    /// What had to go for it.
    gone: Option<Arc<Block<T>>>,
}

impl<T> Shared<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let (ring, pen) = Ring::new(capacity);
        let books = Books {
            pen,
            seats: Seats::new(),
            sleepers: Sleepers::default(),
            line: Line::new(),
            closed: false,
            joined: 0,
            left: 0,
            evicted: 0,
        };
        Self {
            ring,
            closed: AtomicBool::new(false),
            wanted: AtomicU64::new(0),
            lagged: AtomicU64::new(0),
            books: Mutex::new(books),
        }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books<T>> {
        self.books.lock().expect("nothing panics under this mutex")
    }

    // ANCHOR: publish
    /// Publishes a message now or not at all.
    #[inline]
    pub(crate) fn try_publish(&self, value: T) -> Result<u64, TryPublishError<T>> {
        let mut books = self.books();
        if books.closed {
            return Err(TryPublishError::Closed(value));
        }
        if !books.line.is_empty() || !self.make_room(&mut books) {
            return Err(TryPublishError::Full(value));
        }
        let (number, errands) = self.write(&mut books, value);
        drop(books);
        if let Some(errands) = errands {
            self.run(errands);
        }
        Ok(number)
    }

    /// Whether one more fits, after those were evicted who are to be evicted for it.
    #[inline]
    fn make_room(&self, books: &mut Books<T>) -> bool {
        let overwritten = self.overwritten(books);
        books.seats.clear(overwritten, &mut books.evicted)
    }

    /// The number of the message that the next one overwrites, or 0.
    #[inline]
    fn overwritten(&self, books: &Books<T>) -> u64 {
        (books.pen.published() + 1).saturating_sub(self.ring.capacity())
    }

    /// The number of the message, and what is to be done for it, which is mostly nothing.
    #[inline]
    fn write(&self, books: &mut Books<T>, value: T) -> (u64, Option<Errands<T>>) {
        let gone = self.ring.write(&mut books.pen, value);
        let errands = (gone.is_some() || !books.sleepers.is_empty())
            .then(|| Errands { sleepers: books.sleepers.all(), gone });
        (books.pen.published(), errands)
    }
    // ANCHOR_END: publish

    /// Gets in line behind those who wait; the ticket.
    pub(crate) fn join_line(&self, value: T, waker: Waker) -> Result<u64, TryPublishError<T>> {
        let mut books = self.books();
        if books.closed {
            drop(books);
            drop_quietly(waker);
            return Err(TryPublishError::Closed(value));
        }
        let ticket = books.line.join(value, waker);
        self.serve(books);
        Ok(ticket)
    }

    // ANCHOR: serve
    /// Publishes for those in line while there is room.
    pub(crate) fn serve(&self, mut books: MutexGuard<'_, Books<T>>) {
        let (mut errands, mut publishers) = (Vec::new(), Vec::new());
        loop {
            let wanted = if books.line.is_empty() { 0 } else { self.overwritten(&books) };
            self.wanted.store(wanted, Ordering::SeqCst);
            if wanted == 0 || !self.make_room(&mut books) {
                break;
            }
            if let Some((ticket, value, waker)) = books.line.first() {
                let (number, more) = self.write(&mut books, value);
                books.line.answer(ticket, Ok(number));
                publishers.push(waker);
                errands.extend(more);
            }
        }
        drop(books);
        wake_quietly(publishers);
        for errands in errands {
            self.run(errands);
        }
    }

    /// Called by a subscriber to wait for, after it said that it has passed so many messages, when
    /// `before` were passed before.
    #[inline]
    pub(crate) fn made_room(&self, before: u64, passed: u64) {
        let wanted = self.wanted.load(Ordering::SeqCst);
        if before < wanted && wanted <= passed {
            self.serve(self.books());
        }
    }
    // ANCHOR_END: serve

    /// Evicts those who make publishers wait.
    pub(crate) fn evict_slow(&self) -> u64 {
        let mut books = self.books();
        let overwritten = self.overwritten(&books);
        let evicted = books.seats.evict(Slow::Wait, overwritten);
        books.evicted += evicted;
        self.serve(books);
        evicted
    }

    pub(crate) fn close(&self) {
        let mut books = self.books();
        books.closed = true;
        self.closed.store(true, Ordering::Release);
        let sleepers = books.sleepers.all();
        let mut publishers = Vec::new();
        while let Some((ticket, value, waker)) = books.line.first() {
            books.line.answer(ticket, Err(value));
            publishers.push(waker);
        }
        self.wanted.store(0, Ordering::SeqCst);
        drop(books);
        wake_quietly(publishers.into_iter().chain(sleepers.into_iter().flatten()));
    }

    /// Does what was noted, when the mutex is free.
    #[cold]
    fn run(&self, errands: Errands<T>) {
        wake_quietly(errands.sleepers.into_iter().flatten());
        if let Some(block) = errands.gone {
            self.ring.recycle(block);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn note_lag(&self, missed: u64) {
        self.lagged.fetch_add(missed, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let books = self.books();
        Counts {
            published: books.pen.published(),
            joined: books.joined,
            left: books.left,
            evicted: books.evicted,
            lagged: self.lagged.load(Ordering::Relaxed),
        }
    }
}
