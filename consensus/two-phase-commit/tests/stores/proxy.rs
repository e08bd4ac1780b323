//! Something between a store and its server that breaks one connection, at the worst moment.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of the first request that holds the word; all else goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server does it, and nobody hears that.
    Answer,
    /// The server has it only when the proxy lets it go.
    Request,
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    let_go: SyncSender<()>,
    done: Receiver<()>,
}

/// How to cut, when to let go, and whom to tell that it is done.
type Order = (Cut, Receiver<()>, SyncSender<()>);

/// What the connections share.
struct Plan {
    server: SocketAddr,
    word: &'static [u8],
    cut: Mutex<Option<Order>>,
}

impl Proxy {
    /// In front of the server of this address. Its threads end with the process.
    pub(crate) fn to(url: &str, word: &'static str, cut: Cut) -> Self {
        let (before, rest) = url.split_once('@').expect("it names a user");
        let (server, database) = rest.split_once('/').expect("it names a database");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let own = listener.local_addr().expect("it is bound");
        let (let_go, released) = sync_channel(1);
        let (say, done) = sync_channel(1);
        let server = server.parse().expect("an address with its port");
        let cut = Mutex::new(Some((cut, released, say)));
        let plan = Arc::new(Plan { server, word: word.as_bytes(), cut });
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let plan = Arc::clone(&plan);
                thread::spawn(move || plan.carry(&client));
            }
        });
        Self { url: format!("{before}@{own}/{database}"), let_go, done }
    }

    /// Now the server has the request, and has answered it.
    pub(crate) fn let_go(&self) {
        self.let_go.send(()).expect("it waits for that");
        self.is_answered();
    }

    /// Returns when the server has done it.
    pub(crate) fn is_answered(&self) {
        self.done.recv().expect("the server answers");
    }
}

impl Plan {
    fn carry(&self, client: &TcpStream) {
        let server = TcpStream::connect(self.server).expect("the server is there");
        for stream in [client, &server] {
            stream.set_nodelay(true).expect("it is a connection");
        }
        thread::scope(|scope| {
            scope.spawn(|| copy(&server, client));
            self.watch(client, &server);
            let _ = server.shutdown(Shutdown::Both);
        });
    }

    fn watch(&self, mut client: &TcpStream, mut server: &TcpStream) {
        let mut bytes = [0; 16_000];
        while let Ok(length @ 1..) = client.read(&mut bytes) {
            let request = &bytes[..length];
            let is_it = request.windows(self.word.len()).any(|window| window == self.word);
            let cut = if is_it { self.cut.lock().expect("nobody panics").take() } else { None };
            let Some((cut, released, say)) = cut else {
                if server.write_all(request).is_err() {
                    return;
                }
                continue;
            };
            // The other direction writes to nobody from here on.
            client.shutdown(Shutdown::Both).expect("it is there");
            if cut == Cut::Answer || released.recv().is_ok() {
                server.write_all(request).expect("the server is there");
                // It has answered when it has seen that nothing more will come.
                server.shutdown(Shutdown::Write).expect("the server is there");
                while matches!(server.read(&mut bytes), Ok(1..)) {}
                let _ = say.send(());
            }
            return;
        }
    }
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let mut bytes = [0; 16_000];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}
