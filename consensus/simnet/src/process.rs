//! What a node is, seen from the world.

use std::fmt;
use std::time::Duration;

use crate::clock::Micros;

/// The name of a node: a number, compared as a number.
pub type NodeId = u64;

/// One node: a plain struct without threads, clock, network or disk of its own.
///
/// Time comes in as a value, by the node's own clock. What the node wants done it leaves in the
/// [`Outbox`].
pub trait Process: Sized {
    /// What nodes send each other. How it prints is how it stands in the trace.
    type Message: Clone + fmt::Display;
    /// One write to the disk. A node without a disk says `Infallible`.
    type Write: Clone + fmt::Display;
    /// What the disk holds, and all that is left after a crash.
    type Disk: Clone + Default;

    /// A write has reached the disk.
    fn keep(disk: &mut Self::Disk, write: Self::Write);

    /// Something happened.
    fn handle(&mut self, now: Duration, input: Input<Self::Message>, out: &mut Outbox<Self>);

    /// When it wants [`Input::Time`] next, by its own clock. It is asked after each input.
    ///
    /// A deadline that [`Input::Time`] does not move or clear would come again for ever at one moment;
    /// the world panics and says so.
    fn deadline(&self) -> Option<Duration>;
}

/// What can happen to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<M> {
    /// It was started, for the first time or again.
    Start,
    /// A message came.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: M,
    },
    /// Its deadline is reached.
    Time,
    /// The write of this number, and all before it, will survive a crash.
    Saved(u64),
}

/// What a node wants done.
pub struct Outbox<P: Process> {
    pub(crate) sends: Vec<(NodeId, P::Message)>,
    pub(crate) writes: Vec<P::Write>,
    pub(crate) notes: Vec<String>,
    /// The number of the last write of this life.
    pub(crate) last_write: u64,
    /// Nobody reads the notes otherwise.
    pub(crate) recording: bool,
    pub(crate) world: Micros,
}

impl<P: Process> Outbox<P> {
    pub(crate) fn new(last_write: u64, recording: bool, world: Micros) -> Self {
        Self { sends: vec![], writes: vec![], notes: vec![], last_write, recording, world }
    }

    /// Sends a message. It returns at once, and nobody ever says what became of it.
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.sends.push((to, message));
    }

    /// Writes to the disk. [`Input::Saved`] with this number says when it is safe; until then a
    /// crash may lose it, or not.
    pub fn save(&mut self, write: P::Write) -> u64 {
        self.writes.push(write);
        self.last_write += 1;
        self.last_write
    }

    /// Puts a remark into the trace: `out.note(format_args!("leads"))`.
    pub fn note(&mut self, text: fmt::Arguments<'_>) {
        if self.recording {
            self.notes.push(text.to_string());
        }
    }

    /// The world's time, which no node can know: for what watches the nodes, such as a
    /// [`History`](crate::judge::History).
    pub fn world_time(&self) -> Duration {
        Duration::from_micros(self.world)
    }
}

impl<P: Process> fmt::Debug for Outbox<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sends, writes) = (self.sends.len(), self.writes.len());
        f.debug_struct("Outbox")
            .field("sends", &sends)
            .field("writes", &writes)
            .finish_non_exhaustive()
    }
}

/// The end of time stands for all that is later: half a million years.
pub(crate) fn micros(time: Duration) -> Micros {
    time.as_micros().try_into().unwrap_or(Micros::MAX)
}
