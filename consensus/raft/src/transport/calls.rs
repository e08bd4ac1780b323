//! What a node asks one peer: bounded, and answered or dropped in the end.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::frame::{self, Frame, NO_REPLY, PING, PONG, REPLY, REQUEST, bad};
use super::stream::Stream;
use super::{Link, Options};
use crate::message::{Reply, Request};
use crate::node::Answerer;

/// So many requests to one peer may be unanswered.
pub(super) const MOST: usize = 1024;
/// So much is written at once, unless a single request is longer.
const BATCH: usize = 256 << 10;

pub(super) struct Calls {
    book: Mutex<Book>,
    /// Something is to be written, to be dialled, or it is over.
    work: Condvar,
    /// No request may be longer.
    max_frame: usize,
    /// All unanswered requests together have no more bytes.
    room: usize,
}

struct Book {
    link: Link,
    /// Of the present connection, greeted or not, so that closing can end it.
    socket: Option<Arc<TcpStream>>,
    /// Counts requests, over all connections.
    last: u64,
    /// Not written yet.
    todo: VecDeque<(u64, Request)>,
    /// Not answered yet, with its bytes.
    open: BTreeMap<u64, (usize, Answerer)>,
    /// Of all that is open.
    bytes: usize,
    /// The peer was heard of: it can be dialled now.
    hurry: bool,
    is_closed: bool,
}

impl Calls {
    pub(super) fn new(options: &Options) -> Self {
        let book = Book {
            link: Link::Down { why: "it was not tried yet".into() },
            socket: None,
            last: 0,
            todo: VecDeque::new(),
            open: BTreeMap::new(),
            bytes: 0,
            hurry: true,
            is_closed: false,
        };
        let Options { max_frame, room, .. } = *options;
        Self { book: Mutex::new(book), work: Condvar::new(), max_frame, room }
    }

    /// Drops `answer` if there is no connection, or no room.
    pub(super) fn ask(&self, request: Request, answer: Answerer) {
        let bytes = request.length();
        let mut book = self.book.lock();
        let is_up = matches!(book.link, Link::Up { .. });
        let has_room = book.open.len() < MOST && book.bytes + bytes <= self.room;
        if !is_up || bytes > self.max_frame || !has_room {
            // Whoever asked may have something to say now, and not under the lock.
            drop(book);
            return drop(answer);
        }
        book.last += 1;
        let number = book.last;
        book.bytes += bytes;
        book.open.insert(number, (bytes, answer));
        book.todo.push_back((number, request));
        if book.todo.len() == 1 {
            self.work.notify_one();
        }
    }

    pub(super) fn link(&self) -> Link {
        self.book.lock().link.clone()
    }

    /// How many requests are unanswered, and their bytes.
    pub(super) fn unanswered(&self) -> (usize, usize) {
        let book = self.book.lock();
        (book.open.len(), book.bytes)
    }

    /// Waits before the next try; false when it is over.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut book = self.book.lock();
        while !book.is_closed && !std::mem::take(&mut book.hurry) {
            if self.work.wait_until(&mut book, end).timed_out() {
                break;
            }
        }
        !book.is_closed
    }

    pub(super) fn hurry(&self) {
        self.book.lock().hurry = true;
        self.work.notify_one();
    }

    /// This is the connection now; false when it is over, and the connection with it.
    pub(super) fn holds(&self, socket: &Arc<TcpStream>) -> bool {
        let mut book = self.book.lock();
        book.socket = Some(Arc::clone(socket));
        !book.is_closed
    }

    /// The connection is greeted.
    pub(super) fn begin(&self, epoch: u64, info: String) {
        self.book.lock().link = Link::Up { epoch, info };
    }

    /// The connection is gone, or there was none: nothing that was asked will be answered.
    pub(super) fn end(&self, why: String) {
        let mut book = self.book.lock();
        book.link = Link::Down { why };
        (book.socket, book.bytes, book.hurry) = (None, 0, false);
        let dropped = (std::mem::take(&mut book.todo), std::mem::take(&mut book.open));
        drop(book);
        drop(dropped);
    }

    /// Takes nothing more, and ends the connection.
    pub(super) fn close(&self) {
        let mut book = self.book.lock();
        book.is_closed = true;
        end(book.socket.as_deref());
        self.work.notify_one();
    }

    /// Writes what is asked until the connection ends; every so often, a ping: replies may all have to
    /// wait for a disk.
    pub(super) fn write(&self, mut stream: &Stream, beat: Duration) -> io::Result<()> {
        let (mut out, mut next_ping) = (Vec::new(), Instant::now() + beat);
        while let Some(requests) = self.next(next_ping) {
            if Instant::now() >= next_ping {
                next_ping = Instant::now() + beat;
                frame::push(&mut out, PING, 0, |_| {});
            }
            for (number, request) in requests {
                let start = out.len();
                frame::push(&mut out, REQUEST, number, |out| request.encode(out));
                debug_assert_eq!(out.len() - start, frame::AROUND + request.length());
                if out.len() >= BATCH {
                    stream.write_all(&out)?;
                    out = Vec::new();
                }
            }
            stream.write_all(&out)?;
            out.clear();
        }
        Ok(())
    }

    /// All that is to be written; nothing, if there is nothing by then.
    fn next(&self, end: Instant) -> Option<VecDeque<(u64, Request)>> {
        let mut book = self.book.lock();
        loop {
            if book.is_closed || matches!(book.link, Link::Down { .. }) {
                return None;
            }
            if !book.todo.is_empty() || self.work.wait_until(&mut book, end).timed_out() {
                return Some(std::mem::take(&mut book.todo));
            }
        }
    }

    /// Reads replies until the connection ends, and says why it did.
    pub(super) fn read(&self, stream: &Stream) -> io::Error {
        let (mut from, mut frame) = (BufReader::new(stream), Frame::default());
        loop {
            // No reply is longer.
            let read = frame.read(&mut from, 64, |_| Ok(()));
            if let Err(error) = read.and_then(|()| self.take(&frame)) {
                // The writer waits for work.
                self.book.lock().link = Link::Down { why: frame::why(&error) };
                self.work.notify_one();
                return error;
            }
        }
    }

    fn take(&self, frame: &Frame) -> io::Result<()> {
        let reply = match frame.kind() {
            PONG => return Ok(()),
            NO_REPLY => None,
            REPLY => Some(Reply::decode(frame.body()).map_err(bad)?),
            _ => return Err(bad("a frame of an unknown kind")),
        };
        let mut book = self.book.lock();
        let asked = book.open.remove(&frame.number());
        let (bytes, answer) = asked.ok_or_else(|| bad("an answer to nothing that was asked"))?;
        book.bytes -= bytes;
        drop(book);
        match reply {
            Some(reply) => answer.answer(reply),
            None => drop(answer),
        }
        Ok(())
    }
}

/// Whoever reads or writes there comes back.
pub(super) fn end(socket: Option<&TcpStream>) {
    // It may have ended by itself.
    let _ = socket.map(|socket| socket.shutdown(Shutdown::Both));
}
