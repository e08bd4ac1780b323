//! A client of `kv`: one request, one connection, and a clear word on what became of it.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than a node lets anybody wait.
const PATIENCE: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_millis(500);
/// Followers may each believe that another leads.
const HOPS: usize = 4;

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        body: String,
    },
    /// It was not done, and never will be.
    NotDone,
    /// It may have been done, or will be.
    Unknown,
}

/// Asks a node, and whomever it points to.
pub(crate) fn ask(node: SocketAddr, method: &str, path: &str, body: &str) -> Reply {
    let mut address = node;
    for _ in 0..HOPS {
        let Ok(mut socket) = TcpStream::connect_timeout(&address, CONNECT) else {
            return Reply::NotDone;
        };
        let Ok(text) = exchange(&mut socket, method, path, body) else { return Reply::Unknown };
        match parse(&text) {
            Some((307, location, _)) => match location.and_then(|it| it.parse().ok()) {
                Some(next) => address = next,
                None => return Reply::NotDone,
            },
            Some((503, ..)) => return Reply::NotDone,
            Some((504, ..)) | None => return Reply::Unknown,
            Some((status, _, body)) => return Reply::Answer { status, body: body.to_owned() },
        }
    }
    Reply::NotDone
}

fn exchange(socket: &mut TcpStream, method: &str, path: &str, body: &str) -> io::Result<String> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: kv\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    socket.read_to_string(&mut text)?;
    Ok(text)
}

/// The status, the host and port of the location, and the body. `None` if the answer broke off.
fn parse(text: &str) -> Option<(u16, Option<&str>, &str)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    let length = header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    let location = header("location").and_then(|it| it.strip_prefix("http://")?.split('/').next());
    (body.len() == length).then_some((status, location, body))
}
