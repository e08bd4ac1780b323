//! A disk in memory, in the place of `src/disk.rs`, with the surface of what stands there.
//!
//! It knows what is safe and what is not. When it dies, any of what was not safe may be there: each
//! sector for itself, and each change of the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use super::pause;

/// A batch holds one record of those that the tests call long.
pub(crate) const BATCH: usize = 300;
const SECTOR: usize = 512;

/// A disk, which lives on when the log that used it is gone.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    gate: Arc<(Mutex<Gate>, Condvar)>,
    files: Vec<Inode>,
    names: BTreeMap<String, usize>,
    safe_names: BTreeMap<String, usize>,
    /// Changes of the folder that are not safe.
    changes: Vec<Change>,
    /// What was called so far.
    calls: Vec<&'static str>,
    trouble: Trouble,
    is_dead: bool,
    is_locked: bool,
    capacity: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    seen: Vec<u8>,
    safe: Vec<u8>,
    dirty: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
enum Change {
    Add(String, usize),
    Remove(String),
}

/// What happens at the call of this number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// The power goes while it is under way.
    Dies(usize),
    Fails(usize, ErrorKind),
    Panics(usize),
    /// It waits until it is let go, and then fails if it is to.
    Holds(usize, Option<ErrorKind>),
}

/// How far a held call is.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    has_come: bool,
    is_open: bool,
}

static NEXT: AtomicU64 = AtomicU64::new(0);
static DISKS: Mutex<BTreeMap<PathBuf, Weak<Mutex<State>>>> = Mutex::new(BTreeMap::new());

fn disks() -> MutexGuard<'static, BTreeMap<PathBuf, Weak<Mutex<State>>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self::with(State::default())
    }

    fn with(state: State) -> Self {
        let path = PathBuf::from(format!("disk {}", NEXT.fetch_add(1, SeqCst)));
        let state = Arc::new(Mutex::new(state));
        let mut disks = disks();
        disks.retain(|_, disk| disk.strong_count() > 0);
        disks.insert(path.clone(), Arc::downgrade(&state));
        Self { path, state }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn troubled(&self, trouble: Trouble) {
        let mut state = self.state();
        (state.trouble, state.calls) = (trouble, Vec::new());
    }

    /// Waits until the call that is to be held has come.
    pub(crate) fn wait_held(&self) -> Held {
        let gate = Arc::clone(&self.state().gate);
        let held = gate.0.lock().unwrap();
        drop(gate.1.wait_while(held, |gate| !gate.has_come).unwrap());
        Held(gate)
    }

    pub(crate) fn limit(&self, capacity: Option<usize>) {
        self.state().capacity = capacity;
    }

    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    /// Changes what is on the disk, behind the back of everybody.
    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[name];
        let file = &mut state.files[file];
        edit(&mut file.seen);
        file.safe.clone_from(&file.seen);
    }

    /// As the disk is found by who opens the log again while the system is still up.
    pub(crate) fn copy(&self) -> Self {
        let state = self.state().clone();
        let calls = Vec::new();
        let (trouble, is_dead, is_locked) = (Trouble::None, false, false);
        Self::with(State { calls, trouble, is_dead, is_locked, ..state })
    }

    /// How many things are not safe.
    pub(crate) fn unsafe_things(&self) -> usize {
        let state = self.state();
        let dirty: usize = state.files.iter().map(|file| file.dirty.len()).sum();
        state.changes.len() + dirty
    }

    /// The disk after the power came back: of what was not safe there is what `keeps` says.
    pub(crate) fn crashed(&self, keeps: impl Fn(usize) -> bool) -> Self {
        let mut state = self.state().clone();
        let mut thing = 0;
        let mut kept = || {
            thing += 1;
            keeps(thing - 1)
        };
        for change in std::mem::take(&mut state.changes) {
            if kept() {
                apply(&mut state.safe_names, change);
            }
        }
        for file in &mut state.files {
            for sector in std::mem::take(&mut file.dirty) {
                if kept() {
                    file.persist(sector);
                }
            }
            file.seen.clone_from(&file.safe);
        }
        let names = state.safe_names.clone();
        Self::with(State {
            files: state.files,
            safe_names: names.clone(),
            names,
            ..State::default()
        })
    }

    /// Every way to lose some of what was not safe, or if these are too many, every beginning, every
    /// end, each thing alone and each alone missing, and some more.
    pub(crate) fn crashes(&self) -> Vec<Self> {
        let things = self.unsafe_things();
        if things <= 9 {
            return (0..1_u32 << things).map(|set| self.crashed(|at| set >> at & 1 == 1)).collect();
        }
        let mut all = Vec::new();
        for one in 0..=things {
            all.push(self.crashed(|at| at < one));
            all.push(self.crashed(|at| at >= one));
            all.push(self.crashed(|at| at == one));
            all.push(self.crashed(|at| at != one));
        }
        let bit =
            |seed: usize, at: usize| (seed * 31 + at).wrapping_mul(0x9e37_79b9) >> 13 & 1 == 1;
        all.extend((0..32).map(|seed| self.crashed(|at| bit(seed, at))));
        all
    }

    /// Notes a call, and does what was planned for it: an error, or whether the power goes now.
    fn call(&self, what: &'static str) -> io::Result<(MutexGuard<'_, State>, bool)> {
        pause(what);
        let mut state = self.state();
        if state.is_dead {
            return Err(io::Error::other("the power is off"));
        }
        let number = state.calls.len();
        state.calls.push(what);
        match state.trouble {
            Trouble::Panics(at) if at == number => panic!("planned at {what}"),
            // A failed sync leaves pages that look clean and are not on the disk.
            Trouble::Fails(at, kind) if at == number => {
                if what == "sync" {
                    state.files.iter_mut().for_each(|file| file.dirty.clear());
                }
                Err(io::Error::new(kind, "planned"))
            }
            Trouble::Holds(at, then) if at == number => {
                let gate = Arc::clone(&state.gate);
                drop(state);
                gate.0.lock().unwrap().has_come = true;
                gate.1.notify_all();
                drop(gate.1.wait_while(gate.0.lock().unwrap(), |gate| !gate.is_open).unwrap());
                then.map_or_else(|| Ok((self.state(), false)), |kind| Err(kind.into()))
            }
            Trouble::Dies(at) if at == number => {
                state.is_dead = true;
                Ok((state, true))
            }
            _ => Ok((state, false)),
        }
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: Change) {
    match change {
        Change::Add(name, file) => _ = names.insert(name, file),
        Change::Remove(name) => _ = names.remove(&name),
    }
}

impl State {
    fn change(&mut self, change: Change) {
        apply(&mut self.names, change.clone());
        self.changes.push(change);
    }
}

impl Inode {
    fn persist(&mut self, sector: usize) {
        let range = sector * SECTOR..(sector * SECTOR + SECTOR).min(self.seen.len());
        self.safe.resize(self.safe.len().max(range.end), 0);
        self.safe[range.clone()].copy_from_slice(&self.seen[range]);
    }
}

fn dead_or<T>(dies: bool, value: T) -> io::Result<T> {
    if dies { Err(io::Error::other("the power goes")) } else { Ok(value) }
}

/// A call that is held, until this is dropped: also by a test that fails.
#[must_use]
pub(crate) struct Held(Arc<(Mutex<Gate>, Condvar)>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).is_open = true;
        self.0.1.notify_all();
    }
}

#[derive(Debug)]
pub(crate) struct Folder(Disk);

#[derive(Debug)]
pub(crate) struct Handle {
    disk: Disk,
    file: usize,
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.0.state().is_locked = false;
    }
}

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let state = disks().get(path).and_then(Weak::upgrade).ok_or(ErrorKind::NotFound)?;
        let disk = Disk { path: path.to_owned(), state };
        let (mut state, _) = disk.call("open")?;
        let was_locked = std::mem::replace(&mut state.is_locked, true);
        drop(state);
        Ok((!was_locked).then(|| Self(disk)))
    }

    pub(crate) fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.call("list")?.0.names.keys().cloned().collect())
    }

    pub(crate) fn create(&self, name: &str) -> io::Result<Handle> {
        let (mut state, dies) = self.0.call("create")?;
        let file = state.files.len();
        state.files.push(Inode::default());
        state.change(Change::Add(name.to_owned(), file));
        dead_or(dies, Handle { disk: self.0.clone(), file })
    }

    pub(crate) fn open_file(&self, name: &str) -> io::Result<Handle> {
        let (state, _) = self.0.call("open file")?;
        let file = *state.names.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(Handle { disk: self.0.clone(), file })
    }

    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let (state, _) = self.0.call("read")?;
        let file = *state.names.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(state.files[file].seen.clone())
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (mut state, dies) = self.0.call("rename")?;
        let file = *state.names.get(from).ok_or(ErrorKind::NotFound)?;
        state.change(Change::Remove(from.to_owned()));
        state.change(Change::Add(to.to_owned(), file));
        dead_or(dies, ())
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        let (mut state, dies) = self.0.call("remove")?;
        state.change(Change::Remove(name.to_owned()));
        dead_or(dies, ())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        let (mut state, dies) = self.0.call("sync folder")?;
        if !dies {
            state.changes.clear();
            state.safe_names = state.names.clone();
        }
        dead_or(dies, ())
    }
}

impl Handle {
    pub(crate) fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (mut state, dies) = self.disk.call("write")?;
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        let sizes = state.names.values().map(|file| state.files[*file].seen.len());
        let taken: usize = sizes.sum();
        let file = &state.files[self.file];
        let grown = end.saturating_sub(file.seen.len());
        if state.capacity.is_some_and(|capacity| taken + grown > capacity) {
            return Err(ErrorKind::StorageFull.into());
        }
        let file = &mut state.files[self.file];
        file.seen.resize(file.seen.len().max(end), 0);
        file.seen[start..end].copy_from_slice(bytes);
        file.dirty.extend(start / SECTOR..end.div_ceil(SECTOR));
        dead_or(dies, ())
    }

    pub(crate) fn sync(&mut self) -> io::Result<()> {
        let (mut state, dies) = self.disk.call("sync")?;
        if !dies {
            let file = &mut state.files[self.file];
            for sector in std::mem::take(&mut file.dirty) {
                file.persist(sector);
            }
            file.safe.resize(file.seen.len(), 0);
        }
        dead_or(dies, ())
    }
}
