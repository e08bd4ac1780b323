//! Who waits for one limit, first come, first served. Any of them may leave at any time.

use std::collections::VecDeque;
use std::task::Waker;

/// The waiting, in the order they are served.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Sorted by id. Begins with one that has not left, unless all have.
    places: VecDeque<Place>,
    /// How many in `places` have left. They are swept out when they are the majority, which makes
    /// leaving cheap and keeps the memory within twice what the waiting need.
    left: usize,
    /// The tokens they want together, without those who left.
    wanted: u128,
    next_id: u64,
}

#[derive(Debug)]
struct Place {
    id: u64,
    n: u64,
    left: bool,
    /// None once it was woken, until it looks again.
    waker: Option<Waker>,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.left
    }

    /// The tokens that all of them want together.
    pub(crate) fn wanted(&self) -> u128 {
        self.wanted
    }

    /// The first one's id, and how many tokens it wants.
    pub(crate) fn first(&self) -> Option<(u64, u64)> {
        self.places.front().map(|first| (first.id, first.n))
    }

    pub(crate) fn join(&mut self, n: u64, waker: Waker) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.wanted += u128::from(n);
        self.places.push_back(Place { id, n, left: false, waker: Some(waker) });
        id
    }

    /// Notes whom to wake. Gives back who was noted before.
    pub(crate) fn note(&mut self, id: u64, waker: Waker) -> Option<Waker> {
        self.place(id).waker.replace(waker)
    }

    /// Takes one out, who was served or gave up. Gives its waker back, which drops elsewhere.
    pub(crate) fn leave(&mut self, id: u64) -> Option<Waker> {
        let place = self.place(id);
        place.left = true;
        let (n, waker) = (place.n, place.waker.take());
        self.wanted -= u128::from(n);
        self.left += 1;
        if self.left * 2 > self.places.len() {
            self.places.retain(|place| !place.left);
            self.left = 0;
        }
        while self.places.front().is_some_and(|first| first.left) {
            self.places.pop_front();
            self.left -= 1;
        }
        waker
    }

    /// The waker of the first, to be called now.
    pub(crate) fn call_first(&mut self) -> Option<Waker> {
        self.places.front_mut()?.waker.take()
    }

    /// The wakers of all, to be called now.
    pub(crate) fn dismiss(self) -> impl Iterator<Item = Waker> {
        self.places.into_iter().filter_map(|place| place.waker)
    }

    fn place(&mut self, id: u64) -> &mut Place {
        let found = self.places.binary_search_by_key(&id, |place| place.id);
        &mut self.places[found.expect("who asks stands in line")]
    }
}
