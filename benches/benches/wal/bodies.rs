//! The body that is timed, the same for all contenders.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use benches::{Contender as Entry, Race, race};

use super::contender::Contender;
use super::seen;

/// How long writers compete for one figure: some dozen fsyncs, or some turns of all the threads.
fn heat_of(writers: usize) -> Duration {
    Duration::from_millis(if writers > 100 { 200 } else { 60 })
}

/// How long an iteration seems to take; see the semaphore's bodies.
const PACE: Duration = Duration::from_micros(100);
const BODY: [u8; 64] = [7; 64];

/// A contender and its folder, which goes with it.
pub(crate) struct Open<C>(C, Folder);

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

/// On the disk that the results of builds are on; a folder for temporary files may be in memory.
pub(crate) fn open<C: Contender>() -> Open<C> {
    let name = format!("wal {} {}", process::id(), FOLDERS.fetch_add(1, Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the target directory is writable");
    Open(C::open(&folder), Folder(folder))
}

/// Each writer appends a record and waits until it is safe.
pub(crate) fn force<'a, C: Contender + 'a>(name: &'static str, writers: usize) -> Entry<'a> {
    let opened = OnceCell::new();
    let time = move |operations: u64| {
        let whole = heat_of(writers);
        let limit = PACE.mul_f64(operations as f64).clamp(whole / 4, whole);
        heat(name, writers, opened.get_or_init(open::<C>), limit).time_of(operations)
    };
    let rehearse = move || {
        let Open(log, _folder) = open::<C>();
        let before = log.syncs();
        (0..3).for_each(|_| log.force(&BODY));
        if let (Some(before), Some(after)) = (before, log.syncs()) {
            assert_eq!(after.0 - before.0, 3, "one after another each has an fsync of its own");
        }
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

pub(crate) fn heat<C: Contender>(
    name: &str,
    writers: usize,
    opened: &Open<C>,
    limit: Duration,
) -> Race {
    let log = &opened.0;
    log.forget();
    let before = log.syncs();
    let heat = race(writers, limit, |stop| {
        let mut waits = Vec::new();
        while !stop.load(Relaxed) {
            let start = Instant::now();
            log.force(&BODY);
            waits.push(start.elapsed());
        }
        let done = waits.len() as u64;
        seen::note(name, writers, &waits);
        done
    });
    if let (Some(before), Some(after)) = (before, log.syncs()) {
        let syncing = after.1.saturating_sub(before.1);
        seen::add(name, writers, heat.operations, after.0 - before.0, syncing);
    }
    heat
}
