//! The table of notes: which row a note is, and the SQL about it.
//!
//! A row has a slot and a transaction as its key. What ends a transaction here, and what says that it will
//! never begin, have one slot: the database itself sees to it that there is only one of them.

use std::fmt::Write as _;

use super::session::{Fault, Kind, Row, Session};
use super::{Scope, hex};
use crate::record::Branched;
use crate::store::Forget;
use crate::types::{Outcome, Tx};

/// How it ended, or that it will not begin.
const END: u8 = 0;
const FORCED: u8 = 1;
const STORE: u8 = 2;
const BOUND: u8 = 3;
const RESERVED: u8 = 4;

/// The key of a note. `None` for a promise, which is no note.
fn key(note: &Branched) -> Option<(u8, Tx)> {
    let about = |coordinator| Tx { coordinator, epoch: 0, sequence: 0 };
    match note {
        Branched::Prepared { .. } => None,
        Branched::Decided(tx, _) | Branched::Refused(tx) | Branched::Alone(tx) => Some((END, *tx)),
        Branched::Forced(tx, _) => Some((FORCED, *tx)),
        Branched::Store(_) => Some((STORE, about(0))),
        Branched::Bound(coordinator, _) => Some((BOUND, about(*coordinator))),
        Branched::Reserved(tx) => Some((RESERVED, *tx)),
    }
}

fn condition(slot: u8, tx: Tx) -> String {
    let Tx { coordinator, epoch, sequence } = tx;
    format!(
        "slot = {slot} AND coordinator = {coordinator} AND epoch = {epoch} AND sequence = {sequence}"
    )
}

/// Made if it is not there.
pub(super) fn create<S: Session>(session: &mut S, scope: &Scope) -> Result<(), Fault> {
    let columns = S::COLUMNS;
    session.run(&format!("CREATE TABLE IF NOT EXISTS {} ({columns})", scope.table)).map(drop)
}

/// Adds a row, in the transaction that is under way if there is one.
pub(super) fn insert<S: Session>(
    session: &mut S,
    scope: &Scope,
    note: &Branched,
) -> Result<(), Fault> {
    let Some((slot, Tx { coordinator, epoch, sequence })) = key(note) else {
        return Err(Fault::new(Kind::Refused, "a promise is no note; prepare it"));
    };
    let (table, record) = (&scope.table, S::literal(&hex(&note.encode())));
    let sql = format!(
        "INSERT INTO {table} (slot, coordinator, epoch, sequence, record) \
         VALUES ({slot}, {coordinator}, {epoch}, {sequence}, {record})"
    );
    session.run(&sql).map(drop)
}

/// The note that has this one's key.
pub(super) fn same_key<S: Session>(
    session: &mut S,
    scope: &Scope,
    note: &Branched,
) -> Result<Option<Branched>, Fault> {
    let Some((slot, tx)) = key(note) else { return Ok(None) };
    Ok(select(session, scope, &condition(slot, tx))?.pop())
}

/// Whether it was committed here, by the coordinator's word or an operator's.
pub(super) fn is_committed<S: Session>(
    session: &mut S,
    scope: &Scope,
    tx: Tx,
) -> Result<bool, Fault> {
    let filter = format!("({}) OR ({})", condition(END, tx), condition(FORCED, tx));
    let notes = select(session, scope, &filter)?;
    let commits = |note: &Branched| {
        use Branched::{Decided, Forced};
        matches!(note, Decided(_, Outcome::Committed) | Forced(_, Outcome::Committed))
    };
    Ok(notes.iter().any(commits))
}

/// All of them, oldest first.
pub(super) fn all<S: Session>(session: &mut S, scope: &Scope) -> Result<Vec<Branched>, Fault> {
    select(session, scope, "true")
}

/// Deletes what may be forgotten. Each row is named by its key, because a database that searches for rows to
/// delete may wait for those that are promised.
pub(super) fn forget<S: Session>(
    session: &mut S,
    scope: &Scope,
    forget: Forget,
) -> Result<(), Fault> {
    let (Forget::Before(mark) | Forget::Alone(mark)) = forget;
    let filter = match forget {
        Forget::Alone(tx) => condition(END, tx),
        Forget::Before(Tx { coordinator, epoch, sequence }) => format!(
            "coordinator = {coordinator} AND (slot = {RESERVED} OR slot = {END} AND \
             (epoch < {epoch} OR epoch = {epoch} AND sequence < {sequence}))"
        ),
    };
    let notes = select(session, scope, &filter)?;
    // Of these the latest says all.
    let reserved = |note: &Branched| match note {
        Branched::Reserved(tx) if tx.coordinator == mark.coordinator => Some(*tx),
        _ => None,
    };
    let latest = notes.iter().filter_map(reserved).max();
    let is_old = |note: &&Branched| reserved(note).is_some_and(|tx| Some(tx) < latest);
    let mut sql = String::from("BEGIN");
    for (slot, tx) in notes.iter().filter(|it| forget.covers(it) || is_old(it)).filter_map(key) {
        let _ = write!(sql, "; DELETE FROM {} WHERE {}", scope.table, condition(slot, tx));
    }
    if sql == "BEGIN" {
        return Ok(());
    }
    let deleted = session.run(&format!("{sql}; COMMIT")).map(drop);
    if deleted.is_err() {
        session.run("ROLLBACK")?;
    }
    deleted
}

fn select<S: Session>(
    session: &mut S,
    scope: &Scope,
    filter: &str,
) -> Result<Vec<Branched>, Fault> {
    let (table, record) = (&scope.table, S::HEX);
    let sql = format!("SELECT {record} FROM {table} WHERE {filter} ORDER BY at");
    session.run(&sql)?.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<Branched, Fault> {
    let wrong = |why: String| Fault::new(Kind::Refused, why);
    let hex = row.first().and_then(Option::as_deref).unwrap_or_default();
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect();
    let bytes = bytes.ok_or_else(|| wrong(format!("{hex} is no note")))?;
    Branched::decode(&bytes).map_err(|damaged| wrong(damaged.to_string()))
}
