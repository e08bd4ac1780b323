//! The command line.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

pub(crate) const HELP: &str = "\
Prints CRC-32, length and name of every file under a directory, in the order of names.

Usage: checksum_tree [OPTIONS] [DIRECTORY]

Without a directory it makes a small tree in a temporary folder and shows itself on that.
Links to files are read, links to directories are not followed. Ctrl-C ends it.

Options:
  --threads N  how many files are read at once, 1 to 256; as many as there are cores
  --check      has one thread do it all again, and compares
  --help       prints this

Ends with 0 if all was read, 1 if something could not be read or the comparison failed,
2 if the arguments are wrong, 130 after Ctrl-C.
";

const MOST_THREADS: usize = 256;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// `None`: the demonstration.
    pub(crate) root: Option<PathBuf>,
    pub(crate) threads: usize,
    pub(crate) check: bool,
}

impl Options {
    /// `None` if help is asked for.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with them.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = OsString>,
    ) -> Result<Option<Self>, String> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let mut options = Self { root: None, threads, check: false };
        let mut only_names = false;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--") if !only_names => only_names = true,
                Some("--help" | "-h") if !only_names => return Ok(None),
                Some("--check") if !only_names => options.check = true,
                Some("--threads") if !only_names => options.threads = number(arguments.next())?,
                Some(option) if !only_names && option.starts_with('-') => {
                    return Err(format!("there is no option `{option}`"));
                }
                _ if argument.is_empty() => return Err("the directory has an empty name".into()),
                _ if options.root.is_some() => return Err("one directory at a time".into()),
                _ => options.root = Some(argument.into()),
            }
        }
        Ok(Some(options))
    }
}

fn number(argument: Option<OsString>) -> Result<usize, String> {
    let argument = argument.ok_or("--threads needs a number")?;
    let number = argument.to_str().and_then(|text| text.parse().ok());
    let number = number.filter(|number| (1..=MOST_THREADS).contains(number));
    number.ok_or_else(|| {
        format!("--threads is a number from 1 to {MOST_THREADS}, not `{}`", argument.display())
    })
}
