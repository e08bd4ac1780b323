//! Who this node is, beside its number: of which cluster, and on which disk; and on which disks the others
//! were. Whoever comes back with another disk has forgotten its votes, and is not let in under its name.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use raft::transport::Tls;
use raft::{Index, NodeId};
use sha2::{Digest as _, Sha256};

use crate::args::Args;
use crate::store::Places;

pub(crate) struct Identity {
    folder: PathBuf,
    node: NodeId,
    /// Taken at random when the folder was empty: a wiped disk has another.
    pub(crate) store: u64,
    /// Of the backup that the cluster began with, if it did: it is another than the one before, even at
    /// the same addresses.
    mark: Option<u64>,
    known: Mutex<Known>,
}

/// What may change. All of it is on the disk before anybody acts upon it.
#[derive(Clone)]
struct Known {
    /// Follows from the founders: all of them say the same.
    cluster: u64,
    met: BTreeMap<NodeId, Met>,
}

/// Another node.
#[derive(Clone, Copy, Default)]
struct Met {
    /// The entry of the log by which it left for the last time: its name may have come back since.
    left: Index,
    /// Its disk; 0 if it has not greeted since.
    store: u64,
}

/// Reads the folder's identity, or makes one. Whoever joins is of no cluster until it was called.
pub(crate) fn read(
    folder: &Path,
    id: NodeId,
    founders: &Places,
    mark: Option<u64>,
) -> io::Result<Identity> {
    fs::create_dir_all(folder)?;
    let file = folder.join(NAME);
    if !file.exists() {
        if mark.is_none() && folder.join("log").exists() {
            return Err(wrong(
                &file,
                "is missing beside a log: take an empty folder, or restore it",
            ));
        }
        let founded = cluster(founders, mark);
        let known = Known { cluster: founded, met: BTreeMap::new() };
        let (folder, known) = (folder.to_owned(), Mutex::new(known));
        let new = Identity { folder, node: id, store: random(), mark, known };
        new.write(&new.known())?;
    }
    let text = fs::read_to_string(&file)?;
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        line.ok_or_else(|| wrong(&file, &format!("lacks a line `{name}NUMBER`")))
    };
    let (node, known, store) = (number("node ")?, number("cluster ")?, number("store ")?);
    let mark = number("mark ").ok();
    let founded = cluster(founders, mark);
    if node != id {
        return Err(wrong(&file, &format!("is of node {node}, not of {id}")));
    }
    if founded != 0 && known != founded {
        return Err(wrong(
            &file,
            "is of a cluster with other founders, or of one that was joined: say what it was started with, or \
             take another folder",
        ));
    }
    let lines = text.lines().filter_map(|line| line.strip_prefix("met "));
    let met = lines.map(|line| met(line).ok_or_else(|| wrong(&file, "has a line that is none")));
    let known = Mutex::new(Known { cluster: known, met: met.collect::<io::Result<_>>()? });
    Ok(Identity { folder: folder.to_owned(), node, store, mark, known })
}

/// Its certificate, if it is to have one.
pub(crate) fn tls(args: &Args) -> Result<Option<Tls>, Box<dyn Error>> {
    let files = (&args.tls_cert, &args.tls_key, &args.tls_ca);
    let (Some(certificate), Some(key), Some(authority)) = files else { return Ok(None) };
    let read = |file: &Path| {
        fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
    };
    Ok(Some(Tls::from_pem(&read(certificate)?, &read(key)?, &read(authority)?)?))
}

fn met(line: &str) -> Option<(NodeId, Met)> {
    let numbers: Vec<u64> = line.split(' ').map(|it| it.parse().ok()).collect::<Option<_>>()?;
    let [node, left, store] = numbers[..] else { return None };
    Some((node, Met { left, store }))
}

impl Identity {
    pub(crate) fn cluster(&self) -> u64 {
        self.known().cluster
    }

    /// Notes which cluster the node has joined.
    pub(crate) fn joined(&self, cluster: u64) -> io::Result<()> {
        self.alter(|known| known.cluster = cluster, |known| known.cluster != cluster)
    }

    /// Whether a node may come with this disk. A peer's first one is noted.
    pub(crate) fn admits(&self, node: NodeId, store: u64, is_peer: bool) -> io::Result<bool> {
        let note = |known: &mut Known| known.met.entry(node).or_default().store = store;
        let is_new =
            |known: &Known| is_peer && known.met.get(&node).is_none_or(|met| met.store == 0);
        self.alter(note, is_new)?;
        Ok(self.known().met.get(&node).is_none_or(|met| [0, store].contains(&met.store)))
    }

    /// By which entry a node left for the last time.
    pub(crate) fn left(&self, node: NodeId) -> Index {
        self.known().met.get(&node).map_or(0, |met| met.left)
    }

    /// A node has left: its name may come back with another disk.
    pub(crate) fn leaves(&self, node: NodeId, left: Index) -> io::Result<()> {
        self.alter(|known| _ = known.met.insert(node, Met { left, store: 0 }), |_| true)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known if need be, on the disk first.
    fn alter(
        &self,
        change: impl FnOnce(&mut Known),
        must: impl FnOnce(&Known) -> bool,
    ) -> io::Result<()> {
        let mut known = self.known();
        if must(&known) {
            let mut new = known.clone();
            change(&mut new);
            self.write(&new)?;
            *known = new;
        }
        Ok(())
    }

    /// All of it or nothing is there after a crash.
    fn write(&self, known: &Known) -> io::Result<()> {
        let Self { folder, node, store, mark, .. } = self;
        let new = folder.join("identity.new");
        let mut out = fs::File::create(&new)?;
        writeln!(out, "node {node}\ncluster {}\nstore {store}", known.cluster)?;
        if let Some(mark) = mark {
            writeln!(out, "mark {mark}")?;
        }
        for (node, Met { left, store }) in &known.met {
            writeln!(out, "met {node} {left} {store}")?;
        }
        out.sync_all()?;
        fs::rename(&new, folder.join(NAME))?;
        fs::File::open(folder)?.sync_all()
    }
}

const NAME: &str = "identity";

fn wrong(file: &Path, what: &str) -> io::Error {
    io::Error::other(format!("{} {what}", file.display()))
}

/// 0 without founders.
fn cluster(founders: &Places, mark: Option<u64>) -> u64 {
    if founders.is_empty() {
        return 0;
    }
    let mut hash = Sha256::new();
    hash.update(mark.map_or_else(String::new, |mark| format!("restored {mark},")));
    for (id, place) in founders {
        hash.update(format!("{id}={},", place.raft));
    }
    let [first, ..] = *hash.finalize().as_chunks().0 else { return 0 };
    u64::from_le_bytes(first)
}

/// The standard library's hashers begin with random numbers.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
