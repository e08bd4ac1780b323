//! How a pool is built or used wrongly. Each exhibit shows the fault, then the cure.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use worker_pool::lock::Pool;
use worker_pool::{JoinError, SubmitError, TryJoinError, TrySubmitError};

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

/// One more.
fn add(counter: &AtomicUsize) {
    counter.fetch_add(1, SeqCst);
}

type Job = Box<dyn FnOnce() + Send>;

/// Workers that share the receiving end of a channel: the textbook pool.
fn textbook_workers(workers: usize, jobs: Receiver<Job>) -> Vec<thread::JoinHandle<()>> {
    let jobs = Arc::new(Mutex::new(jobs));
    let work = |jobs: Arc<Mutex<Receiver<Job>>>| {
        move || {
            while let Ok(job) = { lock(&jobs).recv() } {
                job();
            }
        }
    };
    (0..workers).map(|_| thread::spawn(work(Arc::clone(&jobs)))).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic under it")
}

#[test]
fn a_worker_that_panics_leaves_the_collector_counting() {
    // Three images, one of them broken; the port keeps its end of the results, as Go does.
    let convert = |image: u32| if image == 2 { panic!("image {image} is broken") } else { image };

    let (queue, jobs) = sync_channel::<Job>(3);
    let (results, collected) = sync_channel(3);
    let workers = textbook_workers(1, jobs);
    for image in 1..=3 {
        let results = results.clone();
        queue.send(Box::new(move || results.send(convert(image)).expect("room"))).expect("room");
    }
    drop(queue);
    let died = workers.into_iter().filter_map(|worker| worker.join().err()).count();
    assert_eq!(died, 1, "the only worker went down with the job");
    assert_eq!(collected.try_recv(), Ok(1));
    // Two more are expected, nobody is left to send them, and the channel is not at its end.
    assert_eq!(collected.try_recv(), Err(TryRecvError::Empty));
    drop(results);

    let pool = Pool::new(1, 3);
    let handles: Vec<_> =
        (1..=3).map(|image| pool.submit(move || convert(image)).expect("open")).collect();
    let outcomes: Vec<_> = handles.into_iter().map(|handle| handle.join().ok()).collect();
    assert_eq!(outcomes, [Some(1), None, Some(3)], "a panic is the outcome of its job");
}

#[test]
fn results_nobody_reads_stop_the_workers() {
    // The same pool with buffers smaller than the input: all is sent before anything is read.
    let (queue, jobs) = sync_channel::<Job>(1);
    let (results, collected) = sync_channel(1);
    let (stuck, is_stuck) = sync_channel(8);
    let workers = textbook_workers(1, jobs);
    let job = |n: u32| -> Job {
        let (results, stuck) = (results.clone(), stuck.clone());
        Box::new(move || {
            if let Err(TrySendError::Full(n)) = results.try_send(n) {
                stuck.send(()).expect("the test waits");
                results.send(n).expect("it is read in the end"); // the textbook has this line alone
            }
        })
    };
    queue.send(job(1)).expect("open");
    queue.send(job(2)).expect("open");
    is_stuck.recv_timeout(LONG).expect("the second result finds no room");
    queue.send(job(3)).expect("open");
    assert!(matches!(queue.try_send(job(4)), Err(TrySendError::Full(_))), "nor has the fourth job");
    // Here the textbook waits for ever. We read instead, to let the workers go.
    drop(queue);
    assert_eq!(collected.iter().take(3).sum::<u32>(), 6);
    for worker in workers {
        worker.join().expect("no panic");
    }

    // Ours keeps each result with its job, so nothing waits for a reader.
    let pool = Pool::new(1, 1);
    let handles: Vec<_> = (1..=100).map(|n| pool.submit(move || n).expect("open")).collect();
    assert_eq!(
        handles.into_iter().map(|handle| handle.join().expect("no panic")).sum::<u32>(),
        5050
    );
}

/// A job that is tried until it has failed so often.
fn retry(pool: &Arc<Pool>, tries: &Arc<AtomicUsize>, left: usize) -> Result<(), SubmitError<()>> {
    tries.fetch_add(1, SeqCst);
    if left == 0 {
        return Ok(());
    }
    let (theirs, again) = (Arc::clone(pool), Arc::clone(tries));
    let next = move || retry(&theirs, &again, left - 1).expect("open");
    pool.execute(next).map_err(|error| match error {
        SubmitError::Closed(_) => SubmitError::Closed(()),
        SubmitError::Full(_) => SubmitError::Full(()),
    })
}

#[test]
fn a_worker_that_feeds_its_own_full_queue_waits_for_itself() {
    let (queue, jobs) = sync_channel::<Job>(1);
    let (told, tells) = sync_channel(1);
    let (gate, gated) = sync_channel::<()>(1);
    let own_queue = queue.clone();
    let fails = move || {
        gated.recv().expect("the test sends it");
        let refused = own_queue.try_send(Box::new(|| ())).is_err(); // the textbook waits here
        told.send(refused).expect("the test waits");
    };
    let workers = textbook_workers(1, jobs);
    queue.send(Box::new(fails)).expect("open");
    queue.send(Box::new(|| ())).expect("taken when the first one runs");
    gate.send(()).expect("the job waits");
    assert!(tells.recv_timeout(LONG).expect("it runs"), "the only worker finds its queue full");
    drop(queue);
    for worker in workers {
        worker.join().expect("no panic");
    }

    // Ours makes room by itself, and each retry ends.
    let pool = Arc::new(Pool::new(1, 1));
    let tries = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        let (theirs, tries) = (Arc::clone(&pool), Arc::clone(&tries));
        pool.execute(move || retry(&theirs, &tries, 3).expect("open")).expect("open");
    }
    while tries.load(SeqCst) < 40 {
        thread::yield_now();
    }
    pool.shutdown().expect("outside");
    assert_eq!((tries.load(SeqCst), pool.panics()), (40, 0));
}

#[test]
fn a_retry_after_the_close_is_refused_and_not_a_panic() {
    let pool = Arc::new(Pool::new(1, 4));
    let (gate, gated) = sync_channel::<()>(1);
    let theirs = Arc::clone(&pool);
    let job = pool.submit(move || {
        gated.recv().expect("the test sends it");
        retry(&theirs, &Arc::default(), 1)
    });
    pool.close();
    gate.send(()).expect("the job waits");
    let outcome = job.expect("open").join().expect("in Go: panic: send on closed channel");
    assert!(matches!(outcome, Err(SubmitError::Closed(()))), "and the job decides what to do");
}

#[test]
fn a_stop_while_somebody_submits_is_an_error_and_not_a_panic() {
    // models.rs shows the textbook's stop. Here the fetcher is told by the pool itself.
    let pool = Arc::new(Pool::new(2, 4));
    let theirs = Arc::clone(&pool);
    let handled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&handled);
    let (fetching, fetches) = sync_channel(1);
    let fetcher = thread::spawn(move || {
        for message in 0_usize.. {
            let counter = Arc::clone(&counter);
            if theirs.execute(move || add(&counter)).is_err() {
                return message;
            }
            let _ = fetching.try_send(());
        }
        unreachable!("it is stopped before")
    });
    fetches.recv_timeout(LONG).expect("it fetches");
    pool.shutdown().expect("outside");
    let accepted = fetcher.join().expect("no panic");
    assert_eq!(handled.load(SeqCst), accepted, "what was accepted was handled");
}

// ANCHOR: unbounded
/// A worker that hands each job to a thread: so it is free at once, and takes the next.
fn spawning_worker(jobs: &Mutex<Receiver<Job>>) {
    while let Ok(job) = { lock(jobs).recv() } {
        thread::spawn(job);
    }
}
// ANCHOR_END: unbounded

/// How many of 50 jobs start before one of them ends.
fn started_at_once(mut submit: impl FnMut(Job) -> bool) -> usize {
    let (gates, starts) = (Mutex::new(Vec::new()), Arc::new(AtomicUsize::new(0)));
    let (started, seen) = sync_channel(50);
    let mut accepted = 0;
    for _ in 0..50 {
        let (gate, gated) = sync_channel::<()>(1);
        let (started, starts) = (started.clone(), Arc::clone(&starts));
        accepted += usize::from(submit(Box::new(move || {
            starts.fetch_add(1, SeqCst);
            started.send(()).expect("room for all");
            let _ = gated.recv();
        })));
        lock(&gates).push(gate);
    }
    // All that can start do: as many as were accepted, or two workers' worth.
    for _ in 0..if accepted == 50 { 50 } else { 2 } {
        seen.recv_timeout(LONG).expect("it starts");
    }
    starts.load(SeqCst)
}

#[test]
fn a_worker_that_spawns_a_thread_for_each_job_bounds_nothing() {
    let (queue, jobs) = sync_channel::<Job>(4);
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..2 {
        let jobs = Arc::clone(&jobs);
        thread::spawn(move || spawning_worker(&jobs));
    }
    assert_eq!(started_at_once(|job| queue.send(job).is_ok()), 50, "two workers, fifty at once");

    let pool = Pool::new(2, 4);
    let started = started_at_once(|job| pool.try_execute(job).is_ok());
    assert!((1..=2).contains(&started), "{started} at once");
    drop(pool);
}

#[test]
fn a_guard_of_the_receiver_held_while_the_job_runs_makes_one_worker_of_many() {
    let (queue, jobs) = sync_channel::<Job>(4);
    let jobs = Arc::new(Mutex::new(jobs));
    let (gate, gated) = sync_channel::<()>(1);
    let (started, starts) = sync_channel(1);
    let theirs = Arc::clone(&jobs);
    let worker = thread::spawn(move || {
        // The guard is a temporary of the condition: it lives as long as the body.
        while let Ok(job) = lock(&theirs).recv() {
            job();
        }
    });
    queue
        .send(Box::new(move || {
            started.send(()).expect("the test waits");
            let _ = gated.recv();
        }))
        .expect("open");
    starts.recv_timeout(LONG).expect("it starts");
    assert!(jobs.try_lock().is_err(), "no other worker can receive while this job runs");
    drop((gate, queue));
    worker.join().expect("no panic");

    let pool = Pool::new(2, 4);
    let (meet, met) = sync_channel::<()>(0);
    let first = pool.submit(move || met.recv_timeout(LONG).is_ok()).expect("open");
    let second = pool.submit(move || meet.send(()).is_ok()).expect("open");
    assert!(second.join().expect("no panic") && first.join().expect("no panic"));
}

#[test]
fn a_handle_joined_under_a_lock_that_the_job_wants_waits_for_ever() {
    let pool = Pool::new(1, 1);
    let shared = Arc::new(Mutex::new(0));
    let add = |shared: &Arc<Mutex<u32>>| {
        let shared = Arc::clone(shared);
        move || *lock(&shared) += 1
    };
    let held = lock(&shared);
    let handle = pool.submit(add(&shared)).expect("open");
    // A join here would wait for ever: the job waits for the lock.
    let Err(TryJoinError::NotNow(handle)) = handle.try_join() else { panic!("it cannot be done") };
    drop(held); // the cure: let go first
    assert!(handle.join().is_ok());
    assert_eq!(*lock(&shared), 1);
}

#[test]
fn jobs_that_wait_for_later_jobs_take_all_workers() {
    // The first waits for a message of the second, and there is one worker: that is no join, so
    // the pool cannot know.
    let pool = Pool::new(1, 2);
    let (sender, receiver) = sync_channel::<u32>(1);
    let first = pool.submit(move || receiver.recv()).expect("open");
    let second = pool.submit(|| 5).expect("open");
    let Err(TryJoinError::NotNow(second)) = second.try_join() else { panic!("nobody runs it") };
    drop(sender); // without this, for ever
    assert!(first.join().expect("no panic").is_err());
    assert_eq!(second.join().expect("it runs now"), 5);

    // The cure: wait for the handle. The worker runs what it waits for.
    let pool = Arc::new(Pool::new(1, 2));
    let theirs = Arc::clone(&pool);
    let first = pool.submit(move || {
        let second = theirs.submit(|| 5).expect("open");
        second.join().expect("runs in place")
    });
    assert_eq!(first.expect("open").join().expect("no panic"), 5);
}

#[test]
fn a_lost_handle_hides_the_panic() {
    let pool = Pool::new(1, 2);
    mem::drop(pool.submit(|| -> u32 { panic!("nobody hears it") }).expect("open"));
    let heard = pool.submit(|| -> u32 { panic!("somebody hears it") }).expect("open");
    assert!(matches!(heard.join(), Err(JoinError::Panicked(_))));
    assert_eq!(pool.panics(), 2, "the count tells of both");
    assert!(!matches!(pool.try_execute(|| ()), Err(TrySubmitError::Closed(_))));
}
