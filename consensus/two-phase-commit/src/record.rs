//! What is written to logs, as bytes. All numbers are little-endian.

use crate::types::{Outcome, ParticipantId, Tx};

/// A record of a coordinator's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Coordinated {
    /// A run begins; forced before its first transaction.
    Epoch(u64),
    /// Forced before anybody is told: from here on it is committed.
    Committed {
        /// Which transaction.
        tx: Tx,
        /// Who must hear of it.
        participants: Vec<ParticipantId>,
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
}

/// The bytes are no record; here is what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log holds {0}; it is damaged, or another program's, or of another version")]
pub struct Damaged(&'static str);

const EPOCH: u8 = 1;
const COMMITTED: u8 = 2;
const END: u8 = 3;
const PREPARED: u8 = 4;
const DECIDED: u8 = 5;
const REFUSED: u8 = 6;
const FORCED: u8 = 7;

impl Coordinated {
    /// For [`decode`](Self::decode).
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Epoch(epoch) => {
                out.push(EPOCH);
                out.extend(epoch.to_le_bytes());
            }
            Self::Committed { tx, participants } => {
                out.push(COMMITTED);
                put_tx(&mut out, *tx);
                put_all(&mut out, participants);
            }
            Self::End(tx) => {
                out.push(END);
                put_tx(&mut out, *tx);
            }
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
            EPOCH => Self::Epoch(number(from)?),
            COMMITTED => Self::Committed { tx: tx(from)?, participants: all(from)? },
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
                out.push(PREPARED);
                put_tx(&mut out, *tx);
                put_all(&mut out, peers);
                out.extend(redo);
            }
            Self::Decided(tx, outcome) => put_outcome(&mut out, DECIDED, *tx, *outcome),
            Self::Refused(tx) => {
                out.push(REFUSED);
                put_tx(&mut out, *tx);
            }
            Self::Forced(tx, outcome) => put_outcome(&mut out, FORCED, *tx, *outcome),
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
            _ => return Err(Damaged("a record of an unknown kind")),
        };
        nothing(bytes).map(|()| record)
    }
}

fn put_tx(out: &mut Vec<u8>, tx: Tx) {
    for number in [tx.coordinator, tx.epoch, tx.sequence] {
        out.extend(number.to_le_bytes());
    }
}

fn put_all(out: &mut Vec<u8>, participants: &[ParticipantId]) {
    out.extend((participants.len() as u64).to_le_bytes());
    for participant in participants {
        out.extend(participant.to_le_bytes());
    }
}

fn put_outcome(out: &mut Vec<u8>, kind: u8, tx: Tx, outcome: Outcome) {
    out.push(kind);
    put_tx(out, tx);
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
