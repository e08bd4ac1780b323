//! A cable between two sockets that can be cut, in the middle of a word too.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::running::news::lock;

/// So much of what went by is kept, and a little more.
const KEPT: usize = 64 << 10;

pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    cable: Arc<Mutex<Cable>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Cable {
    /// Where it leads.
    target: Option<SocketAddr>,
    is_cut: bool,
    is_over: bool,
    /// Both ends of each connection.
    open: Vec<Arc<TcpStream>>,
    /// The first that went by.
    first: Vec<u8>,
    /// How many bytes went by.
    bytes: u64,
    connections: u64,
}

impl Relay {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let cable = Arc::new(Mutex::new(Cable::default()));
        let own = Arc::clone(&cable);
        let thread = Some(thread::spawn(move || accept(&listener, &own)));
        Self { address, cable, thread }
    }

    pub(crate) fn lead_to(&self, target: SocketAddr) {
        lock(&self.cable).target = Some(target);
    }

    pub(crate) fn cut(&self) {
        let mut cable = lock(&self.cable);
        cable.is_cut = true;
        cable.end();
    }

    pub(crate) fn mend(&self) {
        lock(&self.cable).is_cut = false;
    }

    /// Ends what is open, and lets new ones through.
    pub(crate) fn jolt(&self) {
        lock(&self.cable).end();
    }

    /// What was heard on the cable from its beginning, from both ends.
    pub(crate) fn overheard(&self) -> Vec<u8> {
        lock(&self.cable).first.clone()
    }

    /// How many bytes went by, and on how many connections.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        let cable = lock(&self.cable);
        (cable.bytes, cable.connections)
    }
}

impl Cable {
    fn end(&mut self) {
        for socket in self.open.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let mut cable = lock(&self.cable);
        cable.is_over = true;
        cable.end();
        drop(cable);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Ends when the relay is dropped; what goes through a connection ends with it.
fn accept(listener: &TcpListener, cable: &Arc<Mutex<Cable>>) {
    thread::scope(|scope| {
        while let Ok((near, _)) = listener.accept() {
            let mut held = lock(cable);
            if held.is_over {
                return;
            }
            let far = held.target.filter(|_| !held.is_cut).map(TcpStream::connect);
            let Some(Ok(far)) = far else { continue };
            let [near, far] = [near, far].map(Arc::new);
            held.open.retain(|socket| Arc::strong_count(socket) > 1);
            held.open.extend([Arc::clone(&near), Arc::clone(&far)]);
            held.connections += 1;
            drop(held);
            for (from, to) in [(Arc::clone(&near), Arc::clone(&far)), (far, near)] {
                scope.spawn(move || carry(&from, &to, cable));
            }
        }
    });
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, cable: &Mutex<Cable>) {
    let _ = to.set_nodelay(true);
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let mut held = lock(cable);
        held.bytes += count as u64;
        if held.first.len() < KEPT {
            held.first.extend_from_slice(&bytes[..count]);
        }
        drop(held);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
