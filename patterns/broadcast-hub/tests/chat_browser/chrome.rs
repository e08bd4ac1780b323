//! A headless Chromium, driven through its `chromedriver`.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use axum::http::Method;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The two programs, where they are installed.
#[derive(Debug)]
pub(crate) struct Programs {
    browser: PathBuf,
    driver: PathBuf,
}

impl Programs {
    /// Looks at `CHROME` and `CHROMEDRIVER`, then along `PATH`.
    pub(crate) fn find() -> Option<Self> {
        let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        Some(Self {
            browser: program("CHROME", &browsers)?,
            driver: program("CHROMEDRIVER", &["chromedriver"])?,
        })
    }
}

fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Some(path.into());
    }
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |dir| dir.join(name)))
        .find(|p| p.is_file())
}

/// A `chromedriver` process; it does not outlive this value.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    _stdout: BufReader<ChildStdout>,
    address: String,
}

impl Driver {
    pub(crate) fn start(programs: &Programs) -> Result<Self> {
        let mut process = Command::new(&programs.driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut stdout = BufReader::new(process.stdout.take().expect("stdout is a pipe"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            if stdout.read_line(&mut line)? == 0 {
                return Err("chromedriver ended without a port".into());
            }
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').parse::<u16>()?;
            }
        };
        Ok(Self { process, _stdout: stdout, address: format!("http://127.0.0.1:{port}") })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One window.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) client: Client,
}

impl Browser {
    /// Opens a window that has never been used and that asks nobody for anything.
    pub(crate) async fn open(programs: &Programs, driver: &Driver, profile: &Path) -> Result<Self> {
        let options = json!({
            "binary": programs.browser,
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", format!("--user-data-dir={}", profile.display()),
            ],
        });
        let wishes = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let wishes: Capabilities = serde_json::from_value(wishes)?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wishes)
            .connect(&driver.address)
            .await?;
        let browser = Self { client };
        // Chromium's own first page fetches its own resources: what it says is not ours.
        browser.client.goto("about:blank").await?;
        browser.requests().await?;
        browser.console().await?;
        Ok(browser)
    }

    /// A command of the Chrome `DevTools` Protocol.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Result<Value> {
        let body = json!({ "cmd": command, "params": params });
        Ok(self.client.issue_cmd(Vendor { path: "goog/cdp/execute", body }).await?)
    }

    /// Makes the window this wide, and the reader prefer this colour scheme.
    pub(crate) async fn emulate(&self, width: u32, scheme: &str) -> Result<()> {
        let phone = width < 600;
        let metrics = json!({
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// What pages have written to the console since the last call, violations of the policy too.
    pub(crate) async fn console(&self) -> Result<Vec<String>> {
        let entries = self.log("browser").await?;
        Ok(entries.iter().map(|entry| entry["message"].to_string()).collect())
    }

    /// The addresses that were asked for since the last call.
    pub(crate) async fn requests(&self) -> Result<Vec<String>> {
        let mut requests = Vec::new();
        for entry in self.log("performance").await? {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap_or("null"))?;
            let url = &event["message"]["params"]["request"]["url"];
            if let ("Network.requestWillBeSent", Some(url)) =
                (event["message"]["method"].as_str().unwrap_or_default(), url.as_str())
            {
                requests.push(url.to_owned());
            }
        }
        Ok(requests)
    }

    async fn log(&self, kind: &str) -> Result<Vec<Value>> {
        let entries =
            self.client.issue_cmd(Vendor { path: "se/log", body: json!({ "type": kind }) }).await?;
        Ok(serde_json::from_value(entries)?)
    }
}

/// A command that is chromedriver's own and no part of `WebDriver`.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> std::result::Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
