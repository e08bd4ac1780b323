//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Totals by region of a CSV file with lines like: north,some item,12.50

usage: csv_totals [options] [FILE]

  FILE            the file to read, twice; without one, a file is generated
                  and removed at the end, also after Ctrl-C
  --size SIZE     how large the generated file is: 500K, 1G (default 4M)
  --workers N     how many threads count, from 1 to 64 (default 2)
  --rejects FILE  writes every record that is left out there, as LINE,REASON
  --help          this
";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) file: Option<PathBuf>,
    pub(crate) size: u64,
    pub(crate) workers: usize,
    pub(crate) rejects: Option<PathBuf>,
}

/// Nothing if help was asked for.
///
/// # Errors
///
/// What is wrong, for the user.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments { file: None, size: 4 << 20, workers: 2, rejects: None };
    let (mut words, mut sized) = (words.into_iter(), false);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--size" => (arguments.size, sized) = (size(&value()?)?, true),
            "--workers" => arguments.workers = workers(&value()?)?,
            "--rejects" => arguments.rejects = Some(value()?.into()),
            option if option.starts_with('-') => return Err(format!("no option {option}")),
            _ if arguments.file.is_some() => return Err(format!("one file, not {word} as well")),
            _ => arguments.file = Some(word.into()),
        }
    }
    if sized && arguments.file.is_some() {
        return Err("--size is for a generated file, and a file is given".into());
    }
    Ok(Some(arguments))
}

/// `1G` is 1,073,741,824.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("no size: {text}; say 500K, 4M or 1G");
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'K')) => (&text[..at], 1 << 10),
        Some((at, 'M')) => (&text[..at], 1 << 20),
        Some((at, 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|&size| size > 0).ok_or_else(wrong)
}

fn workers(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or(format!("no number of workers: {text}; say 1 to 64"))
}
