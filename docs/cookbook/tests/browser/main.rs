//! Looks at every page of the book as readers do: on a phone and on a desk, by day and by night.
//!
//! `COOKBOOK_SHOTS=DIR` keeps a picture of each.

mod chrome;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::Context as _;
use base64::Engine as _;
use chrome::{Browser, Driver, Programs};
use cookbook::workspace::Workspace;
use fantoccini::Locator;
use serde_json::{Value, json};
use support::{PATIENCE, Server};

/// A phone, a laptop, and a screen with room for two variants side by side.
const WIDTHS: [u32; 3] = [360, 1280, 1680];

/// What a reader's system prefers, and the theme the book must then wear.
const SCHEMES: [(&str, &str); 2] = [("light", "light"), ("dark", "navy")];

#[test]
fn every_page_is_fit_to_be_read() {
    let Some(programs) = Programs::find() else {
        let reason = "no Chromium found (set CHROME or install chromium)";
        writeln!(std::io::stderr(), "SKIP browser: {reason}").unwrap();
        return;
    };
    let server = Server::start(0);
    let driver = Driver::start(&programs).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let visit = async {
        let browser = Browser::open(&programs, &driver, profile.path()).await?;
        let mut visit = Visit::new(&browser, &server);
        let seen = tokio::time::timeout(4 * PATIENCE, visit.all()).await;
        // Whatever happened: the window closes before the driver, which would leave it behind.
        browser.client.clone().close().await?;
        let pages = seen.context("the browser hangs")??;
        anyhow::Ok((pages, visit.problems))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (pages, problems) = runtime.block_on(visit).unwrap();
    assert!(problems.is_empty(), "not fit to be read:\n{}", problems.join("\n"));
    let chapters = chapters();
    assert!(pages >= chapters, "{pages} pages were seen of {chapters} chapters");
    writeln!(std::io::stderr(), "COUNT browser_pages={pages}").unwrap();
}

/// How many chapters the summary names.
fn chapters() -> usize {
    let summary = Workspace::find().unwrap().read("docs/book/src/SUMMARY.md").unwrap();
    summary.matches(".md)").count()
}

struct Visit<'a> {
    browser: &'a Browser,
    origin: String,
    shots: Option<PathBuf>,
    problems: Vec<String>,
}

impl<'a> Visit<'a> {
    fn new(browser: &'a Browser, server: &Server) -> Self {
        Self {
            browser,
            origin: format!("http://{}/", server.host),
            shots: env::var_os("COOKBOOK_SHOTS").map(PathBuf::from),
            problems: Vec::new(),
        }
    }

    /// Sees every page in every way and searches; gives the number of pages.
    async fn all(&mut self) -> anyhow::Result<usize> {
        self.plant().await?;
        let pages = self.pages().await?;
        for (scheme, theme) in SCHEMES {
            for width in WIDTHS {
                self.browser.emulate(width, scheme).await?;
                for page in &pages {
                    self.see(page, width, theme).await?;
                }
                self.search("permit", "semaphore", width).await?;
                self.search("hangs on shutdown", "symptom", width).await?;
            }
        }
        Ok(pages.len())
    }

    /// Spoils a page in every way that this test looks for, and makes sure that it notices.
    async fn plant(&mut self) -> anyhow::Result<()> {
        self.browser.emulate(360, "light").await?;
        self.browser.client.goto(&self.origin).await?;
        self.browser.client.execute(SPOIL, vec![]).await?;
        self.look("planted", 360, json!("none")).await?;
        let found = std::mem::take(&mut self.problems).join("\n");
        let faults = [
            "and takes",
            "reaches to",
            "is drawn",
            "its theme",
            "said by hand",
            "inline script",
            "example.org",
        ];
        for fault in faults {
            anyhow::ensure!(
                found.contains(fault),
                "a planted fault ({fault}) is not seen: {found}"
            );
        }
        Ok(())
    }

    /// Every page the table of contents leads to, and the one for pages that are not there.
    async fn pages(&self) -> anyhow::Result<Vec<String>> {
        self.browser.client.goto(&self.origin).await?;
        let links = "const links = document.querySelectorAll('#mdbook-sidebar a');
                     return [...links].map(link => link.href.split('#')[0])";
        let links = self.browser.client.execute(links, vec![]).await?;
        let mut pages: Vec<String> = serde_json::from_value(links)?;
        pages.push(format!("{}404.html", self.origin));
        pages.sort();
        pages.dedup();
        Ok(pages)
    }

    async fn see(&mut self, page: &str, width: u32, theme: &str) -> anyhow::Result<()> {
        self.browser.client.goto(page).await?;
        let name = page.trim_start_matches(&self.origin).to_owned();
        let view = format!("{name} at {width} in {theme}");
        self.look(&view, width, json!(theme)).await?;
        let file = format!("{}-{width}-{theme}.png", name.replace('/', "-").replace(".html", ""));
        self.shoot(&file).await
    }

    /// Notes how the page looks, what it complained about and whom it asked.
    async fn look(&mut self, view: &str, width: u32, theme: Value) -> anyhow::Result<()> {
        let wrong = self.browser.client.execute(LOOK, vec![json!(width), theme]).await?;
        for problem in serde_json::from_value::<Vec<String>>(wrong)? {
            self.problems.push(format!("{view}: {problem}"));
        }
        for message in self.browser.console().await? {
            self.problems.push(format!("{view}: the console says {message}"));
        }
        for url in self.browser.requests().await? {
            if !url.starts_with(&self.origin) && !url.starts_with("data:") {
                self.problems.push(format!("{view}: it asks for {url}"));
            }
        }
        Ok(())
    }

    /// Searches as a reader does, and presses Enter.
    async fn search(&mut self, words: &str, hit: &str, width: u32) -> anyhow::Result<()> {
        let client = &self.browser.client;
        client.goto(&self.origin).await?;
        client.find(Locator::Id("mdbook-search-toggle")).await?.click().await?;
        let bar = Locator::Id("mdbook-searchbar");
        let bar = client.wait().at_most(PATIENCE).for_element(bar).await?;
        bar.send_keys(words).await?;
        let hits = Locator::Css("#mdbook-searchresults li a");
        client.wait().at_most(PATIENCE).for_element(hits).await?;
        let hits = client.find(Locator::Id("mdbook-searchresults")).await?.text().await?;
        if !hits.to_lowercase().contains(hit) {
            self.problems.push(format!("the search for {words:?} does not find {hit:?}: {hits}"));
        }
        let view = format!("the search for {words:?} at {width}");
        self.look(&view, width, Value::Null).await?;
        self.shoot(&format!("search-{}-{width}.png", words.replace(' ', "-"))).await?;
        // Enter leads to the first hit, where the words are marked.
        bar.send_keys("\u{e007}").await?;
        client.wait().at_most(PATIENCE).for_element(Locator::Css("main mark")).await?;
        self.look(&format!("the first hit of {view}"), width, Value::Null).await
    }

    /// Keeps a picture of the whole page, if somebody wants to look.
    async fn shoot(&self, file: &str) -> anyhow::Result<()> {
        let Some(folder) = &self.shots else { return Ok(()) };
        let params = json!({ "captureBeyondViewport": true });
        let shot = self.browser.devtools("Page.captureScreenshot", params).await?;
        let data = shot["data"].as_str().context("a screenshot has data")?;
        fs::create_dir_all(folder)?;
        fs::write(folder.join(file), base64::engine::general_purpose::STANDARD.decode(data)?)?;
        Ok(())
    }
}

/// Lists what is wrong with how the page stands in its window.
///
/// The style of mdBook cuts off what is too wide, so the size of the document alone would not
/// tell: the text and every element are measured, but not inside the boxes that scroll by themselves.
const LOOK: &str = r"
    const [width, theme] = arguments;
    const root = document.documentElement;
    const wrong = [];
    for (const whole of [root, document.querySelector('.content')]) {
        const room = Math.min(width, whole.clientWidth);
        if (whole.scrollWidth > room) wrong.push(`it has ${room} and takes ${whole.scrollWidth}`);
    }
    if (theme && !root.classList.contains(theme)) wrong.push(`its theme is ${root.className}`);
    const scrolls = 'pre, .table-wrapper, .cb-figure';
    for (const element of document.querySelectorAll('body *')) {
        const box = element.getBoundingClientRect();
        if (box.width > 0 && box.right > width + 1 && !element.parentElement.closest(scrolls)) {
            wrong.push(`${element.outerHTML.slice(0, 80)} reaches to ${Math.ceil(box.right)}`);
        }
    }
    for (const text of document.querySelectorAll('.cb-svg text')) {
        const size = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
        if (size < 9) wrong.push(`'${text.textContent}' is drawn ${size.toFixed(1)} high`);
    }
    return wrong.slice(0, 9);
";

/// One of each: too wide, too small, a complaint, a script and a request that the policy forbids.
const SPOIL: &str = r"
    const main = document.querySelector('main');
    main.insertAdjacentHTML('afterbegin', `<p>${'w'.repeat(99)}</p><hr>
        <svg class='cb-svg' viewBox='0 0 1000 9' width='100'><text y='9'>small</text></svg>`);
    main.children[0].style.overflowWrap = 'normal';
    main.children[1].style.width = '999px';
    main.append(Object.assign(document.createElement('script'), { textContent: '1' }));
    console.error('said by hand');
    return fetch('https://example.org/').catch(() => {});
";
