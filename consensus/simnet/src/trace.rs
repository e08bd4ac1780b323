//! What happened: one line of JSON for each event, and how often each kind occurred.

use std::fmt::Write as _;

use crate::clock::Micros;
use crate::process::NodeId;

/// How often each kind of event occurred. A run in which nothing happened proves nothing: assert
/// on these, or that it was not [quiet](Self::is_quiet).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Messages that nodes sent.
    pub sent: u64,
    /// Messages that nodes were given; a repeated one counts twice.
    pub delivered: u64,
    /// Messages that the network lost.
    pub lost: u64,
    /// Messages that were stopped by a cut.
    pub cut_off: u64,
    /// Messages that came to a node that was down.
    pub to_the_dead: u64,
    /// Messages that did not fit into an inbox.
    pub overflowed: u64,
    /// Messages that were given a second copy.
    pub repeated: u64,
    /// Deadlines that were reached.
    pub times: u64,
    /// Writes that were begun.
    pub writes: u64,
    /// Writes that a crash took.
    pub unsaved: u64,
    /// Times a node was started, the first included.
    pub starts: u64,
    /// Times a node crashed.
    pub crashes: u64,
    /// Times a node was paused.
    pub pauses: u64,
    /// Directed links that were cut.
    pub cuts: u64,
}

impl Counts {
    /// Whether nothing went wrong: no message was lost, held up by a cut or given a second copy, and no
    /// node fell. Refuse such a run; one in which nothing happened passes every test.
    pub fn is_quiet(&self) -> bool {
        let messages =
            self.lost + self.cut_off + self.to_the_dead + self.overflowed + self.repeated;
        messages + self.crashes + self.pauses == 0
    }
}

/// The recorded events, a line each. The fields of a line depend on its `event`; `us` is the
/// world's time in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    text: String,
}

/// The value of a field.
pub(crate) enum Field<'a> {
    Number(u64),
    Text(&'a str),
}

impl Trace {
    pub(crate) fn push(&mut self, at: Micros, event: &str, fields: &[(&str, Field<'_>)]) {
        let text = &mut self.text;
        // Writing to a string cannot fail.
        let _ = write!(text, "{{\"us\":{at},\"event\":\"{event}\"");
        for (name, value) in fields {
            let _ = write!(text, ",\"{name}\":");
            match value {
                Field::Number(number) => _ = write!(text, "{number}"),
                Field::Text(value) => quote(text, value),
            }
        }
        text.push_str("}\n");
    }

    /// The lines, each with its line break.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }

    /// A number that differs when the trace does (64-bit FNV-1a), short enough to store in a test.
    pub fn digest(&self) -> u64 {
        self.text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

fn quote(text: &mut String, value: &str) {
    text.push('"');
    for char in value.chars() {
        match char {
            '"' | '\\' => {
                text.push('\\');
                text.push(char);
            }
            char if char < ' ' => _ = write!(text, "\\u{:04x}", u32::from(char)),
            char => text.push(char),
        }
    }
    text.push('"');
}

/// Shorthands for the fields that most lines have.
pub(crate) fn node(id: NodeId) -> (&'static str, Field<'static>) {
    ("node", Field::Number(id))
}

pub(crate) fn link(from: NodeId, to: NodeId) -> [(&'static str, Field<'static>); 2] {
    [("from", Field::Number(from)), ("to", Field::Number(to))]
}
