//! MariaDB, by XA.
//!
//! As long as the connection is there that made a promise, nobody else can finish it. So it is kept until then,
//! and each promise that is open costs a connection: see the server's `max_connections`. When it ends, by a
//! crash of this process too, the promise stays, and any connection can finish it: see `XA RECOVER`.
//!
//! A part that locks rows and changes none is read-only here.

use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{Conn, Opts, Value};

use super::database::Database;
use super::pool::Pool;
use super::session::{Fault, Kind, Row, Session};
use super::{Name, PATIENCE, Scope, hex, parse};
use crate::store::StoreFailed;
use crate::types::{Outcome, Tx};

/// A store in a MariaDB database.
pub type MariaDb = Database<Connection>;

/// The longest part of a branch's name that the server takes, in bytes.
const LONGEST_SCOPE: usize = 64;

/// A connection, and how much it had written when its branch began.
#[derive(Debug)]
pub struct Connection {
    conn: Conn,
    written: u64,
    /// Rows that statements said they changed, since then.
    changed: u64,
}

impl MariaDb {
    /// At this address, such as `mysql://user@host/database`, and of this name.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, and when the table of notes cannot be made.
    pub fn open(url: &str, name: &str) -> Result<Self, StoreFailed> {
        Self::with_patience(url, name, PATIENCE)
    }

    /// As [`open`](Self::open); waits so long for locks. The server counts in seconds.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn with_patience(url: &str, name: &str, patience: Duration) -> Result<Self, StoreFailed> {
        let opts = Opts::from_url(url).map_err(|error| {
            let shown = "mysql://user@host/database";
            StoreFailed::new(format!("this is no address of a MariaDB, such as {shown}: {error}"))
        })?;
        Self::with_options(&opts, name, patience)
    }

    /// As [`with_patience`](Self::with_patience); makes connections so, with TLS for instance.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn with_options(opts: &Opts, name: &str, patience: Duration) -> Result<Self, StoreFailed> {
        let name: Name = name.parse()?;
        let Some(database) = opts.get_db_name() else {
            return Err(StoreFailed::new("the address of the MariaDB names no database"));
        };
        let scope = Scope::new(database, &name);
        if scope.name.len() > LONGEST_SCOPE {
            return Err(StoreFailed::new(format!(
                "{} is longer than the {LONGEST_SCOPE} bytes that a MariaDB takes; choose a shorter name",
                scope.name
            )));
        }
        let seconds = patience.as_secs().max(1);
        let settings = format!(
            "SET SESSION innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"
        );
        let opts = opts.clone();
        let pool = Pool::new(move || {
            let conn = Conn::new(opts.clone())
                .map_err(|error| Fault::new(Kind::Broken, error.to_string()))?;
            let mut connection = Connection { conn, written: 0, changed: 0 };
            connection.run(&settings)?;
            Ok(connection)
        });
        Ok(Self::new(pool, scope, patience)?)
    }
}

/// What the session has written, whatever it was; said again for each statement that asks.
const WRITTEN: &str = "SHOW SESSION STATUS WHERE Variable_name IN \
    ('Handler_delete', 'Handler_update', 'Handler_write')";

fn sum(rows: &[Row]) -> u64 {
    let number = |row: &Row| row.get(1)?.as_deref()?.parse::<u64>().ok();
    rows.iter().filter_map(number).sum()
}

/// The name of a branch: the first half says which, the second whose.
fn xid(tx: Tx, scope: &Scope) -> String {
    let (which, whose) = (tx.to_string(), scope.name.as_bytes());
    format!("x'{}', x'{}'", hex(which.as_bytes()), hex(whose))
}

impl Session for Connection {
    const HOLDS_ITS_PROMISES: bool = true;
    const COLUMNS: &'static str = "\
        slot tinyint unsigned NOT NULL, coordinator bigint unsigned NOT NULL, \
        epoch bigint unsigned NOT NULL, sequence bigint unsigned NOT NULL, \
        record varbinary(255) NOT NULL, at bigint unsigned NOT NULL AUTO_INCREMENT UNIQUE, \
        PRIMARY KEY (slot, coordinator, epoch, sequence)";
    const HEX: &'static str = "hex(record)";

    fn literal(hex: &str) -> String {
        format!("x'{hex}'")
    }

    fn run(&mut self, sql: &str) -> Result<Vec<Row>, Fault> {
        let mut found = Vec::new();
        let mut answers = self.conn.query_iter(sql).map_err(|error| fault(&error))?;
        while let Some(answer) = answers.iter() {
            self.changed += answer.affected_rows();
            for row in answer {
                let row = row.map_err(|error| fault(&error))?;
                found.push(row.unwrap().into_iter().map(text).collect());
            }
        }
        Ok(found)
    }

    fn begin(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault> {
        match self.run(&format!("XA START {}; {WRITTEN}", xid(tx, scope))) {
            Ok(rows) => {
                (self.written, self.changed) = (sum(&rows), 0);
                Ok(())
            }
            // Or begun, on a connection that has not ended yet.
            Err(fault) if fault.kind == Kind::Known && !self.prepared(scope)?.contains(&tx) => {
                Err(Fault::new(Kind::Refused, fault))
            }
            Err(fault) => Err(fault),
        }
    }

    fn work(&mut self, _tx: Tx, sql: &str) -> Result<bool, Fault> {
        self.run(sql)?;
        // Procedures and triggers may write without a statement that says so.
        Ok(self.changed > 0 || sum(&self.run(WRITTEN)?) > self.written)
    }

    fn prepare(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault> {
        let xid = xid(tx, scope);
        self.run(&format!("XA END {xid}; XA PREPARE {xid}")).map(drop)
    }

    fn commit(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault> {
        let xid = xid(tx, scope);
        self.run(&format!("XA END {xid}; XA COMMIT {xid} ONE PHASE")).map(drop)
    }

    fn undo(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault> {
        let xid = xid(tx, scope);
        // It may have ended already, and says what it was ended for.
        let ended = self.run(&format!("XA END {xid}"));
        match ended {
            Err(fault) if fault.is_broken() => Err(fault),
            _ => self.finish(tx, scope, Outcome::Aborted),
        }
    }

    fn finish(&mut self, tx: Tx, scope: &Scope, outcome: Outcome) -> Result<(), Fault> {
        let how = match outcome {
            Outcome::Committed => "COMMIT",
            Outcome::Aborted => "ROLLBACK",
        };
        match self.run(&format!("XA {how} {}", xid(tx, scope))) {
            Err(fault) if fault.kind == Kind::Dropped && outcome == Outcome::Aborted => Ok(()),
            other => other.map(drop),
        }
    }

    fn prepared(&mut self, scope: &Scope) -> Result<Vec<Tx>, Fault> {
        let own = |row: &Row| {
            let [_, Some(length), _, Some(data)] = &row[..] else { return None };
            let (tx, whose) = data.split_at_checked(length.parse().ok()?)?;
            if whose == scope.name { parse(tx) } else { None }
        };
        Ok(self.run("XA RECOVER")?.iter().filter_map(own).collect())
    }
}

/// Names of other programs' branches may be no text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}

/// As the server numbers them.
const SERVER_STOPS: u16 = 1053;
const DUPLICATE_KEY: u16 = 1062;
const UNKNOWN_XID: u16 = 1397;
const KNOWN_XID: u16 = 1440;
const ROLLED_BACK: u16 = 1402;
const CONNECTION_KILLED: u16 = 1927;

fn fault(error: &mysql::Error) -> Fault {
    let kind = match error {
        mysql::Error::MySqlError(said) => match said.code {
            SERVER_STOPS | CONNECTION_KILLED => Kind::Broken,
            DUPLICATE_KEY => Kind::Duplicate,
            UNKNOWN_XID => Kind::NotPrepared,
            KNOWN_XID => Kind::Known,
            ROLLED_BACK => Kind::Dropped,
            _ => Kind::Refused,
        },
        _ => Kind::Broken,
    };
    Fault::new(kind, error.to_string())
}
