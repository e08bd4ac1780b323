//! A line of a trace.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) us: u64,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum What {
    Send {
        id: u64,
        from: u64,
        text: String,
    },
    Deliver {
        id: u64,
        from: u64,
        to: u64,
        text: String,
    },
    Drop {
        id: u64,
        from: u64,
        to: u64,
        why: String,
    },
    Note {
        node: u64,
        text: String,
    },
    Start {
        node: u64,
    },
    Crash {
        node: u64,
    },
    Pause {
        node: u64,
    },
    Resume {
        node: u64,
    },
    Time {
        node: u64,
    },
    Saved {
        node: u64,
    },
    Cut {
        from: u64,
        to: u64,
    },
    Heal,
    /// What has no place in a drawing, such as how slow a disk is.
    #[serde(other)]
    Other,
}

/// What a note says of its node, if it is more than text.
pub(super) enum Reign {
    /// `leads (2, 3)`: the epoch and the rest of the token.
    Begins(u64),
    /// `locked`: what it keeps is locked.
    Locks,
    /// `leads no more`, or `unlocked` and more.
    Ends,
}

impl Reign {
    pub(super) fn read(note: &str) -> Option<Self> {
        if note == "locked" {
            return Some(Self::Locks);
        }
        if note.starts_with("unlocked") {
            return Some(Self::Ends);
        }
        let rest = note.strip_prefix("leads ")?;
        if rest == "no more" {
            return Some(Self::Ends);
        }
        let epoch = rest.strip_prefix('(')?.split([',', ')']).next()?;
        epoch.trim().parse().ok().map(Self::Begins)
    }
}
