//! A place for each item, for contenders that hear from items as they finish.

use crate::contender::Said;

/// Items that are known by their number.
pub(crate) struct Slots(Vec<Option<Said>>);

impl Slots {
    pub(crate) fn new(items: u64) -> Self {
        Self((0..items).map(|_| None).collect())
    }

    pub(crate) fn fill(&mut self, item: u64, said: Said) {
        self.0[item as usize] = Some(said);
    }

    /// All of them, in order.
    pub(crate) fn all(self) -> Vec<Said> {
        self.0.into_iter().map(|said| said.expect("every item was heard")).collect()
    }
}
