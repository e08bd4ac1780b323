//! What stands on the command line: nothing, or `serve` and where to listen.

use std::ffi::OsString;
use std::net::SocketAddr;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Talk to oneself, check, and end.
    Demonstrate,
    /// Serve until told to stop.
    Serve(SocketAddr),
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller asked for the usage.
    Help,
    /// The caller made a mistake.
    Mistake(String),
}

/// Reads the arguments; `default` is where to listen if they do not say.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    default: SocketAddr,
) -> Result<Command, Refusal> {
    let mut words = Vec::new();
    for argument in arguments {
        let word = argument.into_string();
        words.push(word.map_err(|it| mistake(format!("{} is not UTF-8", it.display())))?);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.iter().any(|word| ["-h", "--help"].contains(word)) {
        return Err(Refusal::Help);
    }
    match words[..] {
        [] => Ok(Command::Demonstrate),
        ["serve"] => Ok(Command::Serve(default)),
        ["serve", address] => {
            let wanted = "is no address with a port, such as 127.0.0.1:8080";
            let address = address.parse().map_err(|_| mistake(format!("{address:?} {wanted}")))?;
            Ok(Command::Serve(address))
        }
        ["serve", _, extra, ..] => Err(mistake(format!("{extra:?} is one argument too many"))),
        [word, ..] => Err(mistake(format!("there is no command {word:?}"))),
    }
}

fn mistake(text: String) -> Refusal {
    Refusal::Mistake(text)
}
