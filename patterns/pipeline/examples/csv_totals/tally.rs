//! What is counted: totals by region, and the records that count for nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::records::{Block, breaks};

/// Why a record was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    OverLong,
    BadUtf8,
    MissingField,
    BadAmount,
}

/// A record that was left out, by the line it began on.
pub(crate) type Reject = (u64, Fault);

/// The sum of the records that were right, and the count of all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Cents by region.
    pub(crate) totals: BTreeMap<String, u128>,
    pub(crate) records: u64,
    /// Those of the records that have a line break inside.
    pub(crate) with_breaks: u64,
    pub(crate) rejected: BTreeMap<Fault, u64>,
}

impl Tally {
    /// Counts the records of a block. Here is where the time goes, so several workers do it.
    pub(crate) fn of(block: &Block) -> (Self, Vec<Reject>) {
        let (mut tally, mut rejects) = (Self::default(), Vec::new());
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true);
        let mut reader = reader.from_reader(&block.bytes[..]);
        let (mut record, mut lines) = (csv::ByteRecord::new(), Lines::of(block));
        while reader.read_byte_record(&mut record).expect("reading from memory does not fail") {
            match sale(&record) {
                Ok((region, cents)) => {
                    let with_break = record.iter().any(|field| field.contains(&b'\n'));
                    tally.add(region, cents, with_break);
                }
                Err(fault) => {
                    let position = record.position().map_or(0, csv::Position::byte);
                    rejects.push((lines.at(position as usize), fault));
                }
            }
        }
        rejects.extend(block.over_long.map(|line| (line, Fault::OverLong)));
        for &(_, fault) in &rejects {
            tally.reject(fault);
        }
        (tally, rejects)
    }

    pub(crate) fn add(&mut self, region: &str, cents: u64, with_break: bool) {
        self.records += 1;
        self.with_breaks += u64::from(with_break);
        match self.totals.get_mut(region) {
            Some(total) => *total += u128::from(cents),
            None => drop(self.totals.insert(region.to_owned(), cents.into())),
        }
    }

    pub(crate) fn reject(&mut self, fault: Fault) {
        *self.rejected.entry(fault).or_default() += 1;
    }

    /// Adds what another worker has counted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.with_breaks += other.with_breaks;
        for (region, cents) in other.totals {
            *self.totals.entry(region).or_default() += cents;
        }
        for (fault, count) in other.rejected {
            *self.rejected.entry(fault).or_default() += count;
        }
    }
}

/// Counts the lines of a block up to a record. What the `csv` crate says is the line on which it
/// stopped reading the record before: another one if there are empty lines or a `\r\n` between.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(block: &'a Block) -> Self {
        Self { bytes: &block.bytes, at: 0, line: block.line }
    }

    /// The line on which the record begins that was read from `position` on.
    fn at(&mut self, position: usize) -> u64 {
        let ends = self.bytes[position..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        self.line += breaks(&self.bytes[self.at..position + ends]);
        self.at = position + ends;
        self.line
    }
}

/// Region and cents of a record.
fn sale(record: &csv::ByteRecord) -> Result<(&str, u64), Fault> {
    let mut fields = [""; 3];
    if record.len() != fields.len() {
        return Err(Fault::MissingField);
    }
    for (text, field) in fields.iter_mut().zip(record) {
        *text = std::str::from_utf8(field).map_err(|_| Fault::BadUtf8)?;
    }
    let cents = cents(fields[2]).ok_or(Fault::BadAmount)?;
    Ok((fields[0], cents))
}

/// `12.50` is 1,250.
fn cents(amount: &str) -> Option<u64> {
    let (whole, part) = amount.split_once('.')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() != 2 || !is_number(part) || !is_number(whole) {
        return None;
    }
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OverLong => "longer than a record may be",
            Self::BadUtf8 => "not UTF-8",
            Self::MissingField => "not three fields",
            Self::BadAmount => "not an amount",
        })
    }
}
