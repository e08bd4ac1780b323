//! Requests and replies as bytes, for any wire. All numbers are little-endian; what has no length of its
//! own ends with the bytes.

use super::{
    Answer, AppendRequest, Ballot, ChunkRequest, Conflict, Damaged, Position, Reply, Request,
    Snapshot, VoteRequest,
};
use crate::bytes::Reader;
use crate::log::Entry;

const VOTE: u8 = 1;
const APPEND: u8 = 2;
const CHUNK: u8 = 3;
const CAMPAIGN: u8 = 4;

const YES: u8 = 1;
const NO: u8 = 2;
const SHORT: u8 = 3;
const OTHER: u8 = 4;
const HAVE: u8 = 5;

impl Request {
    /// Writes it behind what is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Vote(VoteRequest { term, last, ballot }) => {
                out.push(VOTE);
                numbers(out, [*term, last.term, last.index]);
                out.push(match ballot {
                    Ballot::Trial => 0,
                    Ballot::Real => 1,
                    Ballot::Handed => 2,
                });
            }
            Self::Append(AppendRequest { term, previous, entries, commit }) => {
                out.push(APPEND);
                numbers(out, [*term, previous.term, previous.index, *commit]);
                for entry in entries {
                    entry.encode(out);
                }
            }
            Self::Chunk(ChunkRequest { term, snapshot, offset, length, bytes }) => {
                out.push(CHUNK);
                numbers(out, [*term, *offset]);
                out.extend(length.to_le_bytes());
                snapshot.encode(out);
                out.extend_from_slice(bytes);
            }
            Self::Campaign { term } => {
                out.push(CAMPAIGN);
                numbers(out, [*term]);
            }
        }
    }

    /// Reads what [`encode`](Self::encode) wrote. What it gives takes no more memory than a few times
    /// that of `bytes`, whatever they say.
    ///
    /// # Errors
    ///
    /// When they are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut from = Reader::new(bytes);
        let request = match from.u8()? {
            VOTE => {
                let (term, last) = (from.u64()?, position(&mut from)?);
                let ballot = match from.u8()? {
                    0 => Ballot::Trial,
                    1 => Ballot::Real,
                    2 => Ballot::Handed,
                    _ => return Err(Damaged("a vote of an unknown kind")),
                };
                Self::Vote(VoteRequest { term, last, ballot })
            }
            APPEND => {
                let (term, previous) = (from.u64()?, position(&mut from)?);
                let (commit, mut entries) = (from.u64()?, Vec::new());
                while !from.is_empty() {
                    entries.push(Entry::decode(&mut from)?);
                }
                Self::Append(AppendRequest { term, previous, entries, commit })
            }
            CHUNK => {
                let (term, offset, length) = (from.u64()?, from.u64()?, from.u32()?);
                let snapshot = Snapshot::decode(&mut from)?;
                let bytes = from.slice(length as usize)?.to_vec();
                Self::Chunk(ChunkRequest { term, snapshot, offset, length, bytes })
            }
            CAMPAIGN => Self::Campaign { term: from.u64()? },
            _ => return Err(Damaged("a request of an unknown kind")),
        };
        ended(&from, request)
    }

    /// How many bytes [`encode`](Self::encode) writes.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Vote(_) => 1 + 3 * 8 + 1,
            Self::Append(append) => {
                1 + 4 * 8 + append.entries.iter().map(Entry::length).sum::<usize>()
            }
            Self::Chunk(ChunkRequest { snapshot, bytes, .. }) => {
                1 + 2 * 8 + 4 + 3 * 8 + snapshot.members.length() + bytes.len()
            }
            Self::Campaign { .. } => 1 + 8,
        }
    }
}

impl Reply {
    /// Writes it behind what is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        numbers(out, [self.term]);
        match self.answer {
            Answer::Yes => out.push(YES),
            Answer::No => out.push(NO),
            Answer::Conflict(Conflict::Short { next }) => {
                out.push(SHORT);
                numbers(out, [next]);
            }
            Answer::Conflict(Conflict::Other { term, first }) => {
                out.push(OTHER);
                numbers(out, [term, first]);
            }
            Answer::Have(bytes) => {
                out.push(HAVE);
                numbers(out, [bytes]);
            }
        }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    ///
    /// When the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut from = Reader::new(bytes);
        let term = from.u64()?;
        let answer = match from.u8()? {
            YES => Answer::Yes,
            NO => Answer::No,
            SHORT => Answer::Conflict(Conflict::Short { next: from.u64()? }),
            OTHER => Answer::Conflict(Conflict::Other { term: from.u64()?, first: from.u64()? }),
            HAVE => Answer::Have(from.u64()?),
            _ => return Err(Damaged("an answer of an unknown kind")),
        };
        ended(&from, Self { term, answer })
    }
}

fn numbers<const N: usize>(out: &mut Vec<u8>, numbers: [u64; N]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn position(from: &mut Reader<'_>) -> Result<Position, Damaged> {
    Ok(Position { term: from.u64()?, index: from.u64()? })
}

fn ended<T>(from: &Reader<'_>, what: T) -> Result<T, Damaged> {
    if from.is_empty() { Ok(what) } else { Err(Damaged("more bytes than it has")) }
}
