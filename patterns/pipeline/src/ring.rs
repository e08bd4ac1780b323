//! A ring that one thread fills and one thread empties. Two counters run through it and never turn
//! back: `tail`, how many were put in, and `head`, how many were taken out. The slots from head to
//! tail are full and the taker's, the others are empty and the giver's.
#![expect(unsafe_code, reason = "a slot changes hands by a counter, which the compiler cannot see")]

use std::cell::UnsafeCell;
use std::fmt;
use std::mem::MaybeUninit;

use super::bell::Bell;
use super::hop;
use super::sync::{Arc, AtomicBool, AtomicUsize, Ordering, fence};

/// A ring with room for `capacity` items, and its two ends.
pub(crate) fn ring<T>(capacity: usize) -> (Give<T>, Take<T>) {
    let slots = (0..capacity.next_power_of_two()).map(|_| UnsafeCell::new(MaybeUninit::uninit()));
    let ring = Arc::new(Ring {
        slots: slots.collect(),
        tail: Line(AtomicUsize::new(0)),
        head: Line(AtomicUsize::new(0)),
        ended: Line(AtomicBool::new(false)),
        filled: Line(Bell::default()),
        emptied: Line(Bell::default()),
    });
    let give = Give { ring: Arc::clone(&ring), capacity, tail: 0, head: 0 };
    (give, Take { ring, step: capacity.div_ceil(4), head: 0, told: 0, tail: 0 })
}

/// The end that is filled.
pub struct Give<T> {
    ring: Arc<Ring<T>>,
    capacity: usize,
    /// Ours; the ring's `tail` is always the same.
    tail: usize,
    /// The taker's when we looked last; it is there or further.
    head: usize,
}

/// The end that is emptied.
pub struct Take<T> {
    ring: Arc<Ring<T>>,
    /// So many slots are given back at once, if the ring is not empty before.
    step: usize,
    /// Ours, and ahead of the ring's by what we have not told yet.
    head: usize,
    /// The ring's `head`.
    told: usize,
    /// The giver's when we looked last; it is there or further.
    tail: usize,
}

/// On a cache line of its own, so that what one side writes does not slow down the other.
#[repr(align(128))]
struct Line<T>(T);

struct Ring<T> {
    /// Slot `n & mask` belongs to item n.
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
    /// Written by the giver after it filled a slot. Its Release pairs with the taker's Acquire.
    tail: Line<AtomicUsize>,
    /// Written by the taker after it emptied slots. Its Release pairs with the giver's Acquire.
    head: Line<AtomicUsize>,
    /// Set by the giver when it leaves, after its last `tail`; Release, read with Acquire.
    ended: Line<AtomicBool>,
    /// The taker sleeps here.
    filled: Line<Bell>,
    /// The giver sleeps here.
    emptied: Line<Bell>,
}

// SAFETY: a slot is touched by one thread at a time, the one whose side of the counters it is on, and
// it changes sides by a Release that is read with Acquire. So items only move from thread to
// thread, for which `T: Send` is enough.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    fn slot(&self, n: usize) -> *mut MaybeUninit<T> {
        self.slots[n & (self.slots.len() - 1)].get()
    }
}

impl<T: Send + 'static> hop::Give<T> for Give<T> {
    #[inline]
    fn give(&mut self, item: T) {
        if self.tail - self.head >= self.capacity {
            self.wait_for_room();
        }
        let slot = self.ring.slot(self.tail);
        // SAFETY: the slot is empty (tail - head < capacity) and ours; only this end fills slots.
        unsafe { (*slot).write(item) };
        self.tail += 1;
        self.ring.tail.0.store(self.tail, Ordering::Release);
        self.ring.filled.0.ring();
    }
}

impl<T: Send + 'static> Give<T> {
    /// Returns when there is room for an item.
    #[cold]
    fn wait_for_room(&mut self) {
        let Self { ring, capacity, tail, head } = self;
        ring.emptied.0.wait(|| {
            *head = ring.head.0.load(Ordering::Acquire);
            *tail - *head < *capacity
        });
    }
}

impl<T: Send + 'static> hop::Take<T> for Take<T> {
    #[inline]
    fn take(&mut self) -> Option<T> {
        if self.head == self.tail {
            self.wait_for_items();
            if self.head == self.tail {
                return None;
            }
        }
        let slot = self.ring.slot(self.head);
        // SAFETY: the slot is full (head < tail) and ours; only this end empties slots, and each
        // once, because head moves on.
        let item = unsafe { (*slot).assume_init_read() };
        self.head += 1;
        if self.head - self.told >= self.step {
            self.tell();
        }
        Some(item)
    }
}

impl<T> Take<T> {
    /// Gives the emptied slots back.
    fn tell(&mut self) {
        self.told = self.head;
        self.ring.head.0.store(self.head, Ordering::Release);
        // The head before the look at the bell, as in `Bell::wait` the bell before the look at the
        // head: one of the two sees the other.
        fence(Ordering::SeqCst);
        self.ring.emptied.0.ring();
    }

    /// Returns when there is an item, or when there will be none.
    #[cold]
    fn wait_for_items(&mut self) {
        if self.told < self.head {
            self.tell();
        }
        let Self { ring, tail, head, .. } = self;
        ring.filled.0.wait(|| {
            let ended = ring.ended.0.load(Ordering::Acquire); // before the tail, which is then final
            *tail = ring.tail.0.load(Ordering::Acquire);
            *tail != *head || ended
        });
    }
}

impl<T> fmt::Debug for Give<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Give").field("tail", &self.tail).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Take<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Take").field("head", &self.head).finish_non_exhaustive()
    }
}

impl<T> Drop for Give<T> {
    fn drop(&mut self) {
        self.ring.ended.0.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        self.ring.filled.0.ring();
    }
}

impl<T> Drop for Take<T> {
    fn drop(&mut self) {
        // Tells where the ring stands, for its own drop.
        self.ring.head.0.store(self.head, Ordering::Release);
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        let (mut head, tail) = (*self.head.0.get_mut(), *self.tail.0.get_mut());
        while head != tail {
            let slot = self.slot(head);
            head += 1;
            // SAFETY: both ends are gone, and the slots from head to tail are full.
            unsafe { (*slot).assume_init_drop() };
        }
    }
}
