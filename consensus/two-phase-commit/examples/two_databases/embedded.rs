//! A store of our own with one account in it.

use std::path::{Path, PathBuf};

use two_phase_commit::embedded::{Embedded, Resource};
use two_phase_commit::log::Durable;
use two_phase_commit::store::StoreFailed;
use two_phase_commit::{Tx, Vote};

use crate::{Result, START, Side};

/// An account. A part is by how much to change it, in digits.
#[derive(Debug)]
pub(crate) struct Account {
    balance: i64,
    locked_by: Option<Tx>,
}

fn number(text: &[u8]) -> Option<i64> {
    str::from_utf8(text).ok()?.parse().ok()
}

impl Resource for Account {
    fn lock(&mut self, tx: Tx, part: &[u8]) -> Vote {
        let after = number(part).and_then(|by| self.balance.checked_add(by));
        if self.locked_by.is_some() || after.is_none_or(|after| after < 0) {
            return Vote::No;
        }
        self.locked_by = Some(tx);
        Vote::Yes
    }

    fn apply(&mut self, _: Tx, part: &[u8]) {
        self.balance += number(part).unwrap_or(0);
        self.locked_by = None;
    }

    fn unlock(&mut self, _: Tx, _: &[u8]) {
        self.locked_by = None;
    }

    fn picture(&self) -> Vec<u8> {
        self.balance.to_string().into_bytes()
    }

    fn become_as(&mut self, picture: &[u8]) -> std::result::Result<(), StoreFailed> {
        let balance = number(picture).ok_or_else(|| StoreFailed::new("a balance is a number"))?;
        *self = Self { balance, locked_by: None };
        Ok(())
    }
}

/// In a folder of its own.
pub(crate) struct Own {
    name: &'static str,
    folder: PathBuf,
}

impl Own {
    pub(crate) fn new(name: &'static str, bank: &Path) -> Self {
        Self { name, folder: bank.join(name) }
    }
}

impl Side for Own {
    type Store = Embedded<Account, Durable>;

    fn name(&self) -> &'static str {
        self.name
    }

    fn create(&self) -> Result<()> {
        Ok(())
    }

    fn open(&self) -> Result<Self::Store> {
        let account = Account { balance: START, locked_by: None };
        Ok(Embedded::open(Durable::open(&self.folder, 1)?, account)?)
    }

    fn change(&self, by: i64) -> Vec<u8> {
        by.to_string().into_bytes()
    }

    fn balance(&self, store: &Self::Store) -> Result<i64> {
        Ok(store.read(|account| account.balance))
    }

    /// It goes with the folder of the bank.
    fn clean(&self) -> Result<()> {
        Ok(())
    }
}
