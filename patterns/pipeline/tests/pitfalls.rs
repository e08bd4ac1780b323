//! How pipelines are built wrongly. Each exhibit shows the fault, then the cure under the same check.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use pipeline::Stopped;
use pipeline::lock::Pipeline;

/// Longer than anything here takes; a test that needs it has failed.
const LONG: Duration = Duration::from_secs(30);

/// Rows of a query whose connection breaks after the third.
fn rows() -> impl Iterator<Item = Result<u64, &'static str>> + Send {
    [Ok(1), Ok(2), Ok(3), Err("connection lost"), Ok(5)].into_iter()
}

// ANCHOR: errors_ignored
/// Reads rows as long as there are any, and asks nobody why there are no more.
fn extract_ignoring_errors(load: impl Fn(u64)) -> usize {
    let mut loaded = 0;
    let mut rows = rows();
    while let Some(Ok(row)) = rows.next() {
        load(row);
        loaded += 1;
    }
    loaded // "done"
}
// ANCHOR_END: errors_ignored

#[test]
fn a_read_cut_short_looks_complete_when_errors_are_ignored() {
    assert_eq!(extract_ignoring_errors(|_| ()), 3, "and nothing says that there were more");

    let run = Pipeline::new(2).source(rows()).sink("load", |_| Ok(())).run();
    let said = "stage `source` stopped at item 3: connection lost";
    assert_eq!(run.expect_err("the read fails").to_string(), said);
}

/// Waits for the loader before the extractor, who waits for the loader: what a stop must not do.
#[test]
fn a_loader_that_fails_ends_its_extractor() {
    // The textbook's deadlock is in `models.rs`: a_loader_that_fails_leaves_its_extractor_blocked.
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let endless = (0..).map(move |n: u64| {
        let _ = &held;
        Ok(n)
    });
    let run = Pipeline::new(1).source(endless).sink("load", |_| Err("disk full")).run();
    assert_eq!(run.map_err(|stopped| stopped.position), Err(0));
    assert_eq!(Arc::strong_count(&alive), 1, "the extractor is gone");
}

/// Starts two workers and sends them all jobs. The collector would count results until there are as
/// many as jobs; a worker that panics takes its job along.
fn results_of(jobs: usize) -> (mpsc::SyncSender<usize>, mpsc::Receiver<usize>) {
    let (job_sender, receiver) = mpsc::sync_channel(jobs);
    let (result_sender, results) = mpsc::sync_channel(jobs);
    let receiver = Arc::new(Mutex::new(receiver));
    let worker = |_| {
        let (receiver, results) = (Arc::clone(&receiver), result_sender.clone());
        thread::spawn(move || {
            loop {
                let job = receiver.lock().unwrap().recv();
                let Ok(job) = job else { return };
                if job == 1 {
                    resume_unwind(Box::new("a broken image"));
                }
                results.send(job).unwrap();
            }
        })
    };
    let workers: Vec<_> = (0..2).map(worker).collect();
    for job in 0..jobs {
        job_sender.send(job).unwrap();
    }
    drop(job_sender);
    let died = workers.into_iter().filter_map(|worker| worker.join().err()).count();
    assert_eq!(died, 1);
    (result_sender, results)
}

#[test]
fn a_worker_that_panics_leaves_a_counting_collector_waiting() {
    let (_kept, results) = results_of(10); // as in Go, where nobody closes the results
    assert_eq!(results.try_iter().count(), 9);
    // The tenth is awaited: nobody is left to send it, and the channel is not at its end.
    assert_eq!(results.try_recv(), Err(mpsc::TryRecvError::Empty));

    let resize = |job| if job == 1 { resume_unwind(Box::new("a broken image")) } else { Ok(job) };
    let jobs = (0..10).map(Ok::<u64, String>);
    let run = Pipeline::new(1).source(jobs).stage("resize", 2, resize).sink("count", |_| Ok(()));
    let said = "stage `resize` stopped at item 1: it panicked: a broken image";
    assert_eq!(run.run().expect_err("it panics").to_string(), said);
}

/// A job that needs small buffers: as many jobs as one likes, at a capacity of one.
#[test]
fn a_pipeline_needs_no_buffer_as_large_as_its_input() {
    // The textbook's deadlock is in `models.rs`: all_jobs_before_the_first_result_is_a_deadlock.
    let jobs = (0..1_000).map(Ok::<u64, ()>);
    let run = Pipeline::new(1).source(jobs).stage("work", 4, |n| Ok(n * 2));
    assert_eq!(run.outlet().count(), 1_000);
}

/// Three records. The first holds a line break in quotes.
const RECORDS: &str = "name,amount\n\"first\nsecond\",1\nthird,2\nfourth,4\n";

/// Sums the amounts of a CSV file, a line at a time, and leaves out what it cannot read.
fn sum_of_lines(file: &str) -> u64 {
    let lines = file.lines().skip(1);
    lines.filter_map(|line| line.split(',').nth(1)?.parse::<u64>().ok()).sum()
}

/// How many lines a scanner of lines hands out that gives up at a long one, as Go's does: it
/// ends, and whoever does not ask it for its error takes that for the end of the file.
fn lines_up_to(limit: u64, file: &str) -> usize {
    let mut reader = BufReader::new(file.as_bytes());
    let mut lines = 0;
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(limit).read_until(b'\n', &mut line).unwrap_or(0);
        if read == 0 || !line.ends_with(b"\n") {
            return lines;
        }
        lines += 1;
    }
}

/// Names and amounts, cut by a reader that knows the format, on the source's thread.
fn totals(file: &'static str) -> Result<BTreeMap<String, u64>, Stopped<String>> {
    let records = csv::Reader::from_reader(file.as_bytes()).into_records();
    let mut totals = BTreeMap::new();
    Pipeline::new(4)
        .source(records.map(|record| record.map_err(|error| error.to_string())))
        .stage("parse", 2, |record: csv::StringRecord| {
            let amount = record[1].parse::<u64>().map_err(|error| error.to_string())?;
            Ok((record[0].to_owned(), amount))
        })
        .sink("add", |(name, amount)| {
            *totals.entry(name).or_default() += amount;
            Ok(())
        })
        .run()?;
    Ok(totals)
}

#[test]
fn lines_are_not_records() {
    let halves: Vec<_> = RECORDS.lines().skip(1).take(2).collect();
    assert_eq!(halves, ["\"first", "second\",1"], "one record, two jobs for two workers");
    let with_comma = "name,amount\n\"a,b\",1\nc,2\n";
    assert_eq!(sum_of_lines(with_comma), 2, "and a field with a comma loses its amount, silently");

    let totals = totals(RECORDS).expect("whole records");
    assert_eq!(totals.get("first\nsecond"), Some(&1));
    assert_eq!(totals.values().sum::<u64>(), 7);
}

#[test]
fn a_long_line_ends_the_scan_without_an_error() {
    let file = format!("name,amount\na,1\n{},2\nc,4\n", "b".repeat(100));
    assert_eq!(lines_up_to(64, &file), 2, "the header and one record, and nobody says why");

    let file: &'static str = file.leak();
    assert_eq!(totals(file).expect("no limit").values().sum::<u64>(), 7);
    let short = "name,amount\na,1\nb\nc,4\n"; // and a record that is wrong is an error, with its line
    let stopped = totals(short).expect_err("a field is missing");
    assert_eq!((stopped.stage, stopped.position), ("source", 1));
    assert!(stopped.to_string().contains("line: 3"), "{stopped}");
}

/// Sends batches of four. What does not fill one stays in the sender's hand until the next item.
fn send_in_fours(items: impl Iterator<Item = u64>, batches: &mpsc::SyncSender<Vec<u64>>) {
    let mut open = Vec::new();
    for item in items {
        open.push(item);
        if open.len() == 4 {
            batches.send(std::mem::take(&mut open)).unwrap();
        }
    }
    batches.send(open).unwrap();
}

#[test]
fn an_item_in_an_open_batch_waits_for_the_next() {
    // The sixth item comes only when the first five have arrived: request and answer.
    let (arrived, wait) = mpsc::sync_channel::<()>(1);
    let items = |wait: mpsc::Receiver<()>, patience| {
        (0..6).take_while(move |n| *n < 5 || wait.recv_timeout(patience).is_ok())
    };
    let (sender, batches) = mpsc::sync_channel(8);
    let first_five = items(wait, Duration::from_millis(300));
    let sending = thread::spawn(move || send_in_fours(first_five, &sender));
    let mut seen = 0;
    for batch in batches {
        seen += batch.len();
        if seen == 5 {
            let _ = arrived.send(()); // too late: nobody waits any more
        }
    }
    sending.join().expect("no panic");
    assert_eq!(seen, 5, "the fifth was in the open batch, so the sixth never came");

    let (arrived, wait) = mpsc::sync_channel::<()>(1);
    let mut seen = 0;
    let run = Pipeline::new(64).source(items(wait, LONG).map(Ok::<_, ()>)).sink("see", |_| {
        seen += 1;
        if seen == 5 {
            arrived.send(()).expect("it waits");
        }
        Ok(())
    });
    assert!(run.run().is_ok());
    assert_eq!(seen, 6);
}
