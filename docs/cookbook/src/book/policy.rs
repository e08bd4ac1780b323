//! The content security policy of the book.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::html::{self, Token};
use super::site::Site;

/// Allows what the pages hold, byte for byte, and nothing else.
///
/// mdBook writes small scripts and a few `style` attributes into its pages; each is named by its
/// hash, so that a script that came from elsewhere does not run. Without scripts, the table of
/// contents is a frame of the book itself; the "not found" page has a `<base>`.
pub fn content_security_policy(site: &Site) -> String {
    let Hashes { scripts, styles } = Hashes::of(site);
    format!(
        "default-src 'none'; script-src 'self' {}; style-src 'self' 'unsafe-hashes' {}; \
         img-src 'self' data:; font-src 'self'; frame-src 'self'; \
         frame-ancestors 'self'; base-uri 'self'; form-action 'none'",
        list(scripts),
        list(styles),
    )
}

#[derive(Default)]
struct Hashes {
    scripts: BTreeSet<String>,
    styles: BTreeSet<String>,
}

impl Hashes {
    fn of(site: &Site) -> Self {
        let mut hashes = Self::default();
        for (_, page) in site.pages() {
            hashes.add_page(page);
        }
        // The search hides an element of its own in this way.
        for (_, script) in site.scripts() {
            for rest in script.split("setAttribute('style', '").skip(1) {
                hashes.styles.extend(rest.split('\'').next().map(source));
            }
        }
        hashes
    }

    fn add_page(&mut self, page: &str) {
        let mut inside = String::new();
        let mut text = String::new();
        for token in html::tokens(page) {
            match token {
                Token::TagToken(tag) if html::opens(&tag) => {
                    if let Some(style) = html::attribute(&tag, "style") {
                        self.styles.insert(source(style));
                    }
                    inside = tag.name.to_string();
                    text.clear();
                }
                Token::CharacterTokens(more) => text.push_str(&more),
                Token::TagToken(tag) if *tag.name == *inside => {
                    match &*inside {
                        "script" if !text.is_empty() => self.scripts.insert(source(&text)),
                        "style" => self.styles.insert(source(&text)),
                        _ => false,
                    };
                }
                _ => {}
            }
        }
    }
}

/// How a policy names a script or a style by what it says.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

fn list(sources: BTreeSet<String>) -> String {
    Vec::from_iter(sources).join(" ")
}

#[cfg(test)]
mod tests {
    use super::content_security_policy;
    use crate::book::site::Site;

    #[test]
    fn scripts_and_styles_are_named_by_their_hashes() {
        let page = "<p style=\"clear: both\">t</p><script>let a = '<b>';</script><script src=\"x\"></script>";
        let policy = content_security_policy(&Site::new([("a.html".to_owned(), page.into())]));
        // printf "let a = '<b>';" | openssl dgst -sha256 -binary | base64
        assert!(
            policy.contains(
                "script-src 'self' 'sha256-EQy6lbKMEDS5RtWNeoIz/0Mj5/rDTMdpO0ABzyh6HlI=';"
            ),
            "{policy}"
        );
        assert!(policy.contains("style-src 'self' 'unsafe-hashes' 'sha256-matwEc6givhWX0+jiSfM1+E5UMk8/UGLdl902bjFBmY=';"), "{policy}");
    }
}
