//! What stands on the command line: options with a value, then URLs.

use std::ffi::OsString;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

/// An option that the caller knows, with its value.
type Setting = (&'static str, String);

/// What was asked for.
pub(crate) struct Arguments {
    settings: Vec<Setting>,
    pub(crate) urls: Vec<Url>,
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller asked for the usage.
    Help,
    /// The caller made a mistake.
    Mistake(String),
}

impl Refusal {
    /// Explains it to whoever typed that.
    pub(crate) fn tell(self, usage: &str) -> ExitCode {
        match self {
            Self::Help => {
                println!("{usage}");
                ExitCode::SUCCESS
            }
            Self::Mistake(what) => {
                eprintln!("{what}\n{usage}");
                ExitCode::from(2)
            }
        }
    }
}

impl Arguments {
    /// Reads them. `known` are the options, which all take a value.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = OsString>,
        known: &[&'static str],
    ) -> Result<Self, Refusal> {
        let mut arguments = arguments.into_iter();
        let mut read = Self { settings: Vec::new(), urls: Vec::new() };
        while let Some(argument) = arguments.next() {
            let argument = text(argument)?;
            if argument == "--help" || argument == "-h" {
                return Err(Refusal::Help);
            }
            if !argument.starts_with('-') {
                read.urls.push(url(&argument)?);
                continue;
            }
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let name = known.iter().find(|it| **it == name);
            let name = name.ok_or_else(|| mistake(format!("there is no option {argument}")))?;
            let value =
                value.map_or_else(|| arguments.next().map(text).transpose(), |v| Ok(Some(v)));
            let value = value?.ok_or_else(|| mistake(format!("{name} needs a value")))?;
            read.settings.push((name, value));
        }
        Ok(read)
    }

    /// A number above zero.
    pub(crate) fn count(&self, name: &str, default: usize) -> Result<usize, Refusal> {
        self.value(name, default, "a whole number above zero", |count| *count > 0)
    }

    /// A time in seconds, which may have a fraction.
    pub(crate) fn seconds(&self, name: &str, default: Duration) -> Result<Duration, Refusal> {
        let a_day = 24.0 * 60.0 * 60.0;
        let valid = |seconds: &f64| *seconds > 0.0 && *seconds <= a_day;
        let wanted = "seconds, above zero and at most a day";
        self.value(name, default.as_secs_f64(), wanted, valid).map(Duration::from_secs_f64)
    }

    fn value<T: FromStr>(
        &self,
        name: &str,
        default: T,
        wanted: &str,
        valid: impl Fn(&T) -> bool,
    ) -> Result<T, Refusal> {
        let Some((_, value)) = self.settings.iter().rfind(|setting| setting.0 == name) else {
            return Ok(default);
        };
        let refusal = || mistake(format!("{name} wants {wanted}, not {value:?}"));
        value.parse().ok().filter(valid).ok_or_else(refusal)
    }
}

fn text(argument: OsString) -> Result<String, Refusal> {
    argument.into_string().map_err(|it| mistake(format!("{} is not UTF-8", it.display())))
}

fn url(text: &str) -> Result<Url, Refusal> {
    let url: Url = text.parse().map_err(|error| mistake(format!("{text:?} is no URL: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(mistake(format!("{text:?}: only http and https, not {other}"))),
    }
}

fn mistake(text: String) -> Refusal {
    Refusal::Mistake(text)
}
