//! Starts the real program and talks to it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Far more than anything here takes, so that a slow machine is not called broken.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A running `cookbook`; it does not outlive this value.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) child: Child,
    /// Kept open: a program that prints to a closed pipe dies of it.
    _stdout: BufReader<ChildStdout>,
    /// `127.0.0.1:PORT`
    pub(crate) host: String,
}

impl Server {
    /// Starts the program on this port, or on any for 0, and waits until it says where it is.
    pub(crate) fn start(port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cookbook"))
            .args(["--port", &port.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the program prints text");
        let host = line.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/\n"));
        let Some(host) = host.map(str::to_owned) else {
            let mut stderr = String::new();
            let _ = child.stderr.take().expect("stderr is a pipe").read_to_string(&mut stderr);
            panic!("it printed {line:?} where its address should be, and said:\n{stderr}");
        };
        Self { child, _stdout: stdout, host }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
