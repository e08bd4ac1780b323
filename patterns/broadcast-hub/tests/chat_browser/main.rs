//! The example `chat` in a real browser: two people talk to each other, one on a phone by day, one
//! on a desk by night, and what they write stays text.
//!
//! `COOKBOOK_SHOTS=DIR` keeps pictures.

#[path = "../../examples/chat.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod chat;
// The one that looks at the book.
#[path = "../../../../docs/cookbook/tests/browser/chrome.rs"]
mod chrome;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use chat::room::Room;
use chrome::{Browser, Driver, Programs};
use fantoccini::Locator;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Far more than anything here takes, so that a slow machine is not called broken.
const LONG: Duration = Duration::from_mins(2);

/// What would become part of a page that does not mind.
const MARKUP: &str = "<b id=injected>bold</b><img src=x onerror=\"document.title='taken'\">";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_talk_to_each_other() {
    let Some(programs) = Programs::find() else {
        let reason = "no Chromium found (set CHROME or install chromium)";
        writeln!(std::io::stderr(), "SKIP chat_browser: {reason}").unwrap();
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    let (told, is_told) = oneshot::channel();
    let room = Room::new(64, Duration::from_secs(5));
    let running = tokio::spawn(chat::open(room, listener, is_told));
    let driver = Driver::start(&programs).unwrap();
    let profiles = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let ann = Browser::open(&programs, &driver, profiles[0].path()).await.unwrap();
    let bob = Browser::open(&programs, &driver, profiles[1].path()).await.unwrap();
    let seen = timeout(LONG, async {
        let ann = Page::new(&ann, "Ann", (360, "light"), &origin);
        let bob = Page::new(&bob, "Bob", (1280, "dark"), &origin);
        talk(&ann, &bob).await?;
        drop(told);
        the_end(&ann, &bob).await
    });
    let seen = seen.await;
    // Whatever happened: windows close before the driver, which would leave them behind.
    for browser in [ann, bob] {
        let _ = browser.client.close().await;
    }
    seen.expect("the browser hangs").unwrap();
    assert!(running.await.unwrap(), "a page held up the end");
}

async fn talk(ann: &Page<'_>, bob: &Page<'_>) -> Result<()> {
    for page in [ann, bob] {
        page.open().await?;
        page.look("before").await?;
        page.join(page.name).await?;
    }
    ann.sees("Bob came").await?;
    ann.say("Does anybody hear me?").await?;
    bob.sees("AnnDoes anybody hear me?").await?;
    bob.say(MARKUP).await?;
    for page in [ann, bob] {
        page.sees(&format!("Bob{MARKUP}")).await?;
        page.run("document.querySelectorAll('#log img, #log b[id]').length", &json!(0)).await?;
        page.run("document.title", &json!("Chat")).await?;
    }
    ann.say(&format!("A word with no place to break: {}", "w".repeat(120))).await?;
    bob.sees("wwwww").await?;
    ann.run("document.querySelector('#log .mine').textContent", &json!("AnnDoes anybody hear me?"))
        .await?;
    for (page, here) in [(ann, "You are Ann. Here now: 2."), (bob, "You are Bob. Here now: 2.")] {
        page.run("document.getElementById('status').textContent", &json!(here)).await?;
        page.look("talk").await?;
    }
    Ok(())
}

/// The server stops: both are told, and may try again.
async fn the_end(ann: &Page<'_>, bob: &Page<'_>) -> Result<()> {
    for page in [ann, bob] {
        page.until("document.getElementById('status').textContent.includes('the server stops')")
            .await?;
        page.run("document.getElementById('join').hidden", &json!(false)).await?;
        page.look("end").await?;
    }
    Ok(())
}

/// The chat in one window.
struct Page<'a> {
    browser: &'a Browser,
    name: &'static str,
    width: u32,
    scheme: &'static str,
    origin: &'a str,
}

impl<'a> Page<'a> {
    fn new(
        browser: &'a Browser,
        name: &'static str,
        (width, scheme): (u32, &'static str),
        origin: &'a str,
    ) -> Self {
        Self { browser, name, width, scheme, origin }
    }

    async fn open(&self) -> Result<()> {
        self.browser.emulate(self.width, self.scheme).await?;
        Ok(self.browser.client.goto(self.origin).await?)
    }

    async fn join(&self, name: &str) -> Result<()> {
        self.write("name", name).await?;
        self.until("!document.getElementById('say').hidden").await
    }

    async fn say(&self, text: &str) -> Result<()> {
        self.write("text", text).await
    }

    /// Writes into a field as people do, and presses Enter.
    async fn write(&self, field: &str, text: &str) -> Result<()> {
        let field = self.browser.client.find(Locator::Id(field)).await?;
        Ok(field.send_keys(&format!("{text}\u{e007}")).await?)
    }

    /// Waits for a line that contains this.
    async fn sees(&self, text: &str) -> Result<()> {
        let text = json!(text);
        self.until(&format!(
            "[...document.querySelectorAll('#log li')].some(it => it.textContent.includes({text}))"
        ))
        .await
    }

    async fn until(&self, condition: &str) -> Result<()> {
        let script = format!("return {condition}");
        while self.browser.client.execute(&script, vec![]).await? != json!(true) {}
        Ok(())
    }

    async fn run(&self, expression: &str, expected: &Value) -> Result<()> {
        let found = self.browser.client.execute(&format!("return {expression}"), vec![]).await?;
        assert_eq!(found, *expected, "{}: {expression}", self.name);
        Ok(())
    }

    /// Nothing sticks out, nothing complains, nobody else is asked; keeps a picture, in both
    /// schemes, if somebody wants to look.
    async fn look(&self, what: &str) -> Result<()> {
        let wide = self.browser.client.execute(LOOK, vec![json!(self.width)]).await?;
        assert_eq!(wide, json!([]), "{}, {what}", self.name);
        assert_eq!(self.browser.console().await?, [""; 0], "{}, {what}", self.name);
        for url in self.browser.requests().await? {
            let ours = url.starts_with(self.origin) || url.starts_with("data:");
            assert!(ours, "{}, {what}: it asks for {url}", self.name);
        }
        let Some(folder) = env::var_os("COOKBOOK_SHOTS").map(PathBuf::from) else { return Ok(()) };
        fs::create_dir_all(&folder)?;
        for (width, scheme) in [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")] {
            self.browser.emulate(width, scheme).await?;
            let shot = self.browser.devtools("Page.captureScreenshot", json!({})).await?;
            let data = shot["data"].as_str().context("a screenshot has data")?;
            let data = base64::engine::general_purpose::STANDARD.decode(data)?;
            let name = self.name;
            fs::write(folder.join(format!("{what}-{name}-{width}-{scheme}.png")), data)?;
        }
        self.browser.emulate(self.width, self.scheme).await
    }
}

/// What is wider than its window.
const LOOK: &str = r"
    const [width] = arguments;
    const wide = [...document.querySelectorAll('html, body, body *')];
    return wide.filter(it => it.getBoundingClientRect().right > width + 1).map(it => it.outerHTML);
";
