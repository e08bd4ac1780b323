//! A row of slots that one writer fills, one after the other, while any number of readers read what
//! is filled. As long as anybody keeps the block a slot is written once, so a reader needs no lock.
//! A block that nobody keeps is used again.
#![expect(unsafe_code, reason = "that a slot is written before it is read, a counter says")]

use std::mem;

use super::quiet::{Quiet, drop_all_quietly};
use super::sync::{Arc, AtomicUsize, Ordering, UnsafeCell};

/// The slots, and how many are filled.
pub(crate) struct Block<T> {
    /// How many messages were published before the first in here.
    first: u64,
    /// The slots before this one are filled and do not change; those from here on are the
    /// writer's. Its Release pairs with the Acquire of readers.
    filled: AtomicUsize,
    slots: Box<[UnsafeCell<Quiet<T>>]>,
}

// SAFETY: readers share what is filled, for which `T: Sync` is needed; the last to let go of the
// block drops payloads that another thread made, for which `T: Send` is.
unsafe impl<T: Send + Sync> Sync for Block<T> {}

/// The one who fills a block. There is one for each block, and it cannot be cloned.
pub(crate) struct Writer<T> {
    block: Arc<Block<T>>,
    /// As the block's, which only the writer changes.
    filled: usize,
}

impl<T> Writer<T> {
    /// An empty block of `size` slots.
    pub(crate) fn new(first: u64, size: usize) -> Self {
        let slots = (0..size).map(|_| UnsafeCell::new(Quiet::EMPTY)).collect();
        let block = Block { first, filled: AtomicUsize::new(0), slots };
        Self { block: Arc::new(block), filled: 0 }
    }

    /// An [emptied](Block::empty) block once more, unless somebody reads in it.
    pub(crate) fn again(first: u64, mut block: Arc<Block<T>>) -> Option<Self> {
        Arc::get_mut(&mut block)?.first = first;
        Some(Self { block, filled: 0 })
    }

    /// The block, to be read.
    pub(crate) fn block(&self) -> &Arc<Block<T>> {
        &self.block
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == self.block.slots.len()
    }

    /// Fills the next slot.
    ///
    /// # Panics
    ///
    /// If the block is full.
    #[inline]
    pub(crate) fn push(&mut self, value: T) {
        let value = Quiet::new(value);
        // SAFETY: the slot is not before `filled`, so no reader looks at it; there is no other
        // writer. What is overwritten is empty, or needs no drop.
        self.block.slots[self.filled].with_mut(|slot| unsafe { slot.write(value) });
        self.filled += 1;
        self.block.filled.store(self.filled, Ordering::Release);
    }
}

impl<T> Block<T> {
    /// Whether message `index`, counted from 0, belongs in here.
    #[inline]
    pub(crate) fn covers(&self, index: u64) -> bool {
        index.wrapping_sub(self.first) < self.slots.len() as u64
    }

    /// Message `index`, counted from 0, and those after it, as far as they are in here.
    #[inline]
    pub(crate) fn from(&self, index: u64) -> impl ExactSizeIterator<Item = &T> {
        let filled = self.filled.load(Ordering::Acquire);
        let at = index.wrapping_sub(self.first).min(filled as u64) as usize;
        self.slots[at..filled].iter().map(|slot| {
            // SAFETY: the slot is before `filled`, so it was written before and will not be again.
            let slot = slot.with(|slot| unsafe { &*slot });
            slot.get().expect("a slot before `filled` is filled")
        })
    }

    /// Drops what is in here, unless somebody reads it: then the last to let go of it does. Whether
    /// it is empty now, and can be used [again](Writer::again).
    pub(crate) fn empty(this: &mut Arc<Self>) -> bool {
        let Some(block) = Arc::get_mut(this) else { return false };
        block.filled = AtomicUsize::new(0);
        if mem::needs_drop::<T>() {
            // SAFETY: nobody else has this block.
            let taken =
                |slot: &mut UnsafeCell<Quiet<T>>| slot.with_mut(|slot| unsafe { (*slot).take() });
            drop_all_quietly(block.slots.iter_mut().map(taken));
        }
        true
    }

    /// Message `index`, counted from 0, if it is in here.
    #[inline]
    pub(crate) fn get(&self, index: u64) -> Option<&T> {
        self.from(index).next()
    }
}
