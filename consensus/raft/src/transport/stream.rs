//! A connection, plain or with TLS. One thread reads it while another one writes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Options;
use super::tls::Session;
use crate::types::NodeId;

pub(super) type Socket = Arc<TcpStream>;

pub(super) struct Stream {
    pub(super) socket: Socket,
    /// `None`: what is said goes as it is.
    session: Option<Session>,
}

impl Stream {
    pub(super) fn plain(socket: &Socket) -> Self {
        Self { socket: Arc::clone(socket), session: None }
    }

    /// Speaks to the other side when it has proved who it is: that peer, or whoever has come.
    pub(super) fn new(
        socket: &Socket,
        options: &Options,
        peer: Option<NodeId>,
        end: Instant,
    ) -> io::Result<Self> {
        let plain = Self::plain(socket);
        let session = options.tls.as_ref().map(|tls| tls.begin(peer, plain.until(end)));
        Ok(Self { session: session.transpose()?, ..plain })
    }

    /// Whether the other side may say that it is that node.
    pub(super) fn may_be(&self, node: NodeId) -> bool {
        self.session.as_ref().is_none_or(|session| session.is_with(node))
    }

    pub(super) fn until(&self, end: Instant) -> Until<'_> {
        Until { stream: self, end }
    }

    fn read_by(&self, buffer: &mut [u8], end: Option<Instant>) -> io::Result<usize> {
        let fill = |buffer: &mut [u8]| {
            if let Some(end) = end {
                self.socket.set_read_timeout(Some(left(end)?))?;
            }
            (&*self.socket).read(buffer)
        };
        match &self.session {
            Some(session) => session.read(buffer, fill),
            None => fill(buffer),
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_by(buffer, None)
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.session {
            Some(session) => session.write(bytes, &*self.socket),
            None => (&*self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that is used until a moment, however slowly its bytes drip.
pub(super) struct Until<'a> {
    stream: &'a Stream,
    end: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read_by(buffer, Some(self.end))
    }
}

impl Write for Until<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.socket.set_write_timeout(Some(left(self.end)?))?;
        let mut stream = self.stream;
        stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
