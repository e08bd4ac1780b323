//! The lower rungs of both ladders: simple forms without recovery.

use std::fs::File;
use std::mem;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::alone::{SECTOR, SIZE, sync, zeros};
use super::contender::Contender;

/// A file that is written from its beginning again when its end is reached.
struct Round {
    file: File,
    end: u64,
    syncs: u64,
    syncing: Duration,
}

impl Round {
    fn new(file: File) -> Self {
        Self { file, end: 0, syncs: 0, syncing: Duration::ZERO }
    }

    fn commit(&mut self, bytes: &mut Vec<u8>) {
        bytes.resize(bytes.len().next_multiple_of(SECTOR as usize), 0);
        self.file.write_all_at(bytes, self.end).expect("there is room");
        self.syncing += sync(&self.file);
        self.syncs += 1;
        self.end += bytes.len() as u64;
        if self.end > SIZE - (1 << 20) {
            self.end = 0;
        }
        bytes.clear();
    }
}

/// Callers commit for each other, and all are woken each time. In a file of zeros, or in one that
/// grows.
pub(crate) struct Callers<const ZEROS: bool> {
    state: Mutex<State>,
    changed: Condvar,
}

pub(crate) type Herd = Callers<true>;
pub(crate) type Appending = Callers<false>;

struct State {
    round: Option<Round>,
    syncs: (u64, Duration),
    pending: Vec<u8>,
    taken: u64,
    safe: u64,
}

impl<const ZEROS: bool> Contender for Callers<ZEROS> {
    fn open(folder: &Path) -> Self {
        let path = folder.join("file");
        let file = if ZEROS { zeros(&path) } else { File::create(&path).expect("a new folder") };
        let (round, syncs) = (Some(Round::new(file)), (0, Duration::ZERO));
        let state = State { round, syncs, pending: Vec::new(), taken: 0, safe: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn force(&self, body: &[u8]) {
        let mut state = self.state.lock().expect("no panic");
        state.pending.extend_from_slice(body);
        state.taken += 1;
        let mine = state.taken;
        while state.safe < mine {
            let Some(mut round) = state.round.take() else {
                state = self.changed.wait(state).expect("no panic");
                continue;
            };
            let (mut pending, upto) = (mem::take(&mut state.pending), state.taken);
            drop(state);
            round.commit(&mut pending);
            if !ZEROS && round.end == 0 {
                round.file.set_len(0).expect("the disk is well");
            }
            state = self.state.lock().expect("no panic");
            (state.safe, state.syncs) = (upto, (round.syncs, round.syncing));
            state.round = Some(round);
            self.changed.notify_all();
        }
    }

    fn syncs(&self) -> Option<(u64, Duration)> {
        Some(self.state.lock().expect("no panic").syncs)
    }
}

type Request = (Vec<u8>, SyncSender<()>);

/// A thread commits, in a file that grows: each record for itself, or all that have come.
pub(crate) struct Woken<const SHARED: bool> {
    inbox: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl<const SHARED: bool> Contender for Woken<SHARED> {
    fn open(folder: &Path) -> Self {
        let file = File::create(folder.join("file")).expect("a new folder");
        let (inbox, requests) = sync_channel(4096);
        let thread = thread::spawn(move || serve::<SHARED>(&requests, Round::new(file)));
        Self { inbox: Some(inbox), thread: Some(thread) }
    }

    fn force(&self, body: &[u8]) {
        let (reply, answer) = sync_channel(1);
        let inbox = self.inbox.as_ref().expect("it is open");
        inbox.send((body.to_vec(), reply)).expect("the thread lives");
        answer.recv().expect("the thread lives");
    }

    fn syncs(&self) -> Option<(u64, Duration)> {
        None
    }
}

fn serve<const SHARED: bool>(requests: &Receiver<Request>, mut round: Round) {
    let (mut bytes, mut replies) = (Vec::new(), Vec::new());
    while let Ok(first) = requests.recv() {
        let mut next = Some(first);
        while let Some((body, reply)) = next.take() {
            bytes.extend_from_slice(&body);
            replies.push(reply);
            next = SHARED.then(|| requests.try_recv().ok()).flatten();
        }
        round.commit(&mut bytes);
        if round.end == 0 {
            round.file.set_len(0).expect("the disk is well");
        }
        for reply in replies.drain(..) {
            reply.send(()).expect("whoever asked waits");
        }
    }
}

impl<const SHARED: bool> Drop for Woken<SHARED> {
    fn drop(&mut self) {
        drop(self.inbox.take());
        self.thread.take().map(JoinHandle::join);
    }
}
