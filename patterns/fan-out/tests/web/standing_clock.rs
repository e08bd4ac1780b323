//! A paused clock that stands until it is moved.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Only so that a test that would hang fails.
const LONG: Duration = Duration::from_secs(30);

/// While this lives, a paused clock moves only when the test advances it. Otherwise the runtime
/// takes a wait for a socket for idleness, and moves the clock to the next timer by itself. It does
/// not while a blocking task runs, so one waits here for the end.
pub(crate) struct StandingClock {
    /// Its drop is the end.
    _end: SyncSender<()>,
}

impl StandingClock {
    pub(crate) fn new() -> Self {
        let (end, ended) = sync_channel(0);
        drop(tokio::task::spawn_blocking(move || ended.recv_timeout(LONG)));
        Self { _end: end }
    }
}
