//! What only a database can do wrong: other connections, other stores on one server, and SQL.

use std::time::{Duration, Instant};

use two_phase_commit::branches::Part;
use two_phase_commit::participant::Participant;
use two_phase_commit::record::Branched;
use two_phase_commit::store::{Forget, Store, StoreFailed};
use two_phase_commit::stores::mariadb::MariaDb;
use two_phase_commit::stores::postgres::Postgres;
use two_phase_commit::{Outcome, Vote};

use crate::kinds::{Kind, START, noted, part, promised, tx};
use crate::proxy::{Cut, Proxy};
use crate::servers::{OfMariaDb, OfPostgreSql, PATIENCE, Server, Tables};

fn sql(text: impl Into<Vec<u8>>) -> Part {
    part(text.into())
}

fn yes<S: Server>(place: &Tables<S>, store: &S::Store, sequence: u64) {
    let part = part(place.change("ann", -30));
    assert_eq!(store.prepare(tx(sequence), &part).expect("the store is there"), Vote::Yes);
}

fn the_database_refuses_what_is_noted<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    store.note(&Branched::Refused(tx(1))).expect("there is room");
    let ann = part(place.change("ann", -30));
    assert_eq!(store.prepare(tx(1), &ann).expect("the store is there"), Vote::No);
    assert_eq!(store.alone(tx(1), &ann).expect("the store is there"), Outcome::Aborted);
    assert_eq!(place.look("ann"), START);
    assert_eq!((promised(&store), noted(&store)), (vec![], vec![Branched::Refused(tx(1))]));
}

fn what_is_promised_cannot_be_refused<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    yes(place, &store, 1);
    store.note(&Branched::Forced(tx(1), Outcome::Aborted)).expect("an operator always can");
    let begun = Instant::now();
    store.note(&Branched::Refused(tx(1))).expect_err("it is promised");
    assert!(begun.elapsed() < 20 * PATIENCE, "{:?}", begun.elapsed());
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    store.note(&Branched::Refused(tx(1))).expect_err("it is committed");
    assert!(noted(&store).contains(&Branched::Decided(tx(1), Outcome::Committed)));
}

fn what_waits_for_a_lock_says_no_in_time<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    yes(place, &store, 1);
    let (begun, ann) = (Instant::now(), part(place.change("ann", 1)));
    assert_eq!(store.prepare(tx(2), &ann).expect("the store is there"), Vote::No);
    assert_eq!(store.alone(tx(3), &ann).expect("the store is there"), Outcome::Aborted);
    assert!(begun.elapsed() < 20 * PATIENCE, "{:?}", begun.elapsed());
    assert_eq!(promised(&store), [tx(1)]);
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    assert_eq!(place.look("ann"), START - 30);
}

fn alone_twice_is_once<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    let ann = part(place.change("ann", -30));
    for _ in 0..2 {
        assert_eq!(store.alone(tx(1), &ann).expect("the store is there"), Outcome::Committed);
    }
    assert_eq!(place.look("ann"), START - 30);
    let reading = part(place.reading("ann"));
    assert_eq!(store.alone(tx(2), &reading).expect("the store is there"), Outcome::Committed);
    let remembered = [1, 2].map(|it| Branched::Alone(tx(it)));
    assert_eq!(noted(&store), remembered, "who only read hears the same when it asks again");
}

fn connections_may_die<S: Server>(place: &Tables<S>) {
    let url = S::own_url(place);
    let store = S::open(&url, &place.name("one"));
    // So that several connections wait.
    yes(place, &store, 1);
    let bob = part(place.change("bob", -30));
    assert_eq!(store.prepare(tx(2), &bob).expect("the store is there"), Vote::Yes);
    store.finish(tx(2), Outcome::Committed).expect("it was promised");
    S::kill_own(place);
    store.finish(tx(1), Outcome::Committed).expect("the promise does not need its connection");
    assert_eq!(place.look("ann"), START - 30);
    S::kill_own(place);
    yes(place, &store, 3);
    S::kill_own(place);
    assert_eq!(promised(&store), [tx(3)]);
    S::kill_own(place);
    store.note(&Branched::Refused(tx(4))).expect("it is tried again");
    store.finish(tx(3), Outcome::Aborted).expect("it was promised");
    S::kill_own(place);
    assert_eq!(store.alone(tx(5), &bob).expect("the store is there"), Outcome::Committed);
    assert_eq!([place.look("ann"), place.look("bob")], [START - 30, START - 60]);
    drop(store);
    S::forget_own(place);
}

fn a_promise_nobody_heard_of_is_dropped<S: Server>(place: &Tables<S>) {
    let proxy = Proxy::to(&place.url, S::PREPARE, Cut::Answer);
    let store = S::open(&format!("{}{}", proxy.url, S::DIRECT), &place.name("one"));
    let ann = part(place.change("ann", -30));
    store.prepare(tx(1), &ann).expect_err("the connection broke");
    proxy.is_answered();
    assert_eq!(promised(&store), [tx(1)]);
    store.finish(tx(1), Outcome::Aborted).expect("it can be dropped");
    assert_eq!(promised(&store), []);
    yes(place, &store, 2);
    store.finish(tx(2), Outcome::Aborted).expect("it was promised");
    assert_eq!(place.look("ann"), START);
}

fn a_promise_on_its_way_is_not_taken_for_none<S: Server>(place: &Tables<S>) {
    let proxy = Proxy::to(&place.url, S::PREPARE, Cut::Request);
    let store = S::open(&format!("{}{}", proxy.url, S::DIRECT), &place.name("one"));
    let ann = part(place.change("ann", -30));
    store.prepare(tx(1), &ann).expect_err("the connection broke");
    assert_eq!(promised(&store), []);
    store.finish(tx(1), Outcome::Aborted).expect_err("the server may promise it yet");
    proxy.let_go();
    store.finish(tx(1), Outcome::Aborted).expect("now it is known");
    assert_eq!(promised(&store), []);
    yes(place, &store, 2);
    store.finish(tx(2), Outcome::Aborted).expect("it was promised");
}

fn a_promise_that_never_comes_is_kept_from_coming<S: Server>(place: &Tables<S>) {
    let proxy = Proxy::to(&place.url, S::PREPARE, Cut::Request);
    let store = S::open(&format!("{}{}", proxy.url, S::DIRECT), &place.name("one"));
    let ann = part(place.change("ann", -30));
    store.prepare(tx(1), &ann).expect_err("the connection broke");
    // The server sees that it ended.
    drop(proxy);
    store.finish(tx(1), Outcome::Aborted).expect("nobody can promise it any more");
    assert_eq!(noted(&store), [Branched::Decided(tx(1), Outcome::Aborted)]);
    assert_eq!(store.prepare(tx(1), &ann).expect("the store is there"), Vote::No);
    yes(place, &store, 2);
    store.finish(tx(2), Outcome::Aborted).expect("it was promised");
}

fn a_commit_that_was_dropped_by_hand_is_not_acknowledged<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    yes(place, &store, 1);
    store.finish(tx(1), Outcome::Aborted).expect("it was promised");
    let failed = store.finish(tx(1), Outcome::Committed).expect_err("it was dropped").to_string();
    assert!(failed.contains("somebody dropped it by hand"), "{failed}");
}

fn an_operators_commit_outlives_its_note<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    yes(place, &store, 1);
    store.note(&Branched::Forced(tx(1), Outcome::Committed)).expect("there is room");
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    store.forget(Forget::Before(tx(9))).expect("it can");
    assert_eq!(noted(&store), [Branched::Forced(tx(1), Outcome::Committed)]);
    drop(store);
    // It finishes again what an operator decided.
    Participant::open(1, place.open("one")).expect("there is nothing left to do");
    assert_eq!(place.look("ann"), START - 30);
}

fn a_part_does_not_end_its_own_transaction<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    for end in ["COMMIT", "ROLLBACK", "COMMIT; BEGIN", "ROLLBACK; BEGIN"] {
        let part = sql(format!("{}; {end}", place.reading_text("ann")));
        match store.prepare(tx(1), &part) {
            Ok(vote) => assert_eq!(vote, Vote::No, "{end}"),
            Err(failed) => assert!(failed.to_string().contains("leave BEGIN, COMMIT"), "{failed}"),
        }
        assert!(!matches!(store.alone(tx(1), &part), Ok(Outcome::Committed)), "{end}");
        assert_eq!(store.recover().expect("it can be read"), []);
    }
    yes(place, &store, 1);
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
}

fn nonsense_is_a_no<S: Server>(place: &Tables<S>) {
    let store = place.open("one");
    let ann = String::from_utf8(place.change("ann", -30)).expect("it is text");
    let parts = [
        sql("do what I mean"),
        sql(b"SELECT '\xff\xfe' FROM \xff".as_slice()),
        sql("UPDATE not_there SET balance = 0"),
        sql(format!("{ann}; UPDATE not_there SET balance = 0")),
        sql(format!("{ann}; do what I mean")),
        sql(format!("{ann}; {ann}; {ann}; {ann}")),
    ];
    for part in parts {
        let text = String::from_utf8_lossy(&part.redo).into_owned();
        assert_eq!(store.prepare(tx(1), &part).expect("the store is there"), Vote::No, "{text}");
        let became = store.alone(tx(1), &part).expect("the store is there");
        assert_eq!(became, Outcome::Aborted, "{text}");
    }
    assert_eq!(place.look("ann"), START);
    assert_eq!(store.recover().expect("it can be read"), []);
    // A quote that the text holds is the caller's; several statements are one part.
    let both = sql(format!(
        "{ann}; UPDATE {}_accounts SET name = 'o''bob' WHERE name = 'bob';",
        place.prefix
    ));
    assert_eq!(store.prepare(tx(2), &both).expect("the store is there"), Vote::Yes);
    store.finish(tx(2), Outcome::Committed).expect("it was promised");
    assert_eq!([place.look("ann"), place.look("o''bob")], [START - 30, START]);
}

fn two_databases_of_a_server_may_use_one_name<S: Server>(place: &Tables<S>) {
    let database = place.name("other");
    place.run(&format!("CREATE DATABASE {database}"));
    let url = place.url.rsplit_once('/').expect("it names a database").0;
    let (own, other) =
        (place.open("one"), S::open(&format!("{url}/{database}"), &place.name("one")));
    let create = "CREATE TABLE kept (name varchar(20) PRIMARY KEY)";
    S::run(&format!("{url}/{database}"), create);
    yes(place, &own, 1);
    let kept = sql("INSERT INTO kept VALUES ('ann')");
    assert_eq!(other.prepare(tx(1), &kept).expect("the store is there"), Vote::Yes);
    assert_eq!((promised(&own), promised(&other)), (vec![tx(1)], vec![tx(1)]));
    own.finish(tx(1), Outcome::Committed).expect("it was promised");
    assert_eq!((promised(&own), promised(&other)), (vec![], vec![tx(1)]));
    other.finish(tx(1), Outcome::Aborted).expect("it was promised");
    drop(other);
    place.run(&S::drop_database(&database));
}

fn a_store_in_use_elsewhere_keeps_its_promises<S: Server>(place: &Tables<S>) {
    // By mistake: each thinks that the store is its own.
    let (first, second) = (place.open("one"), place.open("one"));
    yes(place, &first, 1);
    let begun = Instant::now();
    let ended = second.finish(tx(1), Outcome::Aborted);
    assert!(begun.elapsed() < 20 * PATIENCE, "{:?}", begun.elapsed());
    assert_eq!(ended.is_ok(), promised(&first).is_empty(), "it is acknowledged if it is done");
    if ended.is_err() {
        first.finish(tx(1), Outcome::Aborted).expect("it was promised");
    }
    assert_eq!(place.look("ann"), START);
}

macro_rules! databases {
    ($name:ident: $server:ty; $($test:ident)+) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    use crate::kinds::Kind as _;
                    if let Some(place) = crate::servers::Tables::<$server>::new() {
                        super::$test(&place);
                    }
                }
            )+
        }
    };
}

macro_rules! both {
    ($($test:ident)+) => {
        databases! { postgres: super::OfPostgreSql; $($test)+ }
        databases! { mariadb: super::OfMariaDb; $($test)+ }
    };
}

both! {
    the_database_refuses_what_is_noted
    what_is_promised_cannot_be_refused
    what_waits_for_a_lock_says_no_in_time
    alone_twice_is_once
    connections_may_die
    a_promise_nobody_heard_of_is_dropped
    a_promise_on_its_way_is_not_taken_for_none
    a_promise_that_never_comes_is_kept_from_coming
    a_commit_that_was_dropped_by_hand_is_not_acknowledged
    an_operators_commit_outlives_its_note
    a_part_does_not_end_its_own_transaction
    nonsense_is_a_no
    two_databases_of_a_server_may_use_one_name
    a_store_in_use_elsewhere_keeps_its_promises
}

fn said<T>(opened: Result<T, StoreFailed>) -> String {
    opened.err().expect("there is no such server").to_string()
}

#[test]
fn an_address_that_is_none_is_refused_in_a_sentence() {
    let said = [
        (
            said(Postgres::open("nonsense", "one")),
            "no address of a PostgreSQL, such as postgres://",
        ),
        (said(MariaDb::open("nonsense", "one")), "no address of a MariaDB, such as mysql://"),
        (said(MariaDb::open("mysql://root@127.0.0.1", "one")), "names no database"),
        (said(Postgres::open("postgres://root@127.0.0.1:1/x", "one")), "refused"),
        (said(MariaDb::open("mysql://root@127.0.0.1:1/x", "one")), "refused"),
        (said(Postgres::open("postgres://root@127.0.0.1:1/x", "O'Neil")), "take 1 to 32 of a-z"),
        (said(MariaDb::open("mysql://root@127.0.0.1:1/x", "")), "take 1 to 32 of a-z"),
    ];
    for (said, part) in said {
        assert!(said.contains(part), "{said}");
    }
    let long = format!("mysql://root@127.0.0.1:1/{}", "x".repeat(60));
    let refused = MariaDb::with_patience(&long, "store", Duration::ZERO).expect_err("it is long");
    assert!(refused.to_string().contains("choose a shorter name"), "{refused}");
}
