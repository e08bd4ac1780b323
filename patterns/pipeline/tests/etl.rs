//! The example `etl`: a record that is wrong stops nothing, a loader that fails stops everything.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use pipeline::Cause;

#[expect(dead_code, reason = "its main is the example's")]
#[path = "../examples/etl.rs"]
mod etl;

use etl::order::made_up;
use etl::warehouse::{BATCH, Loader, Refused, Warehouse};
use etl::{Broken, Failure};

#[test]
fn each_record_is_loaded_or_reported_by_its_line() {
    let mut loader = Loader::new(Warehouse::default());
    let text = "1,Ada,1.50,EUR\n2,Ada,1.50\n3,,1.50,EUR\n4,Ada,x,EUR\n5,Ada,1.50,XXX\n6, bob ,1.00,USD\r\n";
    etl::etl(Cursor::new(text), &mut loader).unwrap();
    let rows: Vec<_> =
        loader.warehouse.rows.iter().map(|row| (row.order, row.euro_cents)).collect();
    assert_eq!(rows, [(1, 150), (6, 92)]);
    assert_eq!(loader.warehouse.rows[1].customer, "BOB");
    let rejected: Vec<_> = loader.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        rejected,
        [
            "line 2 rejected: not four fields",
            "line 3 rejected: no customer",
            "line 4 rejected: not an amount",
            "line 5 rejected: not a currency",
        ]
    );
}

#[test]
fn the_last_batch_is_loaded_although_it_is_not_full() {
    let mut loader = Loader::new(Warehouse::default());
    let orders = 2 * BATCH as u64 + 5;
    etl::etl(made_up(orders), &mut loader).unwrap();
    let rows = orders as usize - loader.rejected.len();
    assert_ne!(rows % BATCH, 0, "else this test shows nothing");
    assert_eq!((loader.warehouse.rows.len(), loader.warehouse.batches), (rows, rows / BATCH + 1));
}

/// Orders without an end, and a sign that nobody reads them any more.
struct Endless {
    orders: Cursor<Vec<u8>>,
    is_dropped: Arc<AtomicBool>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.orders.read(buffer)? {
            0 => io::repeat(b'\n').read(buffer), // each an empty line, which is rejected
            read => Ok(read),
        }
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.is_dropped.store(true, SeqCst);
    }
}

/// Fault 001-06: there the extractor stays blocked for ever.
#[test]
fn a_loader_that_fails_stops_everything_and_names_the_record() {
    let is_dropped = Arc::new(AtomicBool::new(false));
    let input = Endless { orders: made_up(1_000), is_dropped: Arc::clone(&is_dropped) };
    let mut loader = Loader::new(Warehouse::failing_at(Some(730)));
    let failure = etl::etl(BufReader::new(input), &mut loader).unwrap_err();
    let Failure::Stopped(stopped) = failure else { panic!("{failure}") };
    assert_eq!(stopped.stage, "load");
    let refused = Refused { order: 730, line: 730 };
    assert!(matches!(stopped.cause, Cause::Failed(Broken::Load(what)) if what == refused));
    assert!(is_dropped.load(SeqCst), "the extractor has ended");
    assert!(loader.warehouse.rows.len() < 730, "no row of the batch");
    assert!(loader.warehouse.batches > 0, "those before it");
}

#[test]
fn a_last_batch_that_is_refused_is_a_failure_too() {
    let mut loader = Loader::new(Warehouse::failing_at(Some(5)));
    let failure = etl::etl(made_up(9), &mut loader).unwrap_err();
    assert_eq!(failure.to_string(), "the last batch: the warehouse refuses order 5 of line 5");
}

#[test]
fn a_read_that_breaks_off_is_no_clean_end() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the connection is gone"))
        }
    }
    let mut loader = Loader::new(Warehouse::default());
    let input = BufReader::new(made_up(500).chain(Broken));
    let failure = etl::etl(input, &mut loader).unwrap_err();
    assert!(failure.to_string().ends_with("cannot read on: the connection is gone"), "{failure}");
}
