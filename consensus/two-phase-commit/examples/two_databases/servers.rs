//! The two databases. Each has a table with one account, and the table of the store's notes.

use mysql::prelude::Queryable as _;
use postgres::NoTls;
use two_phase_commit::Outcome;
use two_phase_commit::record::Branched;
use two_phase_commit::store::Store;
use two_phase_commit::stores::{mariadb, postgres as postgresql};

use crate::{Result, START, Side};

pub(crate) struct PostgreSql {
    url: String,
    /// Of the store, and of the table of the account.
    name: String,
}

pub(crate) struct MariaDb {
    url: String,
    name: String,
}

fn create(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (balance bigint NOT NULL CHECK (balance >= 0)); \
         INSERT INTO {name} VALUES ({START})"
    )
}

fn change(name: &str, by: i64) -> Vec<u8> {
    format!("UPDATE {name} SET balance = balance + {by}").into_bytes()
}

/// What is promised still holds locks, if this ends before its time.
fn drop_promises(store: &impl Store) -> Result<()> {
    for record in store.recover()? {
        if let Branched::Prepared { tx, .. } = record {
            store.finish(tx, Outcome::Aborted)?;
        }
    }
    Ok(())
}

fn drop_tables(name: &str) -> String {
    format!("DROP TABLE IF EXISTS {name}; DROP TABLE IF EXISTS two_phase_commit_{name}")
}

impl PostgreSql {
    pub(crate) fn new(url: String, name: &str) -> Self {
        Self { url, name: name.to_owned() }
    }

    fn run(&self, sql: &str) -> Result<()> {
        Ok(postgres::Client::connect(&self.url, NoTls)?.batch_execute(sql)?)
    }
}

impl Side for PostgreSql {
    type Store = postgresql::Postgres;

    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn create(&self) -> Result<()> {
        self.run(&create(&self.name))
    }

    fn open(&self) -> Result<Self::Store> {
        Ok(postgresql::Postgres::open(&self.url, &self.name)?)
    }

    fn change(&self, by: i64) -> Vec<u8> {
        change(&self.name, by)
    }

    fn balance(&self, _: &Self::Store) -> Result<i64> {
        let mut client = postgres::Client::connect(&self.url, NoTls)?;
        Ok(client.query_one(&format!("SELECT balance FROM {}", self.name), &[])?.try_get(0)?)
    }

    fn clean(&self) -> Result<()> {
        drop_promises(&self.open()?)?;
        self.run(&drop_tables(&self.name))
    }
}

impl MariaDb {
    pub(crate) fn new(url: String, name: &str) -> Self {
        Self { url, name: name.to_owned() }
    }

    fn run(&self, sql: &str) -> Result<()> {
        Ok(mysql::Conn::new(self.url.as_str())?.query_drop(sql)?)
    }
}

impl Side for MariaDb {
    type Store = mariadb::MariaDb;

    fn name(&self) -> &'static str {
        "MariaDB"
    }

    fn create(&self) -> Result<()> {
        self.run(&create(&self.name))
    }

    fn open(&self) -> Result<Self::Store> {
        Ok(mariadb::MariaDb::open(&self.url, &self.name)?)
    }

    fn change(&self, by: i64) -> Vec<u8> {
        change(&self.name, by)
    }

    fn balance(&self, _: &Self::Store) -> Result<i64> {
        let mut conn = mysql::Conn::new(self.url.as_str())?;
        let balance = conn.query_first(format!("SELECT balance FROM {}", self.name))?;
        balance.ok_or_else(|| "the account is gone".into())
    }

    fn clean(&self) -> Result<()> {
        drop_promises(&self.open()?)?;
        self.run(&drop_tables(&self.name))
    }
}
