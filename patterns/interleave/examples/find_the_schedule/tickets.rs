//! Sells the seats of a hall, each once.

use super::sync::Mutex;

pub(crate) struct Tickets {
    left: Mutex<Vec<u32>>,
}

impl Tickets {
    pub(crate) fn new(seats: u32) -> Self {
        Self { left: Mutex::new((1..=seats).collect()) }
    }

    /// Looks and takes under one lock.
    pub(crate) fn sell(&self) -> Option<u32> {
        self.left.lock().unwrap().pop()
    }

    /// As a textbook does it: looks, then takes. Each is locked; the way between them is not.
    pub(crate) fn sell_carelessly(&self) -> Option<u32> {
        let seat = *self.left.lock().unwrap().last()?;
        self.left.lock().unwrap().pop();
        Some(seat)
    }
}
