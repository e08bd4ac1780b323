//! Whom to wake when a message comes: everybody who sleeps, and nobody else.
//!
//! All under the mutex of the hub. Wakers are foreign code, so they are handed in and out, and
//! neither cloned, called nor dropped here.

use std::mem;
use std::task::Waker;

/// The wakers of the subscribers that sleep.
#[derive(Default)]
pub(crate) struct Sleepers {
    wakers: Vec<Option<Waker>>,
    /// Places of those who left; they are taken again, so that the list grows no longer than there
    /// were sleepers at once.
    vacant: Vec<usize>,
    /// How often all were woken. A place of another round is no place any more.
    round: u64,
}

/// Where a subscriber sleeps.
#[derive(Debug)]
pub(crate) struct Place {
    at: usize,
    round: u64,
}

impl Sleepers {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }

    /// Notes whom to wake. Returns the waker that stood there before.
    pub(crate) fn sleep(&mut self, place: &mut Option<Place>, waker: Waker) -> Option<Waker> {
        if let Some(Place { at, round }) = place
            && *round == self.round
        {
            return self.wakers[*at].replace(waker);
        }
        let at = self.vacant.pop().unwrap_or_else(|| {
            self.wakers.push(None);
            self.wakers.len() - 1
        });
        *place = Some(Place { at, round: self.round });
        self.wakers[at].replace(waker)
    }

    /// A subscriber sleeps no more. Returns its waker, if it has not been called.
    pub(crate) fn leave(&mut self, place: &Place) -> Option<Waker> {
        if place.round != self.round {
            return None;
        }
        self.vacant.push(place.at);
        self.wakers[place.at].take()
    }

    /// All who sleep; nobody does afterwards.
    pub(crate) fn all(&mut self) -> Vec<Option<Waker>> {
        self.vacant.clear();
        self.round += 1;
        mem::take(&mut self.wakers)
    }
}
