//! What the banks of these tests keep.

use two_phase_commit::embedded::Resource;
use two_phase_commit::store::StoreFailed;
use two_phase_commit::{Tx, Vote};

/// Money, and one lock on all of it. A part is an amount that comes in, or goes out.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) balance: i64,
    pub(crate) locked: Option<Tx>,
}

impl Resource for Account {
    fn lock(&mut self, tx: Tx, part: &[u8]) -> Vote {
        let is_free = self.locked.is_none_or(|by| by == tx);
        if !is_free || self.balance + amount(part) < 0 {
            return Vote::No;
        }
        self.locked = Some(tx);
        Vote::Yes
    }

    fn apply(&mut self, _: Tx, part: &[u8]) {
        self.balance += amount(part);
        self.locked = None;
    }

    fn unlock(&mut self, _: Tx, _: &[u8]) {
        self.locked = None;
    }

    fn picture(&self) -> Vec<u8> {
        self.balance.to_le_bytes().to_vec()
    }

    fn become_as(&mut self, picture: &[u8]) -> Result<(), StoreFailed> {
        (self.balance, self.locked) = (amount(picture), None);
        Ok(())
    }
}

fn amount(bytes: &[u8]) -> i64 {
    i64::from_le_bytes(bytes.try_into().expect("all amounts have eight bytes"))
}
