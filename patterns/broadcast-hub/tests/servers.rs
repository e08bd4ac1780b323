//! Both examples as programs: they begin, say where they are, end when they are told to, and say what
//! is wrong with what they were told.

#![allow(clippy::duplicate_mod, reason = "each example brings what both share")]

use std::env;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, ExitCode, Output, Stdio};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;

#[path = "../examples/chat.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod chat;
#[path = "../examples/ticker.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod ticker;

/// Far more than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// Makes this program one of the examples, with these arguments, one a line.
const PROGRAM: &str = "PROGRAM";
const ARGUMENTS: &str = "ARGUMENTS";

/// No test: what the tests start.
#[test]
fn program() {
    let Ok(name) = env::var(PROGRAM) else { return };
    let arguments = env::var(ARGUMENTS).unwrap_or_default();
    let arguments: Vec<OsString> = arguments.lines().map(OsString::from).collect();
    let runtime = Runtime::new().unwrap();
    let code = match name.as_str() {
        "chat" => runtime.block_on(chat::run(arguments)),
        _ => runtime.block_on(ticker::run(arguments)),
    };
    drop(runtime);
    let code = code.unwrap();
    let number = (0..3).find(|number| ExitCode::from(*number) == code);
    std::process::exit(number.map_or(99, i32::from));
}

fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "program", "--nocapture"]);
    command.env(PROGRAM, name).env(ARGUMENTS, arguments.join("\n"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(name, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A running example; it does not outlive this value.
struct Server {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    address: std::net::SocketAddr,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut child = command(name, &["serve", "127.0.0.1:0"]).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "{name} says no address");
            if let Some((_, address)) = line.trim().split_once("http://") {
                break address.trim_end_matches('/').parse().unwrap();
            }
        };
        Self { child, _stdout: stdout, address }
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let kill = format!("kill -s {signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    /// Waits until it has ended by itself; its code and what it said.
    async fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = self.child.stderr.take().unwrap();
        // Its stderr ends when the program does, and a task, unlike a child, has a deadline.
        let read = tokio::task::spawn_blocking(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).map(|_| said)
        });
        let said = timeout(LONG, read).await.expect("it does not end").unwrap().unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn without_arguments_they_show_themselves_and_end() {
    for name in ["chat", "ticker"] {
        let (code, stdout, stderr) = output(name, &[]);
        assert_eq!(code, Some(0), "{name}: {stdout}{stderr}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_them_although_clients_idle() {
    for signal in ["INT", "TERM"] {
        let chat = Server::start("chat");
        let mut ann = chat::client::Client::enter(chat.address, "Ann").await.unwrap();
        assert_eq!(ann.hear(1).await.unwrap(), ["Ann came"]);
        let page = reqwest::get(format!("http://{}/", chat.address)).await.unwrap();
        assert!(page.text().await.unwrap().contains("<title>Chat</title>"));
        chat.signal(signal);
        let (ended, told) = tokio::join!(chat.end(), ann.until_the_end());
        assert_eq!(told.unwrap(), "the server stops");
        assert_eq!(ended.0, Some(0), "{signal}: {}", ended.1);

        let ticker = Server::start("ticker");
        // Even who hears nothing: the next price is a second away.
        let mut idle = ticker::client::Client::connect(ticker.address, None).await.unwrap();
        ticker.signal(signal);
        let (code, said) = ticker.end().await;
        assert_eq!(code, Some(0), "{signal}: {said}");
        while idle.next().await.unwrap().is_some() {}
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for name in ["chat", "ticker"] {
        let (code, _, stderr) = output(name, &["serve", &address]);
        assert_eq!(code, Some(1), "{name}: {stderr}");
        assert!(stderr.contains(&format!("{address} is in use")), "{stderr}");
        assert!(stderr.contains("`serve 127.0.0.1:0`"), "{stderr}");
    }
}

#[tokio::test]
async fn mistakes_are_named_with_the_usage() {
    for name in ["chat", "ticker"] {
        for (arguments, mistake) in [
            (&["listen"][..], "there is no command \"listen\""),
            (&["serve", "nowhere"], "\"nowhere\" is no address with a port"),
            (&["serve", "127.0.0.1"], "\"127.0.0.1\" is no address with a port"),
            (&["serve", "127.0.0.1:1", "2"], "\"2\" is one argument too many"),
        ] {
            let (code, _, stderr) = output(name, arguments);
            assert_eq!(code, Some(2), "{name} {arguments:?}: {stderr}");
            assert!(stderr.contains(mistake) && stderr.contains("usage: "), "{stderr}");
        }
        let (code, stdout, _) = output(name, &["--help"]);
        assert_eq!(code, Some(0));
        assert!(stdout.contains(&format!("usage: {name} [serve [ADDRESS]]")), "{stdout}");
    }
}
