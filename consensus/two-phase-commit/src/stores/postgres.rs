//! PostgreSQL, by `PREPARE TRANSACTION`.
//!
//! A server takes part only if its `max_prepared_transactions` is above 0, which it is not at first. A promise
//! holds its locks until it is finished, also when nobody is connected: see `pg_prepared_xacts`.

use std::error::Error as _;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, NoTls, SimpleQueryMessage};

use super::database::Database;
use super::pool::Pool;
use super::session::{Fault, Kind, Row, Session};
use super::{Name, PATIENCE, Scope, parse};
use crate::store::StoreFailed;
use crate::types::{Outcome, Tx};

/// A store in a PostgreSQL database.
pub type Postgres = Database<Client>;

impl Postgres {
    /// At this address, such as `postgres://user@host/database`, and of this name.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, when it cannot promise, and when the table of notes cannot be made.
    pub fn open(url: &str, name: &str) -> Result<Self, StoreFailed> {
        Self::with_patience(url, name, PATIENCE)
    }

    /// As [`open`](Self::open); waits so long for locks.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn with_patience(url: &str, name: &str, patience: Duration) -> Result<Self, StoreFailed> {
        let config: postgres::Config = url.parse().map_err(|error| {
            let shown = "postgres://user@host/database";
            StoreFailed::new(format!(
                "this is no address of a PostgreSQL, such as {shown}: {}",
                told(&error)
            ))
        })?;
        Self::with_connect(name, patience, move || config.connect(NoTls))
    }

    /// As [`with_patience`](Self::with_patience); makes connections so, with TLS for instance.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn with_connect(
        name: &str,
        patience: Duration,
        connect: impl Fn() -> Result<Client, postgres::Error> + Send + Sync + 'static,
    ) -> Result<Self, StoreFailed> {
        let name: Name = name.parse()?;
        // Without the second, a note might be lost that the server said was kept.
        let settings = format!(
            "SET lock_timeout = {}; SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off'",
            patience.as_millis().max(1)
        );
        let pool = Pool::new(move || {
            let mut client = connect().map_err(|error| Fault::new(Kind::Broken, told(&error)))?;
            client.run(&settings)?;
            Ok(client)
        });
        let ask = "SELECT current_database(), current_setting('max_prepared_transactions')";
        let rows = pool.with(|client: &mut Client| client.run(ask))?;
        let [[Some(database), Some(most)]] = rows.iter().map(Vec::as_slice).collect::<Vec<_>>()[..]
        else {
            return Err(StoreFailed::new("this server does not say what it is"));
        };
        if most == "0" {
            return Err(StoreFailed::new(
                "this PostgreSQL cannot promise: set max_prepared_transactions = 64 in its postgresql.conf \
                 and restart it",
            ));
        }
        Ok(Self::new(pool, Scope::new(database, &name), patience)?)
    }
}

/// As it stands in SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn identifier(tx: Tx, scope: &Scope) -> String {
    quoted(&format!("{}/{tx}", scope.name))
}

impl Session for Client {
    const HOLDS_ITS_PROMISES: bool = false;
    const COLUMNS: &'static str = "\
        slot smallint NOT NULL, coordinator numeric(20) NOT NULL, epoch numeric(20) NOT NULL, \
        sequence numeric(20) NOT NULL, record bytea NOT NULL, at bigserial, \
        PRIMARY KEY (slot, coordinator, epoch, sequence)";
    const HEX: &'static str = "encode(record, 'hex')";

    fn literal(hex: &str) -> String {
        format!("'\\x{hex}'::bytea")
    }

    fn run(&mut self, sql: &str) -> Result<Vec<Row>, Fault> {
        let answers = self.simple_query(sql).map_err(|error| fault(self, &error))?;
        let row = |answer| match answer {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(answers.into_iter().filter_map(row).collect())
    }

    fn begin(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault> {
        let identifier = identifier(tx, scope);
        // The setting ends with the transaction: so it is seen whether this is still the same one.
        let known = self.run(&format!(
            "BEGIN; SET LOCAL two_phase_commit.tx = '{tx}'; \
             SELECT gid FROM pg_prepared_xacts WHERE gid = {identifier}"
        ))?;
        if known.is_empty() {
            return Ok(());
        }
        self.run("ROLLBACK")?;
        Err(Fault::new(Kind::Known, format!("{tx} is prepared already")))
    }

    fn work(&mut self, tx: Tx, sql: &str) -> Result<bool, Fault> {
        self.run(sql)?;
        let rows = self.run(
            "SELECT pg_current_xact_id_if_assigned(), current_setting('two_phase_commit.tx', true)",
        )?;
        let Some([wrote, own]) = rows.first().map(Vec::as_slice) else { return Ok(true) };
        if *own != Some(tx.to_string()) {
            let why = "a part ended its own transaction; leave BEGIN, COMMIT and ROLLBACK out";
            return Err(Fault::new(Kind::Escaped, why));
        }
        Ok(wrote.is_some())
    }

    fn prepare(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault> {
        self.run(&format!("PREPARE TRANSACTION {}", identifier(tx, scope))).map(drop)
    }

    fn commit(&mut self, _tx: Tx, _scope: &Scope) -> Result<(), Fault> {
        self.run("COMMIT").map(drop)
    }

    fn undo(&mut self, _tx: Tx, _scope: &Scope) -> Result<(), Fault> {
        self.run("ROLLBACK").map(drop)
    }

    fn finish(&mut self, tx: Tx, scope: &Scope, outcome: Outcome) -> Result<(), Fault> {
        let how = match outcome {
            Outcome::Committed => "COMMIT",
            Outcome::Aborted => "ROLLBACK",
        };
        self.run(&format!("{how} PREPARED {}", identifier(tx, scope))).map(drop)
    }

    fn prepared(&mut self, scope: &Scope) -> Result<Vec<Tx>, Fault> {
        let prefix = format!("{}/", scope.name);
        let rows = self.run(&format!(
            "SELECT substr(gid, {}) FROM pg_prepared_xacts WHERE database = current_database() \
             AND starts_with(gid, {}) ORDER BY prepared",
            prefix.chars().count() + 1,
            quoted(&prefix)
        ))?;
        Ok(rows.iter().filter_map(|row| parse(row.first()?.as_deref()?)).collect())
    }
}

fn fault(client: &Client, error: &postgres::Error) -> Fault {
    let kind = match error.code() {
        _ if client.is_closed() => Kind::Broken,
        None => Kind::Broken,
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => Kind::Duplicate,
        Some(code) if *code == SqlState::UNDEFINED_OBJECT => Kind::NotPrepared,
        Some(_) => Kind::Refused,
    };
    Fault::new(kind, told(error))
}

/// The client says what kind of error it is; what happened stands behind it.
fn told(error: &postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => said.to_string(),
        (None, Some(why)) => format!("{error}: {why}"),
        (None, None) => error.to_string(),
    }
}
