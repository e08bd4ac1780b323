//! Traces and histories that the page shows.

use std::path::Path;

use simnet::Trace;

/// The stored trace is what just happened.
pub(crate) fn is_stored(name: &str, trace: &Trace) {
    is_the_file(&format!("tests/traces/{name}.jsonl"), trace.as_str());
}

pub(crate) fn is_the_file(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, text).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == text, "it is now:\n{text}");
}
