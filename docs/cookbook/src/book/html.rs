//! A thin reader of HTML and SVG: tokens in, tokens out, no tree.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, TokenSink, TokenSinkResult, Tokenizer};
pub(super) use html5ever::tokenizer::{Tag, Token};

/// Splits a page, or a piece of one, into its tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(text));
    let tokenizer =
        Tokenizer::new(Collector::default(), html5ever::tokenizer::TokenizerOpts::default());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// The value of an attribute.
pub(super) fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| &*attr.value)
}

/// Whether a tag opens an element.
pub(super) fn opens(tag: &Tag) -> bool {
    tag.kind == TagKind::StartTag
}

/// Whether a link or a source names another site (or another scheme, such as `mailto:`).
pub(super) fn leads_outside(url: &str) -> bool {
    let scheme = url.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'));
    scheme || url.starts_with("//")
}

/// Text that means itself in HTML, between tags and within double quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[derive(Default)]
struct Collector(RefCell<Vec<Token>>);

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        // What is inside these two is no HTML, and without a tree builder the tokenizer must be told.
        let raw = match &token {
            Token::TagToken(tag) if opens(tag) && !tag.self_closing => match &*tag.name {
                "script" => Some(RawKind::ScriptData),
                "style" => Some(RawKind::Rawtext),
                _ => None,
            },
            _ => None,
        };
        self.0.borrow_mut().push(token);
        raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
    }
}
