//! What is written to logs, as bytes. All numbers are little-endian.

use std::collections::BTreeMap;

use crate::types::{CoordinatorId, LogId, Outcome, ParticipantId, StoreId, Tx};

/// A record of a coordinator's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Coordinated {
    /// A run begins; forced before its first transaction.
    Epoch {
        /// One more than the run before.
        epoch: u64,
        /// The same in all runs.
        log: LogId,
    },
    /// Forced before anybody is told: from here on it is committed.
    Committed {
        /// Which transaction.
        tx: Tx,
        /// Who must hear of it, and where their promises are.
        participants: BTreeMap<ParticipantId, StoreId>,
    },
    /// All who had to hear of it have. Nobody waits for this to be safe: at worst they are told again.
    End(Tx),
}

/// A record of a participant's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Branched {
    /// Forced before it votes yes: what to do if it is committed, and whom to ask.
    Prepared {
        /// Which transaction.
        tx: Tx,
        /// Who else takes part.
        peers: Vec<ParticipantId>,
        /// What its part is.
        redo: Vec<u8>,
    },
    /// It is decided, and the part is done or dropped. A commit is forced before it is acknowledged.
    Decided(Tx, Outcome),
    /// Forced before a peer is told that it will never vote yes.
    Refused(Tx),
    /// An operator decided in place of the coordinator.
    Forced(Tx, Outcome),
    /// It was done in one phase. Kept until who asked for it has its answer, and not only until all others
    /// have: nobody else knows.
    Alone(Tx),
    /// The name of this store, for as long as it keeps its promises.
    Store(StoreId),
    /// A coordinator, and which log is its own: that of the first who came under this name.
    Bound(CoordinatorId, LogId),
    /// What is older may have been voted for as read-only, of which nothing is kept. Forced once for many
    /// such votes.
    Reserved(Tx),
}

impl Branched {
    /// The transaction it says something about, if it is about one.
    pub fn tx(&self) -> Option<Tx> {
        match self {
            Self::Prepared { tx, .. }
            | Self::Decided(tx, _)
            | Self::Refused(tx)
            | Self::Forced(tx, _)
            | Self::Alone(tx) => Some(*tx),
            Self::Store(_) | Self::Bound(..) | Self::Reserved(_) => None,
        }
    }
}

/// The bytes are no record; here is what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log holds {0}; it is damaged, or another program's, or of another version")]
pub struct Damaged(pub(crate) &'static str);

const EPOCH: u8 = 1;
const COMMITTED: u8 = 2;
const END: u8 = 3;
const PREPARED: u8 = 4;
const DECIDED: u8 = 5;
const REFUSED: u8 = 6;
const FORCED: u8 = 7;
const ALONE: u8 = 8;
const STORE: u8 = 9;
const BOUND: u8 = 10;
const RESERVED: u8 = 11;

impl Coordinated {
    /// For [`decode`](Self::decode).
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Epoch { epoch, log } => put_numbers(&mut out, EPOCH, &[*epoch, *log]),
            Self::Committed { tx, participants } => {
                put_tx(&mut out, COMMITTED, *tx);
                put_all(&mut out, participants.iter().flat_map(|(id, store)| [*id, *store]));
            }
            Self::End(tx) => put_tx(&mut out, END, *tx),
        }
        out
    }

    /// What [`encode`](Self::encode) made.
    ///
    /// # Errors
    ///
    /// When the bytes are something else.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, Damaged> {
        let from = &mut bytes;
        let record = match kind(from)? {
            EPOCH => Self::Epoch { epoch: number(from)?, log: number(from)? },
            COMMITTED => Self::Committed { tx: tx(from)?, participants: promised(from)? },
            END => Self::End(tx(from)?),
            _ => return Err(Damaged("a record of an unknown kind")),
        };
        nothing(bytes).map(|()| record)
    }
}

impl Branched {
    /// For [`decode`](Self::decode).
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Prepared { tx, peers, redo } => {
                put_tx(&mut out, PREPARED, *tx);
                put_all(&mut out, peers.iter().copied());
                out.extend(redo);
            }
            Self::Decided(tx, outcome) => put_outcome(&mut out, DECIDED, *tx, *outcome),
            Self::Refused(tx) => put_tx(&mut out, REFUSED, *tx),
            Self::Forced(tx, outcome) => put_outcome(&mut out, FORCED, *tx, *outcome),
            Self::Alone(tx) => put_tx(&mut out, ALONE, *tx),
            Self::Store(store) => put_numbers(&mut out, STORE, &[*store]),
            Self::Bound(coordinator, log) => put_numbers(&mut out, BOUND, &[*coordinator, *log]),
            Self::Reserved(tx) => put_tx(&mut out, RESERVED, *tx),
        }
        out
    }

    /// What [`encode`](Self::encode) made.
    ///
    /// # Errors
    ///
    /// When the bytes are something else.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, Damaged> {
        let from = &mut bytes;
        let record = match kind(from)? {
            PREPARED => {
                let (tx, peers) = (tx(from)?, all(from)?);
                let redo = std::mem::take(from).to_vec();
                Self::Prepared { tx, peers, redo }
            }
            DECIDED => Self::Decided(tx(from)?, outcome(from)?),
            REFUSED => Self::Refused(tx(from)?),
            FORCED => Self::Forced(tx(from)?, outcome(from)?),
            ALONE => Self::Alone(tx(from)?),
            STORE => Self::Store(number(from)?),
            BOUND => Self::Bound(number(from)?, number(from)?),
            RESERVED => Self::Reserved(tx(from)?),
            _ => return Err(Damaged("a record of an unknown kind")),
        };
        nothing(bytes).map(|()| record)
    }
}

fn put_numbers(out: &mut Vec<u8>, kind: u8, numbers: &[u64]) {
    out.push(kind);
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}

fn put_tx(out: &mut Vec<u8>, kind: u8, tx: Tx) {
    put_numbers(out, kind, &[tx.coordinator, tx.epoch, tx.sequence]);
}

fn put_all(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64>) {
    let at = out.len();
    out.extend(0_u64.to_le_bytes());
    let mut count = 0_u64;
    for number in numbers {
        out.extend(number.to_le_bytes());
        count += 1;
    }
    out[at..at + 8].copy_from_slice(&count.to_le_bytes());
}

fn put_outcome(out: &mut Vec<u8>, kind: u8, tx: Tx, outcome: Outcome) {
    put_tx(out, kind, tx);
    out.push(u8::from(outcome == Outcome::Committed));
}

fn kind(from: &mut &[u8]) -> Result<u8, Damaged> {
    from.split_off_first().copied().ok_or(Damaged("an empty record"))
}

fn number(from: &mut &[u8]) -> Result<u64, Damaged> {
    let (bytes, rest) = from.split_first_chunk().ok_or(Damaged("too few bytes"))?;
    *from = rest;
    Ok(u64::from_le_bytes(*bytes))
}

fn tx(from: &mut &[u8]) -> Result<Tx, Damaged> {
    let (coordinator, epoch, sequence) = (number(from)?, number(from)?, number(from)?);
    Ok(Tx { coordinator, epoch, sequence })
}

fn all(from: &mut &[u8]) -> Result<Vec<ParticipantId>, Damaged> {
    let count = number(from)?;
    if count > from.len() as u64 / 8 {
        return Err(Damaged("fewer participants than it says"));
    }
    (0..count).map(|_| number(from)).collect()
}

fn promised(from: &mut &[u8]) -> Result<BTreeMap<ParticipantId, StoreId>, Damaged> {
    let numbers = all(from)?;
    let (pairs, rest) = numbers.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|[id, store]| (*id, *store)).collect())
    } else {
        Err(Damaged("a participant without its store"))
    }
}

fn outcome(from: &mut &[u8]) -> Result<Outcome, Damaged> {
    match from.split_off_first() {
        Some(0) => Ok(Outcome::Aborted),
        Some(1) => Ok(Outcome::Committed),
        _ => Err(Damaged("an outcome that is none")),
    }
}

fn nothing(rest: &[u8]) -> Result<(), Damaged> {
    if rest.is_empty() { Ok(()) } else { Err(Damaged("more bytes than a record has")) }
}
