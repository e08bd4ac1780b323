//! A subscriber of a shared hub: a cursor into the ring, and a seat if publishers have to mind it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::{RecvError, RecvTimeoutError, TryRecvError};
use super::park::{block_on, block_on_for};
use super::quiet::drop_quietly;
use super::ring::{Cursor, Look};
use super::seats::Seat;
use super::shared::Shared;
use super::sleepers::Place;
use super::surface::receive_methods;
use super::sync::Arc;
use super::terms::Slow;

/// Gets every message that is published while it is there. Leaves when it drops.
#[must_use = "a subscriber that is dropped leaves"]
pub struct Subscriber<T> {
    pub(crate) shared: Arc<Shared<T>>,
    pub(crate) cursor: Cursor<T>,
    /// Unless it loses the oldest, and publishers need not mind it.
    pub(crate) seat: Option<Arc<Seat>>,
    /// Where its waker is noted, while it waits.
    pub(crate) place: Option<Place>,
}

impl<T: Clone + Send + Sync + 'static> Subscriber<T> {
    receive_methods!();

    // ANCHOR: recv
    /// The next message, if there is one. Never waits. The message is cloned under no lock; if that
    /// panics, it stays the next.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::NotNow`] if everything was read, else as for [`recv`](Self::recv).
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.look()?;
        let message = self.cursor.next().clone();
        self.pass(1);
        Ok(message)
    }

    /// Appends the messages there are to `buffer`, `limit` at most, and returns how many. Never
    /// waits.
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
        let ready = self.look()?;
        let limit = limit.min(ready as usize);
        let (before, passed) = (buffer.len(), self.cursor.passed);
        let mut batch = Batch { subscriber: self, passed, buffer, noted: before };
        while batch.noted < before + limit && batch.has_next() {
            batch.take(before + limit);
        }
        Ok(batch.noted - before)
    }
    // ANCHOR_END: recv
}

impl<T> Subscriber<T> {
    /// The number of the last message it got, or was told it misses; at first, that of the message
    /// before the one it begins with. To come back later: [`Start::After`](crate::Start::After).
    pub fn last_seq(&self) -> u64 {
        self.cursor.passed
    }

    /// How many messages it could get now, if it lagged no further.
    pub fn len(&self) -> usize {
        let ring = &self.shared.ring;
        (ring.published() - self.cursor.passed).min(ring.capacity()) as usize
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages can be read, at least; or why none.
    #[inline]
    fn look(&mut self) -> Result<u64, TryRecvError> {
        if self.seat.as_ref().is_some_and(|seat| seat.is_out()) {
            return Err(TryRecvError::Evicted);
        }
        match self.shared.ring.look(&mut self.cursor) {
            Look::Ready(count) => Ok(count),
            Look::Empty => self.nothing(),
            Look::Behind(missed) => self.lag(missed),
        }
    }

    /// Not now, or never.
    #[cold]
    fn nothing(&mut self) -> Result<u64, TryRecvError> {
        if !self.shared.is_closed() {
            return Err(TryRecvError::NotNow);
        }
        // What was published before the close is counted by now.
        if self.shared.ring.published() == self.cursor.passed {
            return Err(TryRecvError::Closed);
        }
        self.look()
    }

    #[cold]
    fn lag(&mut self, missed: u64) -> Result<u64, TryRecvError> {
        if self.seat.as_ref().is_some_and(|seat| seat.is_out()) {
            return Err(TryRecvError::Evicted);
        }
        self.cursor.passed += missed;
        self.shared.note_lag(missed);
        Err(TryRecvError::Lagged(missed))
    }

    /// So many more messages are behind it.
    #[inline]
    fn pass(&mut self, count: u64) {
        let before = self.cursor.passed;
        self.cursor.passed += count;
        self.tell(before);
    }

    /// Says how far it is, if publishers mind it.
    #[inline]
    fn tell(&self, before: u64) {
        if let Some(seat) = &self.seat {
            seat.advance(self.cursor.passed);
            if seat.slow == Slow::Wait {
                self.shared.made_room(before, self.cursor.passed);
            }
        }
    }

    /// Whether [`look`](Self::look) would say "not now".
    fn is_dry(&self) -> bool {
        let out = self.seat.as_ref().is_some_and(|seat| seat.is_out());
        !out && !self.shared.is_closed() && self.shared.ring.published() == self.cursor.passed
    }

    fn ready(&mut self) -> Ready<'_, T> {
        Ready { subscriber: self }
    }

    /// Sleeps no more.
    #[cold]
    fn wake(&mut self, place: &Place) {
        let waker = self.shared.books().sleepers.leave(place);
        drop_quietly(waker);
    }
}

impl<T> fmt::Debug for Subscriber<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("last_seq", &self.last_seq())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Subscriber<T> {
    fn drop(&mut self) {
        let place = self.place.take(); // none, unless a wait was forgotten
        let shared = &self.shared;
        let mut books = shared.books();
        let waker = place.and_then(|place| books.sleepers.leave(&place));
        if let Some(seat) = &self.seat {
            books.left += u64::from(books.seats.leave(seat)); // if evicted, it left then
        } else {
            books.left += 1;
            let unread = books.pen.published() - self.cursor.passed;
            shared.note_lag(unread.saturating_sub(shared.ring.capacity()));
        }
        shared.serve(books);
        drop_quietly(waker);
    }
}

/// Messages on their way into a buffer. What is in there is taken, also if cloning the next panics.
struct Batch<'a, T> {
    subscriber: &'a mut Subscriber<T>,
    /// How many were behind the subscriber before.
    passed: u64,
    buffer: &'a mut Vec<T>,
    /// The buffer's length when the cursor was moved last.
    noted: usize,
}

impl<T> Batch<'_, T> {
    /// Whether there is a next message, still.
    #[inline]
    fn has_next(&mut self) -> bool {
        let Subscriber { shared, cursor, .. } = &mut *self.subscriber;
        matches!(shared.ring.look(cursor), Look::Ready(_))
    }

    /// Takes what is in the block at hand, until the buffer is so long.
    #[inline]
    fn take(&mut self, length: usize)
    where
        T: Clone,
    {
        let at_hand = self.subscriber.cursor.at_hand();
        self.buffer.extend(at_hand.take(length - self.noted).cloned());
        self.note();
    }

    #[inline]
    fn note(&mut self) {
        self.subscriber.cursor.passed += (self.buffer.len() - self.noted) as u64;
        self.noted = self.buffer.len();
    }
}

impl<T> Drop for Batch<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.note();
        self.subscriber.tell(self.passed);
    }
}

/// Ready when there is something to receive, or to be told.
struct Ready<'a, T> {
    subscriber: &'a mut Subscriber<T>,
}

impl<T> Future for Ready<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.subscriber.is_dry() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let subscriber = &mut *self.subscriber;
        let mut books = subscriber.shared.books();
        // Looks again: who publishes, closes or evicts wakes those who are noted by then.
        let dry = subscriber.is_dry();
        let unused =
            if dry { books.sleepers.sleep(&mut subscriber.place, waker) } else { Some(waker) };
        drop(books);
        drop_quietly(unused);
        if dry { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<T> Drop for Ready<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.subscriber.place.take() {
            self.subscriber.wake(&place);
        }
    }
}
