//! What stands on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: config_snapshot [FILE]
  FILE  serve by its routes, a line each, `PATH BACKEND`: each line of the input is a request,
        and an edit of the file is served as soon as it is seen
Without a file it serves by routes of its own.";

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller asked for the usage.
    Help,
    /// The caller made a mistake.
    Mistake(String),
}

/// The file with the routes, if one is named.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Option<PathBuf>, Refusal> {
    let mut file = None;
    for argument in arguments {
        match argument.to_str() {
            Some("--help" | "-h") => return Err(Refusal::Help),
            Some(text) if text.starts_with('-') => {
                return Err(Refusal::Mistake(format!("there is no option {text}")));
            }
            _ if file.is_some() => return Err(Refusal::Mistake("one file, please".to_owned())),
            _ => file = Some(PathBuf::from(argument)),
        }
    }
    Ok(file)
}
