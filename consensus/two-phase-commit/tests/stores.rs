//! What every store has to keep, once, for each: ours in memory, ours on a disk, PostgreSQL and MariaDB. And
//! whole transactions between the two databases, with a coordinator that is killed.
//!
//! The databases are found by `POSTGRES_URL` and `MYSQL_URL`; `.ci/databases cargo test -p two-phase-commit`
//! has both.

#[path = "stores/crash.rs"]
mod crash;
#[path = "stores/databases.rs"]
mod databases;
#[path = "stores/embedded.rs"]
mod embedded;
#[path = "stores/kinds.rs"]
mod kinds;
#[path = "stores/promises.rs"]
mod promises;
#[path = "stores/proxy.rs"]
mod proxy;
#[path = "stores/servers.rs"]
mod servers;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "support/subject.rs"]
mod subject;
#[path = "stores/transfers.rs"]
mod transfers;

macro_rules! store {
    ($name:ident: $kind:ty; $($promise:ident)+) => {
        mod $name {
            $(
                #[test]
                fn $promise() {
                    if let Some(place) = <$kind as super::kinds::Kind>::new() {
                        super::promises::$promise(&place);
                    }
                }
            )+
        }
    };
}

macro_rules! stores {
    ($($name:ident: $kind:ty),+ $(,)?) => {
        $(store! { $name: $kind;
            what_is_committed_shows
            what_is_aborted_shows_nothing
            a_no_leaves_nothing
            twice_is_once
            a_promise_survives_the_store
            exactly_the_promises_are_found
            a_note_is_kept_until_it_is_forgotten
            the_latest_reservation_stays
            who_refused_says_no_ever_after
            alone_is_remembered_until_it_is_forgotten
            alone_and_refused_leaves_nothing
            reading_leaves_nothing
            two_names_are_two_stores
            many_at_once_lose_nothing
        })+
    };
}

stores! {
    in_memory: super::embedded::InMemory,
    on_disk: super::embedded::OnDisk,
    postgres: super::servers::PostgreSql,
    mariadb: super::servers::MariaDb,
}
