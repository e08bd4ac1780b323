//! The textbook versions on trial. They compile, they pass a quick look, and they are wrong.

use interleave::note;
use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

// ANCHOR: all_jobs_first
/// Sends all jobs, then collects as many results. Right only while both channels are as large as
/// the input.
pub(crate) fn all_jobs_first(
    jobs: usize,
    workers: usize,
    buffer: usize,
    work: fn(usize) -> usize,
) -> Vec<usize> {
    let (job_sender, job_receiver) = sync_channel(buffer);
    let (result_sender, results) = sync_channel(buffer);
    let job_receiver = Arc::new(Mutex::new(job_receiver));
    for _ in 0..workers {
        let (jobs, results) = (Arc::clone(&job_receiver), result_sender.clone());
        thread::spawn(move || {
            loop {
                let Ok(job) = jobs.lock().unwrap().recv() else { return };
                note!("works on {job}");
                results.send(work(job)).unwrap();
            }
        });
    }
    for job in 0..jobs {
        note!("sends job {job}");
        job_sender.send(job).unwrap(); // nobody reads results yet
    }
    drop(job_sender);
    (0..jobs).map(|_| results.recv().unwrap()).collect()
}
// ANCHOR_END: all_jobs_first

// ANCHOR: extract_and_load
/// Extracts records, and loads them until one fails. The error ends the loader; a context is to
/// free the extractor, and no error cancels it.
pub(crate) fn extract_and_load(records: usize) {
    let (sender, receiver) = sync_channel(1);
    let extractor = thread::spawn(move || {
        for record in 0..records {
            note!("extracts {record}");
            sender.send(record).unwrap();
        }
    });
    load(&receiver);
    extractor.join().unwrap();
}

fn load(records: &Receiver<usize>) {
    let record = records.recv().unwrap();
    note!("fails to load {record}"); // and returns; the channel stays, as in Go
}
// ANCHOR_END: extract_and_load

// ANCHOR: slot_first
/// An ordered stage whose worker first takes a slot for its result, and then waits for its turn.
pub(crate) struct SlotFirst {
    jobs: Mutex<u64>,
    take_slot: SyncSender<()>,
    slots: Mutex<Receiver<()>>,
    next: Mutex<u64>,
    moved: Condvar,
}

impl SlotFirst {
    pub(crate) fn work(&self) {
        let ticket = {
            let mut jobs = self.jobs.lock().unwrap();
            *jobs += 1;
            *jobs - 1
        };
        self.take_slot.send(()).unwrap(); // whoever comes first, whatever its ticket
        note!("{ticket} has a slot");
        let mut next = self.next.lock().unwrap();
        while *next != ticket {
            note!("{ticket} waits for {next}");
            next = self.moved.wait(next).unwrap();
        }
        note!("{ticket} leaves");
        *next += 1;
        self.moved.notify_all();
        drop(next);
        self.slots.lock().unwrap().recv().unwrap();
    }
}
// ANCHOR_END: slot_first

impl SlotFirst {
    pub(crate) fn new(slots: usize) -> Self {
        let (take_slot, slots) = sync_channel(slots);
        Self {
            jobs: Mutex::new(0),
            take_slot,
            slots: Mutex::new(slots),
            next: Mutex::new(0),
            moved: Condvar::new(),
        }
    }
}
