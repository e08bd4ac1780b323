//! What the records hold.

use crate::bytes::{Damaged, Reader};
use crate::log::Entry;
use crate::saves::{Piece, Save, Tail};
use crate::types::{HardState, Snapshot};

pub(super) const VOTE: u8 = 1;
pub(super) const TAIL: u8 = 2;
pub(super) const PIECE: u8 = 3;
pub(super) const OWN_PIECE: u8 = 4;

/// A record of a tail grows no longer than this, unless by a single entry.
const LONG: usize = 1 << 20;

/// What a save becomes, in order: the term before the entries that may be of it.
pub(super) fn of(save: &Save) -> Vec<(u8, Vec<u8>)> {
    let mut records = Vec::new();
    records.extend(save.hard_state.map(|state| (VOTE, vote(state))));
    let piece_of = |it: &Piece| (PIECE, piece(&it.snapshot, it.offset, &it.bytes));
    records.extend(save.piece.as_ref().map(piece_of));
    records.extend(save.tail.iter().flat_map(tails).map(|body| (TAIL, body)));
    records
}

fn vote(state: HardState) -> Vec<u8> {
    let mut body = state.term.to_le_bytes().to_vec();
    body.extend(state.vote.unwrap_or(0).to_le_bytes());
    body
}

pub(super) fn read_vote(body: &[u8]) -> Result<HardState, Damaged> {
    let mut from = Reader::new(body);
    let (term, vote) = (from.u64()?, from.u64()?);
    Ok(HardState { term, vote: Some(vote).filter(|vote| *vote != 0) })
}

/// Each of them cuts off what stood there, and what stood behind it.
fn tails(tail: &Tail) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut body = tail.from.to_le_bytes().to_vec();
    for (index, entry) in (tail.from..).zip(&tail.entries) {
        if body.len() > LONG {
            bodies.push(std::mem::replace(&mut body, index.to_le_bytes().to_vec()));
        }
        entry.encode(&mut body);
    }
    bodies.push(body);
    bodies
}

pub(super) fn read_tail(body: &[u8]) -> Result<Tail, Damaged> {
    let mut from = Reader::new(body);
    let mut tail = Tail { from: from.u64()?, entries: Vec::new() };
    while !from.is_empty() {
        tail.entries.push(Entry::decode(&mut from)?);
    }
    if tail.from == 0 || tail.entries.is_empty() {
        return Err(Damaged("a tail of nothing"));
    }
    Ok(tail)
}

pub(super) fn piece(snapshot: &Snapshot, offset: u64, bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(bytes.len() + 128);
    snapshot.encode(&mut body);
    body.extend(offset.to_le_bytes());
    body.extend_from_slice(bytes);
    body
}

pub(super) fn read_piece(body: &[u8]) -> Result<Piece, Damaged> {
    let mut from = Reader::new(body);
    let (snapshot, offset) = (Snapshot::decode(&mut from)?, from.u64()?);
    let bytes = from.rest().to_vec();
    if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > snapshot.size) {
        return Err(Damaged("a piece that reaches beyond its snapshot"));
    }
    Ok(Piece { snapshot, offset, bytes })
}
