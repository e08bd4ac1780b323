//! What `cookbook` answers, over a plain socket, and how it begins and ends.

mod support;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread;

use support::{PATIENCE, Server};

/// Sends one request as it stands and reads the whole answer.
fn exchange(server: &Server, request: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).expect("the answer is text")
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Asks for a path under this server's own name.
fn ask(server: &Server, method: &str, path: &str) -> String {
    let host = &server.host;
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    exchange(
        server,
        &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}Connection: close\r\n\r\n"),
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[test]
fn the_pages_come_with_their_types() {
    let server = Server::start(0);
    let index = ask(&server, "GET", "/");
    assert_eq!(status(&index), "200");
    assert_eq!(header(&index, "content-type"), Some("text/html; charset=utf-8"));
    let link = body(&index).split("href=\"").find(|link| link.starts_with("theme/")).unwrap();
    let style = ask(&server, "GET", &format!("/{}", link.split('"').next().unwrap()));
    assert_eq!(status(&style), "200");
    assert_eq!(header(&style, "content-type"), Some("text/css; charset=utf-8"));
    assert!(body(&style).contains("--cb-ink"));
}

#[test]
fn what_is_not_there_is_answered_by_a_page() {
    let server = Server::start(0);
    let answer = ask(&server, "GET", "/no/such/page.html");
    assert_eq!(status(&answer), "404");
    assert!(body(&answer).contains("</html>"));
}

#[test]
fn head_gives_the_header_alone() {
    let server = Server::start(0);
    let (get, head) = (ask(&server, "GET", "/"), ask(&server, "HEAD", "/"));
    assert_eq!(status(&head), "200");
    assert_eq!(body(&head), "");
    assert_eq!(header(&head, "content-length"), header(&get, "content-length"));
}

#[test]
fn nothing_but_reading_is_allowed() {
    let server = Server::start(0);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "ODD"] {
        let answer = ask(&server, method, "/");
        assert_eq!(status(&answer), "405", "{method}");
        assert_eq!(header(&answer, "allow"), Some("GET, HEAD"));
    }
}

#[test]
fn a_name_that_is_not_ours_is_refused() {
    let server = Server::start(0);
    let (_, port) = server.host.split_once(':').unwrap();
    let get = |host: &str| {
        let answer =
            exchange(&server, &format!("GET / HTTP/1.1\r\n{host}Connection: close\r\n\r\n"));
        status(&answer).to_owned()
    };
    for ours in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(get(&format!("Host: {ours}:{port}\r\n")), "200", "{ours}");
    }
    for foreign in [
        "example.org".to_owned(),
        format!("example.org:{port}"),
        format!("127.0.0.1.example.org:{port}"),
        format!("localhost:{port}.example.org"),
        format!("localhost:1{port}"),
        "localhost".to_owned(),
        String::new(),
    ] {
        assert_eq!(get(&format!("Host: {foreign}\r\n")), "421", "{foreign}");
    }
    assert_eq!(get(""), "421", "no name at all");
    assert_eq!(get(&format!("Host: localhost:{port}\r\nHost: example.org\r\n")), "421");
    let proxied = format!(
        "GET http://example.org/ HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(status(&exchange(&server, &proxied)), "421");
}

#[test]
fn no_path_leads_out_of_the_book() {
    let server = Server::start(0);
    for path in [
        "/../Cargo.toml",
        "/../../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/..\\..\\etc\\passwd",
        "/patterns/../../../etc/passwd",
        "//etc/passwd",
        "/etc/passwd%00.html",
        "/book.toml",
        "/.git/config",
        "/.",
        "/..",
    ] {
        // A path that is no path at all is refused even before it is looked up.
        let answer = ask(&server, "GET", path);
        assert!(matches!(status(&answer), "404" | "400"), "{path} gave {}", status(&answer));
        assert!(!answer.contains("root:") && !answer.contains("[package]"), "{path} leads out");
    }
}

#[test]
fn every_answer_carries_the_headers_that_guard_the_reader() {
    let server = Server::start(0);
    for answer in [
        ask(&server, "GET", "/"),
        ask(&server, "GET", "/toc.html"),
        ask(&server, "GET", "/nowhere"),
        ask(&server, "POST", "/"),
        exchange(&server, "GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"),
    ] {
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"));
        assert_eq!(header(&answer, "cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(header(&answer, "cross-origin-resource-policy"), Some("same-origin"));
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{policy}");
    }
}

#[test]
fn a_taken_port_gives_way_to_the_next() {
    // The next port is free only as long as nobody else takes it: any later one will do.
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let first = taken.local_addr().unwrap().port();
    let server = Server::start(first);
    let port: u16 = server.host.split_once(':').unwrap().1.parse().unwrap();
    assert!(port > first && port <= first.saturating_add(20), "{port} after {first}");
    assert_eq!(status(&ask(&server, "GET", "/")), "200");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_although_clients_hang_on() {
    for signal in ["INT", "TERM"] {
        let mut server = Server::start(0);
        let mut idle = connect(&server);
        let host = &server.host;
        write!(idle, "HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        assert_ne!(idle.read(&mut [0; 4096]).unwrap(), 0, "the connection is in use");
        let mut half = connect(&server);
        half.write_all(b"GET / HT").unwrap();

        let pid = server.child.id();
        let kill = format!("kill -s {signal} {pid}");
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success(), "{kill}: {sent}");
        let (status, said) = end(&mut server);
        assert!(status.success(), "{signal} gave {status}: {said}");
        assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0, "the idle connection is closed");
    }
}

/// Waits until the program has ended by itself; gives its status and what it said on stderr.
#[cfg(unix)]
fn end(server: &mut Server) -> (ExitStatus, String) {
    let mut stderr = server.child.stderr.take().expect("stderr is a pipe");
    let (send, said) = mpsc::sync_channel(1);
    // Its stderr ends when the program does, and a channel, unlike a child, has a deadline.
    thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        send.send(text)
    });
    let said = said.recv_timeout(PATIENCE).expect("the program did not end");
    (server.child.wait().expect("the program has a status"), said)
}
