//! The threads for who has come in: one that waits at the door, and two for each connection.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::calls::{self, MOST};
use super::frame::{self, Frame, NO_REPLY, PING, PONG, REPLY, REQUEST, bad};
use super::greeting::{self, Greeting, Refusal};
use super::stream::{Socket, Stream};
use super::{Local, Wire};
use crate::message::{Reply, Request};
use crate::node::Answerer;
use crate::types::NodeId;

/// How long to wait when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(20);
/// A refused caller's bytes are read up to here, so that the refusal reaches it.
const LAST_WORDS: u64 = 64 << 10;

/// Lets others in until it is over. When it returns, all that came in are gone, with their threads.
pub(super) fn listen(wire: &Wire, listener: &TcpListener, local: &Weak<dyn Local>) {
    thread::scope(|scope| {
        loop {
            let accepted = listener.accept();
            if wire.doors.is_closed() {
                return;
            }
            let Ok((socket, _)) = accepted else {
                wire.doors.pause(PAUSE);
                continue;
            };
            let socket = Arc::new(socket);
            let Some(number) = wire.doors.enter(&socket, wire.options.strangers) else { return };
            let guest = move || {
                // Whoever is at fault, the connection is over.
                let _ = attend(wire, number, &socket, local);
                calls::end(Some(&socket));
                wire.doors.leave(number);
            };
            if thread::Builder::new().spawn_scoped(scope, guest).is_err() {
                wire.doors.leave(number);
                wire.doors.pause(PAUSE);
            }
        }
    });
}

fn attend(wire: &Wire, number: u64, socket: &Socket, local: &Weak<dyn Local>) -> io::Result<()> {
    let options = &wire.options;
    socket.set_nodelay(true)?;
    let end = Instant::now() + options.greeting;
    // What is no TLS, or proves nothing, was told so.
    let Ok(stream) = Stream::new(socket, options, None, end) else { return dismiss(socket, end) };
    socket.set_write_timeout(Some(options.patience))?;
    let checked = greeting::hear(&stream, end)?.and_then(|peer| {
        if !stream.may_be(peer.node) {
            return Err(Refusal::OtherCertificate);
        }
        peer.check(options, wire.join(&peer))?;
        peer.is_admitted(local)?;
        wire.doors.admit(number, &peer).map(|()| peer)
    });
    let peer = match checked {
        Ok(peer) => peer.node,
        Err(refusal) => {
            greeting::reply(&stream, Err(refusal))?;
            return dismiss(socket, end);
        }
    };
    greeting::reply(&stream, Ok(&Greeting::new(options, wire.cluster(), peer)))?;
    socket.set_read_timeout(Some(options.patience))?;
    wire.hurry(peer);
    let replies = Replies::new(options.room, options.patience);
    thread::scope(|scope| {
        scope.spawn(|| {
            // The reader comes back when the socket is at its end.
            let _ = replies.write(&stream);
            calls::end(Some(socket));
        });
        let read = read(wire, peer, &stream, local, &replies);
        replies.close();
        read
    })
}

/// It was told why. Its bytes are read, or that might be thrown away with them.
fn dismiss(socket: &Socket, end: Instant) -> io::Result<()> {
    socket.shutdown(Shutdown::Write)?;
    let stream = Stream::plain(socket);
    io::copy(&mut stream.until(end).take(LAST_WORDS), &mut io::sink()).map(drop)
}

fn read(
    wire: &Wire,
    peer: NodeId,
    stream: &Stream,
    local: &Weak<dyn Local>,
    replies: &Arc<Replies>,
) -> io::Result<()> {
    let (mut from, mut frame) = (BufReader::new(stream), Frame::default());
    loop {
        frame.read(&mut from, wire.options.max_frame, |bytes| replies.take_in(bytes))?;
        let (number, bytes) = (frame.number(), frame.body().len() + frame::HEAD);
        match frame.kind() {
            PING => replies.say(number, bytes, Said::Alive),
            REQUEST => {
                let request = Request::decode(frame.body()).map_err(bad)?;
                let answers = Arc::clone(replies);
                let answer = Answerer::new(move |reply| {
                    answers.say(number, bytes, reply.map_or(Said::Nothing, Said::Reply));
                });
                let local = local.upgrade().ok_or_else(|| bad("the node is gone"))?;
                local.serve(peer, request, answer);
            }
            _ => return Err(bad("a frame of an unknown kind")),
        }
    }
}

/// What is to be said on a connection.
struct Replies {
    state: Mutex<Open>,
    /// Something is to be written, or it is over.
    work: Condvar,
    /// Something was written, or it is over.
    written: Condvar,
    /// Requests together have no more bytes, unless one alone has.
    room: usize,
    patience: Duration,
}

#[derive(Default)]
struct Open {
    todo: Vec<(u64, usize, Said)>,
    /// What was asked, and its reply not written yet; and its bytes.
    count: usize,
    bytes: usize,
    is_closed: bool,
}

enum Said {
    Reply(Reply),
    Nothing,
    Alive,
}

impl Replies {
    fn new(room: usize, patience: Duration) -> Arc<Self> {
        let (state, work, written) = <_>::default();
        Arc::new(Self { state, work, written, room, patience })
    }

    /// Waits until there is room for a request of so many bytes.
    fn take_in(&self, bytes: usize) -> io::Result<()> {
        let end = Instant::now() + self.patience;
        let mut open = self.state.lock();
        // An honest peer has no more open than this, and pings.
        while open.count >= 2 * MOST || (open.bytes > 0 && open.bytes + bytes > self.room) {
            if open.is_closed || self.written.wait_until(&mut open, end).timed_out() {
                return Err(bad("the peer asks more than can be answered"));
            }
        }
        open.count += 1;
        open.bytes += bytes;
        Ok(())
    }

    fn say(&self, number: u64, bytes: usize, said: Said) {
        let mut open = self.state.lock();
        if open.is_closed {
            return;
        }
        open.todo.push((number, bytes, said));
        if open.todo.len() == 1 {
            self.work.notify_one();
        }
    }

    fn write(&self, mut stream: &Stream) -> io::Result<()> {
        let mut out = Vec::new();
        while let Some(todo) = self.next() {
            for (number, _, said) in &todo {
                match said {
                    Said::Reply(reply) => {
                        frame::push(&mut out, REPLY, *number, |out| reply.encode(out));
                    }
                    Said::Nothing => frame::push(&mut out, NO_REPLY, *number, |_| {}),
                    Said::Alive => frame::push(&mut out, PONG, *number, |_| {}),
                }
            }
            let written = stream.write_all(&out);
            out.clear();
            let mut open = self.state.lock();
            open.count -= todo.len();
            open.bytes -= todo.iter().map(|(_, bytes, _)| bytes).sum::<usize>();
            open.is_closed |= written.is_err();
            self.written.notify_one();
            drop(open);
            written?;
        }
        Ok(())
    }

    fn next(&self) -> Option<Vec<(u64, usize, Said)>> {
        let mut open = self.state.lock();
        while !open.is_closed && open.todo.is_empty() {
            self.work.wait(&mut open);
        }
        (!open.is_closed).then(|| std::mem::take(&mut open.todo))
    }

    fn close(&self) {
        self.state.lock().is_closed = true;
        self.work.notify_one();
        self.written.notify_one();
    }
}
