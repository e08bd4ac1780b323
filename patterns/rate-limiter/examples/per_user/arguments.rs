//! What stands on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use rate_limiter::Quota;

pub(crate) const USAGE: &str = "\
usage: per_user [--rate N] [--burst N] [LOG]
  --rate N   requests a second for each user (5)
  --burst N  requests that may come together after a pause (10)
  LOG        a file with a line `SECONDS USER` for each request, in order of time
Without a LOG it replays one of its own.";

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller asked for the usage.
    Help,
    /// The caller made a mistake.
    Mistake(String),
}

/// The limit for each user, and the log if there is one.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<(Quota, Option<PathBuf>), Refusal> {
    let (mut rate, mut burst, mut log) = (5, 10, None);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let option = argument.to_string_lossy();
        let number = match &*option {
            "--help" | "-h" => return Err(Refusal::Help),
            "--rate" => &mut rate,
            "--burst" => &mut burst,
            _ if option.starts_with('-') => {
                return Err(mistake(format!("there is no option {option}")));
            }
            _ if log.is_some() => {
                return Err(mistake(format!("one LOG is enough, what is {option:?}?")));
            }
            _ => {
                log = Some(PathBuf::from(argument));
                continue;
            }
        };
        let value = arguments.next().ok_or_else(|| mistake(format!("{option} needs a value")))?;
        let value = value.to_string_lossy();
        let refusal = |_| mistake(format!("{option} wants a whole number, not {value:?}"));
        *number = value.parse().map_err(refusal)?;
    }
    let quota = Quota::per_second(rate, burst).map_err(|error| mistake(error.to_string()))?;
    Ok((quota, log))
}

fn mistake(text: String) -> Refusal {
    Refusal::Mistake(text)
}
