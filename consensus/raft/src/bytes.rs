//! Entries and snapshots as bytes, for a disk or a wire. All numbers are little-endian.

use std::sync::Arc;

use crate::log::{Entry, Payload};
use crate::membership::Membership;
use crate::types::{Index, Position, Snapshot, Term};

/// The bytes are not what was written; here is what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes hold {0}; they are damaged, or of another version")]
pub struct Damaged(pub(crate) &'static str);

/// What is left to read.
pub(crate) struct Reader<'a>(&'a [u8]);

const EMPTY: u8 = 0;
const COMMAND: u8 = 1;
const MEMBERSHIP: u8 = 2;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Damaged("too few bytes"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Damaged("too few bytes"))?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Damaged> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Damaged> {
        Ok(u64::from_le_bytes(self.array()?))
    }
}

impl Entry {
    /// Term, kind, and what the kind asks for; a command has its length before it.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.term.to_le_bytes());
        match &self.payload {
            Payload::Empty => out.push(EMPTY),
            Payload::Command(command) => {
                out.push(COMMAND);
                out.extend((command.len() as u32).to_le_bytes());
                out.extend_from_slice(command);
            }
            Payload::Membership(members) => {
                out.push(MEMBERSHIP);
                members.encode(out);
            }
        }
    }

    /// How many bytes [`encode`](Self::encode) writes.
    pub(crate) fn length(&self) -> usize {
        9 + match &self.payload {
            Payload::Empty => 0,
            Payload::Command(command) => 4 + command.len(),
            Payload::Membership(members) => members.length(),
        }
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let term: Term = from.u64()?;
        let payload = match from.u8()? {
            EMPTY => Payload::Empty,
            COMMAND => {
                let length = from.u32()? as usize;
                Payload::Command(Arc::from(from.slice(length)?))
            }
            MEMBERSHIP => Payload::Membership(Arc::new(Membership::decode(from)?)),
            _ => return Err(Damaged("an entry of an unknown kind")),
        };
        Ok(Self { term, payload })
    }
}

impl Snapshot {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.last.term, self.last.index, self.size] {
            out.extend(number.to_le_bytes());
        }
        self.members.encode(out);
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let (term, index, size): (Term, Index, u64) = (from.u64()?, from.u64()?, from.u64()?);
        let members = Arc::new(Membership::decode(from)?);
        Ok(Self { last: Position { term, index }, members, size })
    }
}
