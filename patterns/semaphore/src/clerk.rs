//! The owner behind the channel variant: one thread that alone knows the permits and the line, and
//! takes one message at a time.

use std::collections::VecDeque;
use std::mem;

use super::error::AddPermitsError;
use super::oneshot;
use super::sync::{Receiver, SPINS, SyncSender};

/// What callers send. An answer slot that is dropped unanswered says "closed".
pub(crate) enum Message {
    /// Grants `n` in turn. `home` is where the grant returns to if nobody takes it.
    Ask { n: usize, home: SyncSender<Message>, answer: oneshot::Sender<Grant> },
    /// Takes `n` now if nobody waits, and says whether it did. Whoever asks this stays for the
    /// answer, so it needs no grant.
    Try { n: usize, answer: SyncSender<bool> },
    /// Permits come home.
    GiveBack(usize),
    /// Permits that are out will not come home.
    Retire(usize),
    /// New permits come in.
    Add { n: usize, answer: SyncSender<Result<(), AddPermitsError>> },
    /// A caller stopped waiting; its answer slot is closed.
    Left,
    /// Nobody gets anything from now on.
    Close,
    /// How things stand.
    Status { answer: SyncSender<Status> },
}

/// How things stood when the clerk looked.
pub(crate) struct Status {
    pub(crate) free: usize,
    pub(crate) closed: bool,
}

/// Permits on their way to a caller. Dropped on the way, they go home.
pub(crate) struct Grant {
    n: usize,
    home: SyncSender<Message>,
}

impl Grant {
    /// They have arrived: whoever keeps them now has to give them back.
    pub(crate) fn keep(mut self) -> usize {
        mem::take(&mut self.n)
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if self.n > 0 {
            // Fails only if the clerk panicked; then there is nobody to miss them.
            let _ = self.home.send(Message::GiveBack(self.n));
        }
    }
}

/// Waits for what comes; `None` when nothing will. Looks for a while before it sleeps, because to be
/// woken costs more than most of what is waited for.
pub(crate) fn receive<T>(from: &Receiver<T>) -> Option<T> {
    for _ in 0..SPINS {
        if let Ok(message) = from.try_recv() {
            return Some(message);
        }
        std::hint::spin_loop();
    }
    from.recv().ok()
}

/// A caller in the line.
struct Asker {
    n: usize,
    home: SyncSender<Message>,
    answer: oneshot::Sender<Grant>,
}

/// The owner of everything.
pub(crate) struct Clerk {
    inbox: Receiver<Message>,
    free: usize,
    /// Permits in circulation, free or out. Never above `max`.
    issued: usize,
    max: usize,
    closed: bool,
    line: VecDeque<Asker>,
    /// About how many in the line have left. They are swept out when they are the majority, which
    /// makes leaving cheap and keeps the memory within twice what the waiting need.
    left: usize,
}

impl Clerk {
    pub(crate) fn new(inbox: Receiver<Message>, permits: usize, max: usize) -> Self {
        let line = VecDeque::new();
        Self { inbox, free: permits, issued: permits, max, closed: false, line, left: 0 }
    }

    /// Works until nobody is left who could send.
    pub(crate) fn run(mut self) {
        while let Some(message) = receive(&self.inbox) {
            self.handle(message);
            self.serve();
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Ask { answer, .. } if self.closed => drop(answer),
            Message::Ask { n: 0, home, answer } => self.grant(Asker { n: 0, home, answer }),
            Message::Ask { n, home, answer } => self.line.push_back(Asker { n, home, answer }),
            Message::Try { answer, .. } if self.closed => drop(answer),
            Message::Try { n, answer } => drop(answer.send(self.take_now(n))),
            Message::GiveBack(n) => self.free += n,
            Message::Retire(n) => self.issued -= n,
            Message::Add { n, answer } => drop(answer.send(self.add(n))),
            Message::Left => self.sweep(),
            Message::Close => {
                self.closed = true;
                self.line.clear();
            }
            Message::Status { answer } => {
                drop(answer.send(Status { free: self.free, closed: self.closed }));
            }
        }
    }

    // ANCHOR: serve
    /// Serves from the front while the free permits suffice, passing over those who left.
    fn serve(&mut self) {
        while let Some(first) = self.line.front() {
            if !first.answer.is_closed() && first.n > self.free {
                return;
            }
            if let Some(first) = self.line.pop_front() {
                self.grant(first);
            }
        }
    }

    /// A grant whose receiver is gone comes straight back. It must not drop here: it would send
    /// itself home to an inbox that only this thread empties.
    fn grant(&mut self, asker: Asker) {
        let Asker { n, home, answer } = asker;
        if answer.is_closed() {
            return;
        }
        self.free -= n;
        if let Err(grant) = answer.send(Grant { n, home }) {
            self.free += grant.keep();
        }
    }
    // ANCHOR_END: serve

    fn take_now(&mut self, n: usize) -> bool {
        let now = n == 0 || (n <= self.free && self.line.is_empty());
        if now {
            self.free -= n;
        }
        now
    }

    fn add(&mut self, n: usize) -> Result<(), AddPermitsError> {
        if n > self.max - self.issued {
            return Err(AddPermitsError { added: n, present: self.issued, max: self.max });
        }
        self.issued += n;
        self.free += n;
        Ok(())
    }

    fn sweep(&mut self) {
        self.left += 1;
        if self.left * 2 > self.line.len() {
            self.line.retain(|asker| !asker.answer.is_closed());
            self.left = 0;
        }
    }
}
