//! What stands in the log.

use raft::NodeId;

/// A write. `None` stands for a key that is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    Set {
        key: Vec<u8>,
        value: Option<Vec<u8>>,
    },
    /// Only if the present value is this.
    Swap {
        key: Vec<u8>,
        expect: Option<Vec<u8>>,
        value: Option<Vec<u8>>,
    },
}

/// Where a node is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) raft: String,
    pub(crate) http: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// A write, and the name by which its client may repeat it.
    Write { name: Option<Vec<u8>>, write: Write },
    /// A node is found there, or takes part no more.
    Place { id: NodeId, place: Option<Place> },
}

const SET: u8 = 0;
const SWAP: u8 = 1;
const PLACE: u8 = 2;

impl Command {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Write { name, write } => {
                write.encode(&mut out);
                put(&mut out, name.as_deref());
            }
            Self::Place { id, place } => {
                out.push(PLACE);
                put_place(&mut out, *id, place.as_ref());
            }
        }
        out
    }

    /// What `encode` wrote; `None` if it did not write this.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let command = if bytes.first() == Some(&PLACE) {
            bytes.split_off_first();
            let (id, place) = take_place(&mut bytes)?;
            Self::Place { id, place }
        } else {
            let write = Write::decode(&mut bytes)?;
            Self::Write { name: take(&mut bytes)?, write }
        };
        bytes.is_empty().then_some(command)
    }
}

impl Write {
    /// Two writes are the same if their bytes are.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Set { key, value } => {
                out.push(SET);
                put(out, Some(key));
                put(out, value.as_deref());
            }
            Self::Swap { key, expect, value } => {
                out.push(SWAP);
                put(out, Some(key));
                put(out, expect.as_deref());
                put(out, value.as_deref());
            }
        }
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let kind = *bytes.split_off_first()?;
        let key = take(bytes)??;
        match kind {
            SET => Some(Self::Set { key, value: take(bytes)? }),
            SWAP => Some(Self::Swap { key, expect: take(bytes)?, value: take(bytes)? }),
            _ => None,
        }
    }
}

/// Appends bytes with their length, which is one more than it is, so that 0 stands for none.
pub(crate) fn put(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let length = bytes.map_or(0, |bytes| bytes.len() as u32 + 1);
    out.extend(length.to_le_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// Takes off what `put` appended. `None` if there is no such thing.
#[expect(clippy::option_option, reason = "no bytes are not the same as nothing to read")]
pub(crate) fn take(bytes: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let (length, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    let Some(length) = u32::from_le_bytes(*length).checked_sub(1) else { return Some(None) };
    bytes.split_off(..length as usize).map(|it| Some(it.to_vec()))
}

pub(crate) fn put_place(out: &mut Vec<u8>, id: NodeId, place: Option<&Place>) {
    out.extend(id.to_le_bytes());
    put(out, place.map(|place| place.raft.as_bytes()));
    put(out, place.map(|place| place.http.as_bytes()));
}

pub(crate) fn take_place(bytes: &mut &[u8]) -> Option<(NodeId, Option<Place>)> {
    let (id, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    let (raft, http) = (take(bytes)?, take(bytes)?);
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes?).ok();
    let place = text(raft).zip(text(http)).map(|(raft, http)| Place { raft, http });
    Some((NodeId::from_le_bytes(*id), place))
}
