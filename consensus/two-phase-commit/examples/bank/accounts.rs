//! Accounts, of which none may be overdrawn.

use std::collections::BTreeMap;

use two_phase_commit::embedded::Resource;
use two_phase_commit::store::StoreFailed;
use two_phase_commit::{Tx, Vote};

/// How much is added to which account, as a part of a transaction.
pub(crate) fn part(account: &str, change: i64) -> Vec<u8> {
    format!("{account} {change}").into_bytes()
}

#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) balances: BTreeMap<String, i64>,
    locked: BTreeMap<String, Tx>,
}

impl Accounts {
    pub(crate) fn with(balances: &[(&str, i64)]) -> Self {
        let balances = balances.iter().map(|(name, balance)| ((*name).to_owned(), *balance));
        Self { balances: balances.collect(), locked: BTreeMap::new() }
    }

    pub(crate) fn locked(&self) -> usize {
        self.locked.len()
    }

    fn parse(part: &[u8]) -> Option<(String, i64)> {
        let (account, change) = std::str::from_utf8(part).ok()?.split_once(' ')?;
        Some((account.to_owned(), change.parse().ok()?))
    }
}

impl Resource for Accounts {
    fn lock(&mut self, tx: Tx, part: &[u8]) -> Vote {
        let Some((account, change)) = Self::parse(part) else { return Vote::No };
        let Some(balance) = self.balances.get(&account) else { return Vote::No };
        if change == 0 {
            return Vote::ReadOnly;
        }
        if balance + change < 0 || self.locked.contains_key(&account) {
            return Vote::No;
        }
        self.locked.insert(account, tx);
        Vote::Yes
    }

    fn apply(&mut self, tx: Tx, part: &[u8]) {
        if let Some((account, change)) = Self::parse(part) {
            *self.balances.entry(account).or_default() += change;
        }
        self.unlock(tx, part);
    }

    fn unlock(&mut self, tx: Tx, _: &[u8]) {
        self.locked.retain(|_, holder| *holder != tx);
    }

    fn picture(&self) -> Vec<u8> {
        let lines = self.balances.iter().map(|(name, balance)| format!("{name} {balance}\n"));
        lines.collect::<String>().into_bytes()
    }

    fn become_as(&mut self, picture: &[u8]) -> Result<(), StoreFailed> {
        let balances = picture.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let balances = balances.map(|line| Self::parse(line).ok_or("no account"));
        self.balances = balances.collect::<Result<_, _>>().map_err(StoreFailed::new)?;
        self.locked.clear();
        Ok(())
    }
}
