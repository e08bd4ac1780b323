//! PostgreSQL and MariaDB. Each test has tables of its own, which bear the number of its process; what a test
//! left that was killed is swept away by the next.

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mysql::prelude::Queryable as _;
use two_phase_commit::Outcome;
use two_phase_commit::record::Branched;
use two_phase_commit::store::Store;
use two_phase_commit::stores::{mariadb, postgres as postgresql};

use crate::kinds::{Kind, START, skip};

/// How long a lock is waited for. MariaDB counts in seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// A server, as the tests use it.
pub(crate) trait Server: Sized {
    const NAME: &'static str;
    const VARIABLE: &'static str;
    /// In the request that promises.
    const PREPARE: &'static str;
    /// Ends an address; keeps the client from going around a proxy, by the server's socket.
    const DIRECT: &'static str;
    type Store: Store + 'static;

    /// Runs one statement, and returns what stands in the first column of its rows.
    fn run(url: &str, sql: &str) -> Vec<String>;

    fn open(url: &str, name: &str) -> Self::Store;

    /// The same server; who uses this address can be told from others.
    fn own_url(tables: &Tables<Self>) -> String;

    /// Ends all connections that were made by [`own_url`](Self::own_url).
    fn kill_own(tables: &Tables<Self>);

    /// That address is not needed any more.
    fn forget_own(tables: &Tables<Self>);

    /// Also if somebody has not quite left it.
    fn drop_database(name: &str) -> String;
}

/// Tables of a test's own: `PREFIX_accounts`, and the notes of stores named `PREFIX_..`.
#[derive(Debug)]
pub(crate) struct Tables<S: Server> {
    pub(crate) url: String,
    pub(crate) prefix: String,
    server: std::marker::PhantomData<S>,
}

#[derive(Debug)]
pub(crate) struct OfPostgreSql;
#[derive(Debug)]
pub(crate) struct OfMariaDb;
pub(crate) type PostgreSql = Tables<OfPostgreSql>;
pub(crate) type MariaDb = Tables<OfMariaDb>;

impl Server for OfPostgreSql {
    const NAME: &'static str = "stores_postgres";
    const VARIABLE: &'static str = "POSTGRES_URL";
    const PREPARE: &'static str = "PREPARE TRANSACTION";
    const DIRECT: &'static str = "";
    type Store = postgresql::Postgres;

    fn run(url: &str, sql: &str) -> Vec<String> {
        let mut client = ::postgres::Client::connect(url, ::postgres::NoTls).expect("it is there");
        let answers = client.simple_query(sql).expect("the statement is right");
        let row = |answer| match answer {
            ::postgres::SimpleQueryMessage::Row(row) => Some(row.get(0)?.to_owned()),
            _ => None,
        };
        answers.into_iter().filter_map(row).collect()
    }

    fn open(url: &str, name: &str) -> Self::Store {
        postgresql::Postgres::with_patience(url, name, PATIENCE).expect("it is there")
    }

    fn own_url(tables: &Tables<Self>) -> String {
        format!("{}?application_name={}", tables.url, tables.prefix)
    }

    fn kill_own(tables: &Tables<Self>) {
        tables.run(&format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '{}'",
            tables.prefix
        ));
    }

    fn forget_own(_: &Tables<Self>) {}

    fn drop_database(name: &str) -> String {
        format!("DROP DATABASE {name} WITH (FORCE)")
    }
}

impl Server for OfMariaDb {
    const NAME: &'static str = "stores_mariadb";
    const VARIABLE: &'static str = "MYSQL_URL";
    const PREPARE: &'static str = "XA PREPARE";
    const DIRECT: &'static str = "?prefer_socket=false";
    type Store = mariadb::MariaDb;

    fn run(url: &str, sql: &str) -> Vec<String> {
        mysql::Conn::new(url).expect("it is there").query(sql).expect("the statement is right")
    }

    fn open(url: &str, name: &str) -> Self::Store {
        mariadb::MariaDb::with_patience(url, name, PATIENCE).expect("it is there")
    }

    fn own_url(tables: &Tables<Self>) -> String {
        tables.run(&format!("CREATE USER {}@'127.0.0.1'", tables.prefix));
        tables.run(&format!("GRANT ALL ON *.* TO {}@'127.0.0.1'", tables.prefix));
        let (_, place) = tables.url.rsplit_once('@').expect("it names a user");
        format!("mysql://{}@{place}", tables.prefix)
    }

    fn kill_own(tables: &Tables<Self>) {
        tables.run(&format!("KILL USER {}@'127.0.0.1'", tables.prefix));
    }

    fn forget_own(tables: &Tables<Self>) {
        tables.run(&format!("DROP USER {}@'127.0.0.1'", tables.prefix));
    }

    fn drop_database(name: &str) -> String {
        format!("DROP DATABASE {name}")
    }
}

impl<S: Server> Tables<S> {
    pub(crate) fn run(&self, sql: &str) -> Vec<String> {
        S::run(&self.url, sql)
    }

    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix)
    }

    pub(crate) fn reading_text(&self, account: &str) -> String {
        String::from_utf8(self.reading(account)).expect("it is text")
    }

    pub(crate) fn look(&self, account: &str) -> i64 {
        let select =
            format!("SELECT balance FROM {}_accounts WHERE name = '{account}'", self.prefix);
        self.run(&select)[0].parse().expect("a number")
    }
}

/// Drops what is promised, and all tables.
fn sweep<S: Server>(url: &str, prefix: &str) {
    for table in S::run(url, &tables_like(&format!("two_phase_commit_{prefix}_"))) {
        let name = table.strip_prefix("two_phase_commit_").expect("it was searched for");
        let store = S::open(url, name);
        for record in store.recover().expect("it can be read") {
            if let Branched::Prepared { tx, .. } = record {
                store.finish(tx, Outcome::Aborted).expect("nobody else has it");
            }
        }
        drop(store);
        S::run(url, &format!("DROP TABLE {table}"));
    }
    S::run(url, &format!("DROP TABLE IF EXISTS {prefix}_accounts"));
}

fn tables_like(start: &str) -> String {
    let start = start.replace('_', "\\_");
    format!("SELECT table_name FROM information_schema.tables WHERE table_name LIKE '{start}%'")
}

/// What a test left whose process is not there any more.
fn sweep_old<S: Server>(url: &str) {
    for table in S::run(url, &tables_like("t")) {
        let number = table.strip_prefix('t').and_then(|rest| rest.split('_').next());
        let Some(number) = number.filter(|it| it.parse::<u32>().is_ok()) else { continue };
        if table.ends_with("_accounts") && !Path::new("/proc").join(number).exists() {
            sweep::<S>(url, table.trim_end_matches("_accounts"));
        }
    }
}

impl<S: Server> Kind for Tables<S> {
    type Store = S::Store;

    fn new() -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Ok(url) = std::env::var(S::VARIABLE) else {
            skip(S::NAME, &format!("{} is not set; see .ci/databases", S::VARIABLE));
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            sweep_old::<S>(&url);
        }
        let prefix = format!("t{}_{number}", process::id());
        S::run(
            &url,
            &format!(
                "CREATE TABLE {prefix}_accounts (name varchar(20) PRIMARY KEY, \
                 balance bigint NOT NULL CHECK (balance >= 0))"
            ),
        );
        let rows = format!("VALUES ('ann', {START}), ('bob', {START})");
        S::run(&url, &format!("INSERT INTO {prefix}_accounts {rows}"));
        Some(Self { url, prefix, server: std::marker::PhantomData })
    }

    fn open(&self, name: &str) -> Self::Store {
        S::open(&self.url, &self.name(name))
    }

    fn change(&self, account: &str, by: i64) -> Vec<u8> {
        let table = format!("{}_accounts", self.prefix);
        format!("UPDATE {table} SET balance = balance + {by} WHERE name = '{account}'").into_bytes()
    }

    fn reading(&self, account: &str) -> Vec<u8> {
        format!("SELECT * FROM {}_accounts WHERE name = '{account}'", self.prefix).into_bytes()
    }

    fn balance(&self, _: &Self::Store, account: &str) -> i64 {
        self.look(account)
    }
}

impl<S: Server> Drop for Tables<S> {
    fn drop(&mut self) {
        sweep::<S>(&self.url, &self.prefix);
    }
}
