//! What stands on the command line.

use std::ffi::OsString;

use rate_limiter::Quota;
use reqwest::Url;

pub(crate) const USAGE: &str = "\
usage: api_client [--rate N] [--burst N] [--requests N] [--at-once N] [URL]
  --rate N      requests a second (5)
  --burst N     requests that may come together after a pause (1)
  --requests N  how many in all (20)
  --at-once N   how many may be on their way (4)
Without a URL it calls a server of its own, with numbers of its own.";

/// How to call.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) quota: Quota,
    pub(crate) requests: usize,
    pub(crate) at_once: usize,
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller asked for the usage.
    Help,
    /// The caller made a mistake.
    Mistake(String),
}

impl Job {
    /// What to call, if anything, and how.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<(Option<Url>, Self), Refusal> {
        let (mut rate, mut burst, mut requests, mut at_once) = (5, 1, 20, 4);
        let mut url = None;
        let mut arguments = arguments.into_iter().map(|argument| {
            argument.into_string().map_err(|it| mistake(format!("{} is not UTF-8", it.display())))
        });
        while let Some(argument) = arguments.next().transpose()? {
            let number = match argument.as_str() {
                "--help" | "-h" => return Err(Refusal::Help),
                "--rate" => &mut rate,
                "--burst" => &mut burst,
                "--requests" => &mut requests,
                "--at-once" => &mut at_once,
                option if option.starts_with('-') => {
                    return Err(mistake(format!("there is no option {option}")));
                }
                other if url.is_none() => {
                    url = Some(web_address(other)?);
                    continue;
                }
                other => return Err(mistake(format!("one URL is enough, what is {other:?}?"))),
            };
            let value = arguments.next().transpose()?;
            let value = value.ok_or_else(|| mistake(format!("{argument} needs a value")))?;
            let wanted = || mistake(format!("{argument} wants a number above zero, not {value:?}"));
            *number = value.parse().ok().filter(|n| *n > 0).ok_or_else(wanted)?;
        }
        let quota = Quota::per_second(rate, burst).map_err(|error| mistake(error.to_string()))?;
        let count = |n: u64| usize::try_from(n).map_err(|_| mistake(format!("{n} is too many")));
        let (requests, at_once) = (count(requests)?, count(at_once)?);
        // Strict: an API that refuses what is too much looks at every moment.
        let job = Self { quota: quota.strict(), requests, at_once: at_once.min(requests) };
        Ok((url, job))
    }
}

fn web_address(text: &str) -> Result<Url, Refusal> {
    let url: Url = text.parse().map_err(|error| mistake(format!("{text:?} is no URL: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(mistake(format!("{text:?}: only http and https, not {other}"))),
    }
}

fn mistake(text: String) -> Refusal {
    Refusal::Mistake(text)
}
