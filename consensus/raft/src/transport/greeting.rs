//! The first words on a connection: who calls whom, and whether that is welcome.
//!
//! `magic | version u16 | length u16 | body` will stay so in each version, so that an old node can tell
//! a new one that it is too new.

use std::io::{self, Read, Write};
use std::sync::Weak;
use std::time::Instant;

use super::frame::bad;
use super::stream::Stream;
use super::{Local, Options};
use crate::bytes::{Damaged, Reader};
use crate::types::NodeId;

const MAGIC: [u8; 8] = *b"raftwire";
const VERSION: u16 = 1;
const HEAD: usize = 12;
/// What TLS begins its complaints with.
const ALERT: u8 = 21;
/// A word of a node is no longer.
pub(super) const LONGEST_INFO: usize = 1024;
const LONGEST: usize = LONGEST_INFO + 64;

/// What one node tells the other of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Greeting {
    pub(super) cluster: u64,
    pub(super) node: NodeId,
    pub(super) store: u64,
    /// Whom it wants to speak to.
    pub(super) to: NodeId,
    pub(super) info: String,
}

/// Why a node does not speak to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One of them is too old.
    #[error("the two nodes speak different versions of the wire; upgrade the older one")]
    Version,
    /// They are of different clusters.
    #[error("the node is of another cluster; check the addresses of the peers")]
    OtherCluster,
    /// Another node listens there.
    #[error("another node listens at that address; check the addresses of the peers")]
    OtherNode,
    /// Both have the same name.
    #[error("both nodes have one name; give each its own")]
    SameName,
    /// A node of that name was seen with another disk.
    #[error(
        "a node of that name was seen with another disk; two nodes have one name, or one has lost its disk and must join under a new name"
    )]
    OtherStore,
    /// There are too many already.
    #[error("too many nodes are connected; remove those that take part no more")]
    Crowded,
    /// It is not the one that its certificate names.
    #[error(
        "the certificate of the caller is another node's; that of node 7 is for the DNS name node-7"
    )]
    OtherCertificate,
}

/// In the order of their codes, from 1.
const REFUSALS: [Refusal; 7] = [
    Refusal::Version,
    Refusal::OtherCluster,
    Refusal::OtherNode,
    Refusal::SameName,
    Refusal::OtherStore,
    Refusal::Crowded,
    Refusal::OtherCertificate,
];
const WELCOME: u8 = 0;

impl Greeting {
    pub(super) fn new(options: &Options, cluster: u64, to: NodeId) -> Self {
        let Options { node, store, .. } = *options;
        Self { cluster, node, store, to, info: options.info.clone() }
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(32 + self.info.len());
        for number in [self.cluster, self.node, self.store, self.to] {
            body.extend(number.to_le_bytes());
        }
        body.extend_from_slice(self.info.as_bytes());
        body
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, Damaged> {
        let (cluster, node, store, to) = (from.u64()?, from.u64()?, from.u64()?, from.u64()?);
        let info = String::from_utf8(from.rest().to_vec());
        let info = info.map_err(|_| Damaged("a word that is no UTF-8"))?;
        if node == 0 || info.len() > LONGEST_INFO {
            return Err(Damaged("a greeting of nobody, or a long one"));
        }
        Ok(Self { cluster, node, store, to, info })
    }

    /// Whether the node at this end knows of no other disk under that name.
    pub(super) fn is_admitted(&self, local: &Weak<dyn Local>) -> Result<(), Refusal> {
        // A node that is gone speaks to nobody, and minds nobody.
        let is = local.upgrade().is_none_or(|local| local.admits(self.node, self.store));
        if is { Ok(()) } else { Err(Refusal::OtherStore) }
    }

    /// Whether who says this may speak to a node of this cluster that was started so.
    pub(super) fn check(&self, options: &Options, cluster: u64) -> Result<(), Refusal> {
        if self.cluster != cluster || cluster == 0 {
            Err(Refusal::OtherCluster)
        } else if self.to != options.node {
            Err(Refusal::OtherNode)
        } else if self.node == options.node {
            Err(Refusal::SameName)
        } else {
            Ok(())
        }
    }
}

/// Says who calls.
pub(super) fn call(mut stream: &Stream, greeting: &Greeting) -> io::Result<()> {
    stream.write_all(&pack(&greeting.encode()))
}

/// What the other side answers to a call.
pub(super) fn answer(stream: &Stream, end: Instant) -> io::Result<Result<Greeting, Refusal>> {
    let Ok(body) = unpack(stream, end)? else { return Ok(Err(Refusal::Version)) };
    let mut from = Reader::new(&body);
    match from.u8().map_err(bad)? {
        WELCOME => Greeting::decode(from).map(Ok).map_err(bad),
        code => {
            let refusal = REFUSALS.get(usize::from(code) - 1);
            refusal.map(|it| Err(*it)).ok_or_else(|| bad("a refusal for an unknown reason"))
        }
    }
}

/// Who calls.
pub(super) fn hear(stream: &Stream, end: Instant) -> io::Result<Result<Greeting, Refusal>> {
    let Ok(body) = unpack(stream, end)? else { return Ok(Err(Refusal::Version)) };
    Greeting::decode(Reader::new(&body)).map(Ok).map_err(bad)
}

/// Tells who called that it is welcome, or why not.
pub(super) fn reply(mut stream: &Stream, answer: Result<&Greeting, Refusal>) -> io::Result<()> {
    let body = match answer {
        Ok(greeting) => [&[WELCOME][..], &greeting.encode()].concat(),
        Err(refusal) => {
            let place = REFUSALS.iter().position(|it| *it == refusal);
            place.map(|place| vec![place as u8 + 1]).unwrap_or_default()
        }
    };
    stream.write_all(&pack(&body))
}

fn pack(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_le_bytes();
    [&MAGIC[..], &VERSION.to_le_bytes(), &length, body].concat()
}

/// The other side speaks another version.
struct OtherVersion;

fn unpack(stream: &Stream, end: Instant) -> io::Result<Result<Vec<u8>, OtherVersion>> {
    let mut from = stream.until(end);
    let mut head = [0; HEAD];
    from.read_exact(&mut head[..1])?;
    // It may say no more than that it understands nothing.
    if head[0] == ALERT {
        return Err(bad("the other side speaks TLS, and this node has no certificate"));
    }
    from.read_exact(&mut head[1..])?;
    let (magic, [a, b, c, d]) = head.split_last_chunk().expect("twelve are more than four");
    if *magic != MAGIC {
        return Err(bad("the other side is no node"));
    }
    if u16::from_le_bytes([*a, *b]) != VERSION {
        return Ok(Err(OtherVersion));
    }
    let length = usize::from(u16::from_le_bytes([*c, *d]));
    if length > LONGEST {
        return Err(bad("a greeting that is too long"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Ok(body))
}
