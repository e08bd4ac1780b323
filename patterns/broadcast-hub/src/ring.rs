//! The messages that are kept, in blocks, and a cursor for each reader. The writer puts a new block
//! in the place of the oldest. Whoever reads that one keeps it as long as it stands there, and is
//! then as far behind as the counter says.

use super::block::{Block, Writer};
use super::sync::{Arc, AtomicU64, BLOCK, Mutex, Ordering};

/// Keeps the last `capacity` messages.
pub(crate) struct Ring<T> {
    /// How many messages were published. The Release of `write` pairs with the Acquire of
    /// `published`: whoever sees a message counted finds its block in place, and it in the block.
    published: Line<AtomicU64>,
    capacity: u64,
    /// Slots of a block.
    size: usize,
    /// Block n stands in place n modulo their number. There are enough that a new block takes the
    /// place of one that nobody may read any more; so who finds its block gone finds itself behind
    /// when it looks again. Locked for the moment it takes to take a share of a block.
    places: Box<[Mutex<Arc<Block<T>>>]>,
    /// A block that is empty again, so that in the long run none is allocated.
    spare: Mutex<Option<Arc<Block<T>>>>,
}

/// On a cache line of its own: readers look at it all the time.
#[repr(align(128))]
struct Line<T>(T);

/// The one who writes.
pub(crate) struct Pen<T> {
    /// As the ring's, which only the pen changes.
    published: u64,
    open: Writer<T>,
}

/// How far a reader is.
pub(crate) struct Cursor<T> {
    /// How many messages are behind it.
    pub(crate) passed: u64,
    /// The block it read last, which it keeps alive. So one that stands still holds the payloads of
    /// one block, and no more.
    block: Arc<Block<T>>,
}

/// What a reader finds.
pub(crate) enum Look {
    /// At least so many messages can be read.
    Ready(u64),
    /// Everything was read.
    Empty,
    /// So many were overwritten.
    Behind(u64),
}

impl<T> Ring<T> {
    pub(crate) fn new(capacity: usize) -> (Self, Pen<T>) {
        let size = (capacity / 4).clamp(1, BLOCK);
        let open = Writer::new(0, size);
        let places = capacity.div_ceil(size) + 1;
        let ring = Self {
            published: Line(AtomicU64::new(0)),
            capacity: capacity as u64,
            size,
            // The first block holds the other places until their own come.
            places: (0..places).map(|_| Mutex::new(Arc::clone(open.block()))).collect(),
            spare: Mutex::new(None),
        };
        (ring, Pen { published: 0, open })
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    #[inline]
    pub(crate) fn published(&self) -> u64 {
        self.published.0.load(Ordering::Acquire)
    }

    /// Writes a message. Returns the block that had to go, if any, for the caller to
    /// [recycle](Self::recycle) where foreign code may run.
    #[inline]
    pub(crate) fn write(&self, pen: &mut Pen<T>, value: T) -> Option<Arc<Block<T>>> {
        let gone = pen.open.is_full().then(|| self.open_next(pen));
        pen.open.push(value);
        pen.published += 1;
        self.published.0.store(pen.published, Ordering::Release);
        gone
    }

    #[cold]
    fn open_next(&self, pen: &mut Pen<T>) -> Arc<Block<T>> {
        let spare = self.spare.lock().expect("nothing panics under this mutex").take();
        let again = spare.and_then(|spare| Writer::again(pen.published, spare));
        pen.open = again.unwrap_or_else(|| Writer::new(pen.published, self.size));
        let place = self.place(pen.published);
        let mut place = place.lock().expect("nothing panics under this mutex");
        std::mem::replace(&mut *place, Arc::clone(pen.open.block()))
    }

    /// Drops the payloads of a block that had to go, and keeps it for later.
    pub(crate) fn recycle(&self, mut block: Arc<Block<T>>) {
        if Block::empty(&mut block) {
            let mut spare = self.spare.lock().expect("nothing panics under this mutex");
            let unused = spare.replace(block);
            drop(spare);
            drop(unused);
        }
    }

    fn place(&self, index: u64) -> &Mutex<Arc<Block<T>>> {
        &self.places[index as usize / self.size % self.places.len()]
    }

    // ANCHOR: look
    /// How a reader stands. If there is something to read, its block is at hand afterwards.
    #[inline]
    pub(crate) fn look(&self, cursor: &mut Cursor<T>) -> Look {
        loop {
            let unread = self.published() - cursor.passed;
            if unread == 0 {
                return Look::Empty;
            }
            if unread > self.capacity {
                return Look::Behind(unread - self.capacity);
            }
            if cursor.block.covers(cursor.passed) || self.turn(cursor) {
                return Look::Ready(unread);
            }
        }
    }

    /// Takes the next block, unless the writer has been round since the look at the counter.
    #[cold]
    fn turn(&self, cursor: &mut Cursor<T>) -> bool {
        let place = self.place(cursor.passed).lock().expect("nothing panics under this mutex");
        let block = Arc::clone(&place);
        drop(place); // what the cursor lets go of may be the last share of a block
        cursor.block = block;
        cursor.block.covers(cursor.passed)
    }
    // ANCHOR_END: look
}

impl<T> Pen<T> {
    #[inline]
    pub(crate) fn published(&self) -> u64 {
        self.published
    }

    /// A cursor that so many messages are behind.
    pub(crate) fn cursor(&self, passed: u64) -> Cursor<T> {
        Cursor { passed, block: Arc::clone(self.open.block()) }
    }
}

impl<T> Cursor<T> {
    /// The next messages, as far as they are in the block at hand.
    #[inline]
    pub(crate) fn at_hand(&self) -> impl ExactSizeIterator<Item = &T> {
        self.block.from(self.passed)
    }

    /// The next message.
    #[inline]
    pub(crate) fn next(&self) -> &T {
        self.block.get(self.passed).expect("`look` said there is one")
    }
}
