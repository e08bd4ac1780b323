//! What no client can get below: it asks two others, each of whom makes a record safe and answers, and
//! then makes one safe itself. Nobody votes, decides, remembers or is told the end.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use two_phase_commit::log::{Line, Log as _};

use super::book::Book;
use super::contender::{Contender, Did, Scene};
use super::folders::Folders;

pub(crate) struct Limit {
    inboxes: Vec<Sender<Sender<()>>>,
    threads: Vec<JoinHandle<()>>,
    book: Book,
    /// Dropped after those who write there.
    _folders: Folders,
}

/// More than there are clients.
const ROOM: usize = 4_096;

/// What a record weighs.
const SIZE: usize = 64;

fn record() -> Line {
    Line::Plain(vec![7; SIZE])
}

/// All who have asked share an fsync.
fn serve(book: &Book, asked: &Receiver<Sender<()>>) {
    while let Ok(first) = asked.recv() {
        let all: Vec<_> = [first].into_iter().chain(asked.try_iter()).collect();
        let records: Vec<_> = all.iter().map(|_| record()).collect();
        book.force(&records).expect("the disk is well");
        for answer in all {
            answer.send(()).expect("who asks waits");
        }
    }
}

impl Contender for Limit {
    fn start(scene: Scene, _: usize) -> Self {
        let folders = Folders::new();
        let (mut inboxes, mut threads) = (Vec::new(), Vec::new());
        for name in [1, 2] {
            let (book, _) = Book::open(scene, &folders, name);
            let (inbox, asked) = bounded(ROOM);
            inboxes.push(inbox);
            threads.push(thread::spawn(move || serve(&book, &asked)));
        }
        let (book, _) = Book::open(scene, &folders, 3);
        Self { inboxes, threads, book, _folders: folders }
    }

    fn transfer(&self, _: usize) {
        let (answer, answers) = bounded(self.inboxes.len());
        for inbox in &self.inboxes {
            inbox.send(answer.clone()).expect("it is there");
        }
        for _ in &self.inboxes {
            answers.recv().expect("it answers");
        }
        self.book.force(&[record()]).expect("the disk is well");
    }

    fn settle(&self) {}

    fn check(&self, _: u64) {}

    fn did(&self) -> Did {
        Did::default()
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.inboxes.clear();
        for thread in self.threads.drain(..) {
            thread.join().expect("it does not panic");
        }
    }
}
