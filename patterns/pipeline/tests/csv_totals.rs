//! The example `csv_totals`: what it counts, what it leaves out, and that its memory stays flat.

use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pipeline::Cause;

#[expect(dead_code, reason = "its main is the example's")]
#[path = "../examples/csv_totals.rs"]
mod csv_totals;

use csv_totals::arguments::parse;
use csv_totals::generate::write_sales;
use csv_totals::records::{Blocks, LONGEST};
use csv_totals::tally::{Fault, Reject, Tally};
use csv_totals::{one_thread, peak_memory, total};

/// What the pipeline makes of a text, and what it left out.
fn totals_of(text: impl Into<Vec<u8>>) -> (Tally, Vec<Reject>) {
    let mut rejects = Vec::new();
    let input = Cursor::new(text.into());
    let tally = total(input, 3, &Arc::default(), |reject| {
        rejects.push(reject);
        Ok(())
    });
    (tally.expect("reading from memory does not fail"), rejects)
}

fn cents(tally: &Tally, region: &str) -> u128 {
    tally.totals.get(region).copied().unwrap_or(0)
}

#[test]
fn the_totals_are_those_of_one_thread_and_those_that_were_written() {
    let (mut file, mut dirt) = (Vec::new(), Vec::new());
    let truth = write_sales(&mut file, 2 << 20, || false, |reject| dirt.push(reject)).unwrap();
    assert_eq!(truth.rejected.len(), 4, "a fault of each kind");
    assert!(truth.with_breaks > 0, "a line break inside a record");
    let alone = one_thread(Cursor::new(file.clone()), &AtomicBool::new(false)).unwrap();
    let (tally, rejects) = totals_of(file);
    assert_eq!(tally, alone);
    assert_eq!(tally, truth);
    assert_eq!(rejects, dirt, "each with its line, in the order of the file");
}

#[test]
fn a_quoted_line_break_does_not_end_a_record() {
    let (tally, rejects) = totals_of(
        "north,\"two\nlines\",1.00\nsouth,\"and\r\n\r\n\"\"three\"\"\",2.00\r\nnorth,x\n",
    );
    assert_eq!((tally.records, tally.with_breaks), (2, 2));
    assert_eq!(rejects, [(6, Fault::MissingField)], "lines are counted, not records");
}

#[test]
fn an_over_long_record_is_reported_and_the_rest_is_processed() {
    let long = "x".repeat(3 * LONGEST);
    let (tally, rejects) =
        totals_of(format!("north,a,1.00\nnorth,{long},1.00\nnorth,b,2.00\neast,{long},5.00"));
    assert_eq!(rejects, [(2, Fault::OverLong), (4, Fault::OverLong)]);
    assert_eq!((tally.records, cents(&tally, "north")), (2, 300));
}

#[test]
fn the_longest_record_is_not_over_long() {
    let field = "x".repeat(LONGEST - "north,,1.00\n".len());
    let (tally, rejects) = totals_of(format!("north,{field},1.00\nnorth,{field}x,1.00\n"));
    assert_eq!(tally.records, 1);
    assert_eq!(rejects, [(2, Fault::OverLong)]);
}

/// Somebody forgot a quote: the record would swallow the rest of the file.
#[test]
fn a_quote_that_is_never_closed_costs_what_is_near_and_no_more() {
    let sale = "south,a sale,3.00\n";
    let (tally, rejects) = totals_of(format!("north,\"open,1.00\n{}", sale.repeat(10_000)));
    assert_eq!(rejects, [(1, Fault::OverLong)]);
    let lost = 10_000 - tally.records;
    assert!(lost <= (LONGEST / sale.len()) as u64 + 1, "{lost} are lost");
}

#[test]
fn bad_utf8_a_missing_field_and_a_bad_amount_are_reported_by_line() {
    let text =
        b"north,a,1.00\nnorth,\xff,1.00\n\nnorth,1.00\nnorth,a,1.00,more\nnorth,a,1\nnorth,a,1.00";
    let (tally, rejects) = totals_of(text);
    let [missing, bad] = [Fault::MissingField, Fault::BadAmount];
    assert_eq!(rejects, [(2, Fault::BadUtf8), (4, missing), (5, missing), (6, bad)]);
    assert_eq!((tally.records, cents(&tally, "north")), (2, 200), "the last has no line break");
}

#[test]
fn an_empty_file_has_no_totals() {
    assert_eq!(totals_of(""), (Tally::default(), Vec::new()));
}

/// Fault 001-06: a read that was cut short must not look complete.
#[test]
fn a_read_that_fails_is_no_end() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let input = BufReader::new(Cursor::new("north,a,1.00\n".repeat(50_000)).chain(Broken));
    let stopped = total(input, 2, &Arc::default(), |_| Ok(())).unwrap_err();
    assert_eq!(stopped.stage, "source");
    assert!(matches!(stopped.cause, Cause::Failed(error) if error.to_string().contains("disk")));
}

#[test]
fn a_stop_ends_it_before_the_input_does() {
    let stop = Arc::new(AtomicBool::new(true));
    let stopped = total(BufReader::new(io::repeat(b'\n')), 2, &stop, |_| Ok(())).unwrap_err();
    assert!(matches!(
        stopped.cause,
        Cause::Failed(error) if error.kind() == io::ErrorKind::Interrupted
    ));
}

#[test]
fn a_reader_in_small_bites_finds_the_same_blocks() {
    let mut file = Vec::new();
    write_sales(&mut file, 300_000, || false, |_| ()).unwrap();
    let blocks = |bite| {
        let input = BufReader::with_capacity(bite, Cursor::new(file.clone()));
        let blocks = Blocks::new(input).map(|block| block.unwrap());
        blocks.map(|block| (block.line, block.bytes, block.over_long)).collect::<Vec<_>>()
    };
    let whole = blocks(1 << 20);
    assert!(whole.len() > 2);
    assert!(blocks(7) == whole, "the cuts depend on what is read, not on how");
}

/// The whole point: sixteen times the input, the same memory.
#[test]
fn memory_stays_flat() {
    let [small, large] = [2, 32].map(|megabytes| peak_of_a_run(megabytes << 20));
    let (Some(small), Some(large)) = (small, large) else {
        eprintln!("SKIP memory_stays_flat: the system does not tell");
        return;
    };
    assert!(large < 16 << 20, "32 MB took {large} bytes");
    assert!(large < small + (2 << 20), "2 MB took {small} bytes, and 32 MB {large}");
}

/// What a child that counts so many bytes had in memory: a process of its own, because the other
/// tests of this one use memory too.
fn peak_of_a_run(size: u64) -> Option<u64> {
    let child = child("the_child_that_counts", &[("CSV_TOTALS_SIZE", &size.to_string())]);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8(output.stdout).unwrap();
    let peak = text.lines().find_map(|line| line.split_once("peak=")).expect("the child says it").1;
    peak.parse().ok()
}

fn child(test: &str, variables: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Does nothing unless `memory_stays_flat` starts it.
#[test]
fn the_child_that_counts() {
    let Some(size) = std::env::var("CSV_TOTALS_SIZE").ok().and_then(|size| size.parse().ok())
    else {
        return;
    };
    let mut file = tempfile::tempfile().unwrap();
    let writer = io::BufWriter::new(file.try_clone().unwrap());
    let truth = write_sales(writer, size, || false, |_| ()).unwrap();
    file.rewind().unwrap();
    let tally = total(BufReader::new(file), 2, &Arc::default(), |_| Ok(())).unwrap();
    assert_eq!(tally, truth);
    let peak = peak_memory().map_or_else(|| "unknown".to_owned(), |peak| peak.to_string());
    writeln!(io::stdout(), "\npeak={peak}").unwrap();
}

#[test]
fn bad_arguments_are_refused_with_what_to_do() {
    let complaint = |words: &str| parse(words.split(' ').map(str::to_owned)).unwrap_err();
    assert_eq!(complaint("--size 1X"), "no size: 1X; say 500K, 4M or 1G");
    assert_eq!(complaint("--size 0"), "no size: 0; say 500K, 4M or 1G");
    assert_eq!(complaint("--size"), "--size needs a value");
    assert_eq!(complaint("--workers 0"), "no number of workers: 0; say 1 to 64");
    assert_eq!(complaint("--fast"), "no option --fast");
    assert_eq!(complaint("a b"), "one file, not b as well");
    assert!(complaint("--size 1G a").contains("a file is given"));
    let arguments = parse(["--size", "1G"].map(str::to_owned)).unwrap().expect("no help");
    assert_eq!(arguments.size, 1 << 30);
    assert_eq!(parse(["--help".to_owned()]), Ok(None));
}
