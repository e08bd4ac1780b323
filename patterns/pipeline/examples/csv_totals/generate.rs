//! A file of sales, large or small, with some dirt in it.

use std::io::{self, Write};

use super::records::breaks;
use super::tally::{Fault, Reject, Tally};

/// One record in about a thousand is left out: four of so many.
const RARE: u64 = 4_000;

const REGIONS: [&str; 6] = ["north", "east", "south", "west", "the \"isles\"", "high,land"];

/// Writes at least `size` bytes, unless `stop` says so before, and returns what a reader must find
/// in them; `note` hears of each record that must be left out.
pub(crate) fn write_sales(
    mut file: impl Write,
    size: u64,
    stop: impl Fn() -> bool,
    mut note: impl FnMut(Reject),
) -> io::Result<Tally> {
    let (mut truth, mut random) = (Tally::default(), Random(7));
    let (mut written, mut line, mut record) = (0, 1, Vec::new());
    while written < size && !stop() {
        record.clear();
        let kind = random.below(RARE);
        let fault = write_one(&mut record, kind, &mut random, &mut truth)?;
        if let Some(fault) = fault {
            truth.reject(fault);
            note((line, fault));
        }
        file.write_all(&record)?;
        written += record.len() as u64;
        line += breaks(&record);
    }
    file.flush()?;
    Ok(truth)
}

/// Writes a record, and counts it or says why it must not count.
fn write_one(
    record: &mut Vec<u8>,
    kind: u64,
    random: &mut Random,
    truth: &mut Tally,
) -> io::Result<Option<Fault>> {
    let region = REGIONS[random.below(6) as usize];
    let quoted = region.replace('"', "\"\"");
    let (cents, number) = (random.below(100_000), random.below(1_000_000));
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let fault = match kind {
        0 => {
            record.write_all(b"north,caf\xe9 au lait,")?;
            writeln!(record, "{amount}")?;
            Fault::BadUtf8
        }
        1 => {
            writeln!(record, "\"{quoted}\",{amount}")?;
            Fault::MissingField
        }
        2 => {
            writeln!(record, "\"{quoted}\",{},{amount}", "long ".repeat(10_000))?;
            Fault::OverLong
        }
        3 => {
            writeln!(record, "\"{quoted}\",item {number},{amount} or so")?;
            Fault::BadAmount
        }
        4..20 => {
            write!(record, "\"{quoted}\",\"item {number}\nin two lines\",{amount}\r\n")?;
            truth.add(region, cents, true);
            return Ok(None);
        }
        _ => {
            writeln!(record, "\"{quoted}\",item {number},{amount}")?;
            truth.add(region, cents, false);
            return Ok(None);
        }
    };
    Ok(Some(fault))
}

/// Numbers that are random enough, and the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
