//! All that a cluster holds in one file, and a new cluster from it.
//!
//! A line that says what it is, a line with the SHA-256 of the rest, and the rest: keys, values, and answers
//! to writes that may be repeated. Who takes part in the old cluster is none of it.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use raft::membership::Membership;
use raft::node::Disk as _;
use raft::storage::Folder;
use raft::{HardState, NodeId, Piece, Position, Save, Snapshot};
use sha2::{Digest as _, Sha256};

use crate::store::{Places, Store};

const KIND: &str = "kv backup ";
const VERSION: &str = "1";
/// No record of the log is longer.
const PIECE: usize = 4 << 20;

pub(crate) struct Backup {
    rest: Vec<u8>,
    /// From its checksum: clusters from other backups have another.
    pub(crate) mark: u64,
}

/// What a store told as a backup, with the lines before it.
pub(crate) fn pack(rest: &[u8]) -> Vec<u8> {
    [format!("{KIND}{VERSION}\n{}\n", checksum(rest)).as_bytes(), rest].concat()
}

fn checksum(rest: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(rest).into();
    let (halves, _) = digest.as_chunks();
    halves
        .iter()
        .map(|half| format!("{:032x}", u128::from_be_bytes(*half)))
        .collect::<Vec<_>>()
        .concat()
}

/// Reads a backup, and makes sure that it is whole and that a store can begin with it.
pub(crate) fn read(file: &Path) -> Result<Backup, String> {
    let wrong = |what: &str| format!("{} {what}", file.display());
    let bytes = fs::read(file).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (title, sum, rest) = (next(), next(), next());
    match title.strip_prefix(KIND.as_bytes()) {
        None => return Err(wrong("is no backup of kv: take a file that GET /backup gave")),
        Some(version) if version != VERSION.as_bytes() => {
            return Err(wrong("is a backup of another version: take the kv that made it"));
        }
        Some(_) => {}
    }
    if sum != checksum(rest).as_bytes() || !Store::can_begin_with(rest) {
        return Err(wrong("is damaged, or not all of it is there: take another copy"));
    }
    let mark = u64::from_str_radix(&checksum(rest)[..16], 16).unwrap_or_default();
    Ok(Backup { rest: rest.to_vec(), mark })
}

impl Backup {
    /// Puts it into an empty folder, as the snapshot that the founders' logs begin with.
    pub(crate) fn found(
        &self,
        folder: &Path,
        id: NodeId,
        founders: &Places,
    ) -> Result<(), Box<dyn Error>> {
        if fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
            return Err(format!(
                "{} is not empty, and --restore founds a new cluster: leave --restore out to go on with what \
                 is there, or take an empty folder",
                folder.display()
            )
            .into());
        }
        fs::create_dir_all(folder)?;
        let (mut disk, _) = Folder::open(folder.join("log"), id)?;
        let members = Arc::new(Membership::new(founders.keys().copied()));
        let last = Position { term: 1, index: 1 };
        let snapshot = Snapshot { last, members, size: self.rest.len() as u64 };
        for (at, bytes) in self.rest.chunks(PIECE).enumerate() {
            let (offset, bytes) = ((at * PIECE) as u64, bytes.to_vec());
            let piece = Some(Piece { snapshot: snapshot.clone(), offset, bytes });
            let hard_state = Some(HardState { term: last.term, vote: None });
            disk.write(vec![Save { seq: at as u64 + 1, hard_state, piece, tail: None }])?;
        }
        Ok(())
    }
}
