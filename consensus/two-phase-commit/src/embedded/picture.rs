//! What the log of an embedded store holds: records, and pictures of all that came before them.

use crate::record::{Branched, Damaged};
use crate::types::Tx;

/// All there is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) resource: Vec<u8>,
    /// What is prepared, and notes.
    pub(super) records: Vec<Branched>,
}

/// A line of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Record(Branched),
    /// Done in one phase, and what was done.
    Alone(Tx, Vec<u8>),
    Picture(Picture),
}

const RECORD: u8 = 1;
const ALONE: u8 = 2;
const PICTURE: u8 = 3;

impl Line {
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Record(record) => [vec![RECORD], record.encode()].concat(),
            Self::Alone(tx, redo) => {
                let mut out = vec![ALONE];
                put(&mut out, &Branched::Alone(*tx).encode());
                out.extend(redo);
                out
            }
            Self::Picture(Picture { resource, records }) => {
                let mut out = vec![PICTURE];
                put(&mut out, resource);
                for record in records {
                    put(&mut out, &record.encode());
                }
                out
            }
        }
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self, Damaged> {
        let from = &mut bytes;
        match from.split_off_first() {
            Some(&RECORD) => Branched::decode(from).map(Self::Record),
            Some(&ALONE) => match Branched::decode(take(from)?)? {
                Branched::Alone(tx) => Ok(Self::Alone(tx, from.to_vec())),
                _ => Err(Damaged("another record in place of what was done alone")),
            },
            Some(&PICTURE) => {
                let resource = take(from)?.to_vec();
                let mut records = Vec::new();
                while !from.is_empty() {
                    records.push(Branched::decode(take(from)?)?);
                }
                Ok(Self::Picture(Picture { resource, records }))
            }
            _ => Err(Damaged("a line of an unknown kind")),
        }
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
}

fn take<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], Damaged> {
    let too_few = Damaged("too few bytes");
    let (length, rest) = from.split_first_chunk().ok_or(too_few)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| too_few)?;
    let (taken, rest) = rest.split_at_checked(length).ok_or(too_few)?;
    *from = rest;
    Ok(taken)
}
