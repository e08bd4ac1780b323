//! What the stores keep: an account for each client. A part takes from it or adds to it, and what is to be
//! taken is set aside until the end: two transfers of one account never meet as conflicts.

use two_phase_commit::embedded::Resource;
use two_phase_commit::store::StoreFailed;
use two_phase_commit::{Tx, Vote};

/// What is on each account at first: more than is ever moved.
pub(crate) const PLENTY: i64 = 1 << 40;

#[derive(Debug)]
pub(crate) struct Accounts(Vec<Account>);

#[derive(Debug, Clone, Copy)]
struct Account {
    balance: i64,
    /// Promised to others.
    aside: i64,
}

/// A part: how much comes to an account, or goes if it is less than nothing.
pub(crate) fn part(account: usize, amount: i64) -> Vec<u8> {
    [(account as u64).to_le_bytes(), amount.to_le_bytes()].concat()
}

fn read(part: &[u8]) -> Option<(usize, i64)> {
    let (account, amount) = part.split_first_chunk()?;
    Some((u64::from_le_bytes(*account) as usize, i64::from_le_bytes(amount.try_into().ok()?)))
}

impl Accounts {
    pub(crate) fn new(accounts: usize) -> Self {
        Self(vec![Account { balance: PLENTY, aside: 0 }; accounts])
    }

    /// On all accounts; `None` while something is set aside.
    pub(crate) fn total(&self) -> Option<i64> {
        self.0.iter().map(|it| (it.aside == 0).then_some(it.balance)).sum()
    }

    fn at(&mut self, part: &[u8]) -> Option<(&mut Account, i64)> {
        let (account, amount) = read(part)?;
        Some((self.0.get_mut(account)?, amount))
    }
}

impl Resource for Accounts {
    fn lock(&mut self, _: Tx, part: &[u8]) -> Vote {
        match self.at(part) {
            Some((account, amount)) if account.balance - account.aside + amount >= 0 => {
                account.aside -= amount.min(0);
                Vote::Yes
            }
            _ => Vote::No,
        }
    }

    fn apply(&mut self, tx: Tx, part: &[u8]) {
        self.unlock(tx, part);
        if let Some((account, amount)) = self.at(part) {
            account.balance += amount;
        }
    }

    fn unlock(&mut self, _: Tx, part: &[u8]) {
        if let Some((account, amount)) = self.at(part) {
            account.aside += amount.min(0);
        }
    }

    fn picture(&self) -> Vec<u8> {
        self.0.iter().flat_map(|it| it.balance.to_le_bytes()).collect()
    }

    fn become_as(&mut self, picture: &[u8]) -> Result<(), StoreFailed> {
        let (balances, []) = picture.as_chunks() else {
            return Err(StoreFailed::new("not a picture of accounts"));
        };
        let account = |bytes: &[u8; 8]| Account { balance: i64::from_le_bytes(*bytes), aside: 0 };
        self.0 = balances.iter().map(account).collect();
        Ok(())
    }
}
