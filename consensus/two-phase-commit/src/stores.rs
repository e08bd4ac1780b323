//! Databases that take part, each behind a cargo feature named after the client it needs:
//! [`Postgres`](postgres::Postgres) behind `postgres`, [`MariaDb`](mariadb::MariaDb) behind `mysql`.
//!
//! A part is SQL: statements in UTF-8, with semicolons between them, run in a transaction that this makes. What
//! the database refuses is a no; a part that writes nothing is read-only. It must not end its own transaction.
//!
//! A store has a name. A table `two_phase_commit_NAME`, made when the store is opened, keeps its notes, and
//! what it promises is found by the names of database and store: several stores may share a server. One process
//! at a time opens a store, as with a log.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use crate::branches::Part;
use crate::store::StoreFailed;
use crate::types::Tx;

mod database;
#[cfg(feature = "mysql")]
pub mod mariadb;
mod notes;
mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;
mod session;

pub use database::Database;
use session::Scope;

/// How long a statement waits for somebody else's lock before the part is refused, if nothing else is said.
/// Two databases do not see each other's locks: what waits in a circle through both ends by this alone.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The longest name of a store, in bytes.
pub const LONGEST_NAME: usize = 32;

/// A name that is good in SQL as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name(String);

impl FromStr for Name {
    type Err = StoreFailed;

    fn from_str(name: &str) -> Result<Self, StoreFailed> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain) {
            return Ok(Self(name.to_owned()));
        }
        Err(StoreFailed::new(format!(
            "{name:?} is no name for a store; take 1 to {LONGEST_NAME} of a-z, 0-9 and _"
        )))
    }
}

/// What a part wants done. Bytes that are no text are shown as such, and refused by the database.
fn statements(part: &Part) -> Cow<'_, str> {
    String::from_utf8_lossy(&part.redo)
}

/// In hexadecimal, as both databases take bytes.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What `Display` made of it.
fn parse(tx: &str) -> Option<Tx> {
    let numbers: Option<Vec<u64>> = tx.split('-').map(|number| number.parse().ok()).collect();
    let [coordinator, epoch, sequence] = numbers?[..] else { return None };
    Some(Tx { coordinator, epoch, sequence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_found_by_its_name() {
        let tx = Tx { coordinator: u64::MAX, epoch: 2, sequence: 3 };
        assert_eq!(parse(&tx.to_string()), Some(tx));
        for other in ["", "1-2", "1-2-3-4", "1-2-x", "1-2--3"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_that_would_need_quotes_is_refused() {
        assert!("bank_2".parse::<Name>().is_ok());
        for bad in ["", "Bank", "ba nk", "a'b", "a;b", &"x".repeat(LONGEST_NAME + 1)] {
            let refused = bad.parse::<Name>().expect_err(bad).to_string();
            assert!(refused.contains("is no name for a store; take 1 to 32"), "{refused}");
        }
    }
}
