//! The group commit that one finds in textbooks.

use interleave::note;
use shuttle::sync::atomic::{AtomicU64, Ordering::SeqCst};
use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;

// ANCHOR: textbook
/// Callers commit for each other: one syncs, the others wait for its end.
#[derive(Default)]
struct Textbook {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    written: u64,
    durable: u64,
    is_syncing: bool,
}

impl Textbook {
    fn force(&self, disk: &Disk) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.written += 1;
        let mine = state.written;
        disk.write(mine);
        while state.durable < mine {
            if state.is_syncing {
                state = self.ended.wait(state).unwrap();
                continue;
            }
            state.is_syncing = true;
            drop(state);
            disk.sync();
            state = self.state.lock().unwrap();
            // All that was written is safe now, is it not?
            state.durable = state.written;
            state.is_syncing = false;
            self.ended.notify_all();
        }
        mine
    }
}
// ANCHOR_END: textbook

/// The last record that was written, and the last that is safe.
#[derive(Default)]
struct Disk {
    written: AtomicU64,
    safe: AtomicU64,
}

impl Disk {
    fn write(&self, record: u64) {
        self.written.store(record, SeqCst);
        note!("writes {record}");
    }

    fn sync(&self) {
        let written = self.written.load(SeqCst);
        note!("begins a sync of all up to {written}");
        thread::yield_now();
        self.safe.store(written, SeqCst);
        note!("{written} is safe");
    }
}

#[test]
fn a_record_written_during_a_sync_is_taken_for_safe() {
    let schedule = interleave::fails(|| {
        let (log, disk) = (Textbook::default(), Disk::default());
        let force = || {
            let record = log.force(&disk);
            note!("is told that {record} is safe");
            assert!(disk.safe.load(SeqCst) >= record, "{record} is not safe");
        };
        thread::scope(|scope| {
            scope.spawn(force);
            force();
        });
    });
    schedule.matches("tests/schedules/told_too_early.txt");
}
