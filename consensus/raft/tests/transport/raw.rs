//! The wire as its documentation gives it, by hand: for whoever sends what no node would.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::board::{CLUSTER, Place, vote};
use crate::running::cluster::LIMIT;

pub(crate) const REQUEST: u8 = 1;
pub(crate) const REPLY: u8 = 2;
pub(crate) const PING: u8 = 4;

/// Bit by bit, as the definition has it.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// A whole frame.
pub(crate) fn frame(kind: u8, number: u64, body: &[u8]) -> Vec<u8> {
    let covered = [&[kind][..], &number.to_le_bytes(), body].concat();
    let (length, checksum) = (covered.len() as u32, crc32c(&covered));
    [&length.to_le_bytes()[..], &checksum.to_le_bytes(), &covered].concat()
}

pub(crate) fn question(number: u64) -> Vec<u8> {
    let mut body = Vec::new();
    vote(number).encode(&mut body);
    frame(REQUEST, number, &body)
}

/// What a node of that version would say.
pub(crate) fn greeting(version: u16, cluster: u64, from: u64, store: u64, to: u64) -> Vec<u8> {
    let body: Vec<_> = [cluster, from, store, to].iter().flat_map(|it| it.to_le_bytes()).collect();
    head(version, &body)
}

/// A body with what stands before it.
pub(crate) fn head(version: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_le_bytes();
    [b"raftwire", &version.to_le_bytes()[..], &length, body].concat()
}

/// A connection that says what it likes.
pub(crate) struct Raw<S = TcpStream>(pub(crate) S);

impl Raw {
    pub(crate) fn to(place: &Place) -> Self {
        Self::try_to(place).expect("it listens")
    }

    pub(crate) fn try_to(place: &Place) -> io::Result<Self> {
        let socket = TcpStream::connect(place.address())?;
        socket.set_read_timeout(Some(LIMIT))?;
        Ok(Self(socket))
    }

    /// One that has greeted node 1 as node 9, and was welcome.
    pub(crate) fn greeted(place: &Place) -> Self {
        let mut raw = Self::to(place);
        raw.say(&greeting(1, CLUSTER, 9, 90, 1));
        assert_eq!(raw.answer().first(), Some(&0), "it is welcome");
        raw
    }

    pub(crate) fn says_no_more(&self) {
        // The other side may have gone already.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

impl<S: Read + Write> Raw<S> {
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        // The other side may have gone already: what it did is looked at, not this.
        let _ = self.0.write_all(bytes);
    }

    /// The body of a greeting.
    pub(crate) fn answer(&mut self) -> Vec<u8> {
        let mut head = [0; 12];
        self.0.read_exact(&mut head).expect("it answers");
        assert_eq!(head[..10], *b"raftwire\x01\0");
        let mut body = vec![0; usize::from(u16::from_le_bytes([head[10], head[11]]))];
        self.0.read_exact(&mut body).expect("as long as it says");
        body
    }

    /// The kind and the number of the next frame.
    pub(crate) fn next(&mut self) -> (u8, u64) {
        let mut head = [0; 8];
        self.0.read_exact(&mut head).expect("it answers");
        let length = u32::from_le_bytes(*head.first_chunk().expect("four of eight"));
        let mut rest = vec![0; length as usize];
        self.0.read_exact(&mut rest).expect("as long as it says");
        assert_eq!(head[4..], crc32c(&rest).to_le_bytes());
        (rest[0], u64::from_le_bytes(*rest[1..].first_chunk().expect("no frame is shorter")))
    }

    /// The greeting of who calls.
    pub(crate) fn heard_greeting(&mut self) {
        let mut head = [0; 12];
        self.0.read_exact(&mut head).expect("it greets");
        let mut body = vec![0; usize::from(u16::from_le_bytes([head[10], head[11]]))];
        self.0.read_exact(&mut body).expect("as long as it says");
    }

    /// All that the other side says until the connection ends, and how it does.
    pub(crate) fn is_told(&mut self) -> (Vec<u8>, String) {
        let mut said = Vec::new();
        let end = self.0.read_to_end(&mut said);
        (said, end.map_or_else(|error| error.to_string(), |_| "it ended".into()))
    }

    /// The other side ends the connection, and says nothing more that matters.
    pub(crate) fn is_ended(&mut self) {
        let mut bytes = [0; 1024];
        loop {
            match self.0.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    panic!("the connection stays open")
                }
                Err(_) => return,
            }
        }
    }
}
