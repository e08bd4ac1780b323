//! Why a connection ends, and how that is said.

use axum::extract::ws::{CloseFrame, Message, close_code};
use tokio_tungstenite::tungstenite;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Left,
    /// It broke, or has been silent for too long.
    Gone,
    BadName,
    NameTaken,
    Full,
    TooSlow,
    TooLong,
    NotText,
    /// The server stops.
    Closing,
}

impl End {
    /// The end that a broken frame is.
    pub(crate) fn of(error: axum::Error) -> Self {
        match error.into_inner().downcast_ref() {
            Some(tungstenite::Error::Capacity(_)) => Self::TooLong,
            Some(tungstenite::Error::Utf8(_)) => Self::NotText,
            _ => Self::Gone,
        }
    }

    /// What the one whose connection it is gets.
    pub(crate) fn into_message(self) -> Message {
        let (code, reason) = match self {
            Self::Left | Self::Gone => (close_code::NORMAL, ""),
            Self::BadName => (close_code::POLICY, "a name has 1 to 24 characters"),
            Self::NameTaken => (close_code::POLICY, "somebody has this name already"),
            Self::Full => (close_code::AGAIN, "the room is full"),
            Self::TooSlow => (close_code::AGAIN, "you did not keep up with what was said"),
            Self::TooLong => (close_code::SIZE, "that message was too long"),
            Self::NotText => (close_code::INVALID, "that message was not text"),
            Self::Closing => (close_code::AWAY, "the server stops"),
        };
        Message::Close(Some(CloseFrame { code, reason: reason.into() }))
    }

    /// What the others read after the name.
    pub(crate) fn seen_by_others(self) -> &'static str {
        match self {
            Self::TooSlow => "did not keep up and was put out",
            Self::TooLong | Self::NotText => "said something odd and was put out",
            _ => "left",
        }
    }
}
