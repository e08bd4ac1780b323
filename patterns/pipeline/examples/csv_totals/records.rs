//! Cuts a stream of bytes into blocks of whole CSV records, in constant memory.
//!
//! A line is no record: a quoted field may hold line breaks. And a record has no natural end if
//! somebody forgot a quote, so there is a longest one. A longer one is given up, and reading goes
//! on behind the next line break after [`LONGEST`] bytes.

use std::io::{self, BufRead};

/// The bytes of a longest record.
pub(crate) const LONGEST: usize = 16 * 1024;
/// A block ends with the first record that makes it this long.
const BLOCK: usize = 64 * 1024;

/// Whole records that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// The line its first record begins on, counted from one.
    pub(crate) line: u64,
    /// The line on which a record began that was longer than the longest, right behind these.
    pub(crate) over_long: Option<u64>,
}

/// The blocks of a stream. After an error there is nothing more.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    input: R,
    line: u64,
    is_over: bool,
}

/// Where in a record the next byte stands, by the rules of the `csv` crate.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    FieldStart,
    Field,
    Quoted,
    /// Behind a quote inside a quoted field: it ended the field, or was the first half of a `""`.
    QuoteInQuoted,
}

/// How a record ended.
enum End {
    Complete,
    OverLong,
    /// With the stream.
    Over,
}

impl<R: BufRead> Blocks<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, line: 1, is_over: false }
    }

    fn block(&mut self) -> io::Result<Block> {
        let mut block = Block { line: self.line, ..Block::default() };
        while block.bytes.len() < BLOCK && !self.is_over {
            let (line, start) = (self.line, block.bytes.len());
            match self.record(&mut block.bytes)? {
                End::Complete => {}
                End::Over => self.is_over = true,
                End::OverLong => {
                    block.bytes.truncate(start);
                    block.over_long = Some(line);
                    break;
                }
            }
        }
        Ok(block)
    }

    /// Appends the next record.
    fn record(&mut self, bytes: &mut Vec<u8>) -> io::Result<End> {
        let (start, mut place) = (bytes.len(), Place::FieldStart);
        loop {
            let input = self.input.fill_buf()?;
            if input.is_empty() {
                return Ok(End::Over);
            }
            let room = LONGEST - (bytes.len() - start);
            let (taken, is_complete) = scan(&input[..input.len().min(room)], &mut place);
            bytes.extend_from_slice(&input[..taken]);
            self.line += breaks(&input[..taken]);
            self.input.consume(taken);
            if is_complete {
                return Ok(End::Complete);
            }
            if taken == room {
                self.skip_line()?;
                return Ok(End::OverLong);
            }
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let end = input.iter().position(|&byte| byte == b'\n');
            let skipped = end.map_or(input.len(), |end| end + 1);
            let is_done = end.is_some() || input.is_empty();
            self.input.consume(skipped);
            self.line += u64::from(end.is_some());
            if is_done {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> Iterator for Blocks<R> {
    type Item = io::Result<Block>;

    fn next(&mut self) -> Option<io::Result<Block>> {
        if self.is_over {
            return None;
        }
        let block = self.block();
        self.is_over |= block.is_err();
        match block {
            Ok(block) if block.bytes.is_empty() && block.over_long.is_none() => None,
            block => Some(block),
        }
    }
}

/// Goes through the bytes up to the end of a record; how many, and whether it was found.
fn scan(bytes: &[u8], place: &mut Place) -> (usize, bool) {
    for (at, &byte) in bytes.iter().enumerate() {
        *place = match (*place, byte) {
            (Place::Quoted, b'"') => Place::QuoteInQuoted,
            (Place::Quoted, _) | (Place::FieldStart | Place::QuoteInQuoted, b'"') => Place::Quoted,
            (_, b'\n') => return (at + 1, true),
            (_, b',' | b'\r') => Place::FieldStart,
            _ => Place::Field,
        };
    }
    (bytes.len(), false)
}

/// How many lines end in these bytes.
pub(crate) fn breaks(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}
