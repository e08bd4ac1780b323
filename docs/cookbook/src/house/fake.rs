//! A small workspace that keeps every rule, for tests to break one.

use std::path::Path;

use tempfile::TempDir;

use crate::splice;
use crate::workspace::Workspace;

use super::{House, Rule};

/// The workspace; it is gone when this is dropped.
pub(crate) struct Fake {
    pub(crate) workspace: Workspace,
    _folder: TempDir,
}

const MANIFEST: &str = r#"[package]
name = "demo"
description = "A demo shows how it counts."

[dependencies]
"#;

const README: &str = "\
# Demo

It counts.

```text
0 -> 1
```

## When to use it
## Example
## Two ways to build it
## Contract

1. It counts: `it_counts`.

## How the textbook version breaks
## Measured
## Run it
## When to stop using it
## Coming from Go

<details>
</details>

## Where to look
";

const LOCK: &str = "\
//! It counts.
//!
//! Take along: `lock.rs`, `sync.rs`.

use super::sync::Mutex;

/// One more.
pub fn count_up(counter: &Mutex<usize>) {
    let mut count = counter.lock().unwrap();
    *count = *count + 1;
}
";

const PATCH: &str = "\
It counts in twos.

--- a/src/lock.rs
+++ b/src/lock.rs
@@ -7,5 +7,5 @@
 /// One more.
 pub fn count_up(counter: &Mutex<usize>) {
     let mut count = counter.lock().unwrap();
-    *count = *count + 1;
+    *count = *count + 2;
 }
";

const CHOOSER: &str = r#"
question = "What hurts?"
then = []

[[branch]]
say = "It does not count"
question = "What does it?"

[[branch.leaf]]
want = "to count"
pattern = "demo"
recipe = "demo"
goal = "fast"
outgrown = "a database"
take = "an atomic"
"#;

const GOALS: &str = r#"
[[goal]]
name = "fast"
recipe = "demo"
text = "Counting, beside another"
numerator = "a/lock/1"
denominator = "a/other/1"
"#;

const RECORD: &str = r#"{
    "date": "2026-11-01",
    "machine": { "cpu": "", "cores": 2, "kernel": "" },
    "recipes": { "demo": { "rustc": "", "crates": {}, "variants": ["lock"], "scenarios": [{
        "name": "a", "by": "threads", "about": "counts.", "points": [
            {"contender": "lock", "parameter": 1, "rounds": [{"high": 1, "low": 1, "median": 1}]},
            {"contender": "other", "parameter": 1, "rounds": [{"high": 4, "low": 4, "median": 4}]}
        ]
    }] } }
}"#;

impl Fake {
    /// One finished recipe in a house in order.
    pub(crate) fn finished() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fake = Self { workspace: Workspace::at(folder.path()), _folder: folder };
        for (path, text) in [
            ("Cargo.toml", "[workspace]\nmembers = [\"patterns/*\"]\n"),
            ("README.md", "# Cookbook\n\nRecipes:\n\n<!-- splice: recipes -->\n<!-- /splice -->\n"),
            ("docs/cookbook/choose.toml", CHOOSER),
            ("docs/book/src/SUMMARY.md", "- [Demo](patterns/demo.md)\n"),
            (
                "docs/book/src/patterns/demo.md",
                "{{#include ../../../../patterns/demo/README.md}}\n",
            ),
            ("benches/benches/demo.rs", ""),
            ("benches/goals.toml", GOALS),
            ("benches/record/2026-11-01-here.json", RECORD),
            ("patterns/demo/Cargo.toml", MANIFEST),
            ("patterns/demo/README.md", README),
            ("patterns/demo/src/lib.rs", "pub mod lock;\nmod sync;\n"),
            ("patterns/demo/src/lock.rs", LOCK),
            ("patterns/demo/src/sync.rs", "pub(crate) use std::sync::Mutex;\n"),
            ("patterns/demo/tests/contract.rs", "#[test]\nfn it_counts() {}\n"),
            ("patterns/demo/tests/planted/lock-it_counts.patch", PATCH),
        ] {
            fake.write(path, text);
        }
        let front = splice::splice(&fake.workspace, Path::new("README.md")).unwrap();
        fake.write("README.md", &front.after);
        fake
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.workspace.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces what must be there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.workspace.read(path).unwrap();
        assert!(text.contains(from), "{path} lacks {from}");
        self.write(path, &text.replace(from, to));
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.workspace.path(path)).unwrap();
    }

    pub(super) fn make_draft(&self) {
        let draft = "[package.metadata.cookbook]\ndraft = true\n\n[dependencies]";
        self.edit("patterns/demo/Cargo.toml", "[dependencies]", draft);
    }

    /// The rule finds fault, and says so in these words.
    pub(super) fn complains(&self, rule: Rule, words: &str) {
        let found = self.found_by(rule);
        assert!(found.iter().any(|sentence| sentence.contains(words)), "{words}: {found:#?}");
    }

    pub(super) fn is_content_with(&self, rule: Rule) {
        assert_eq!(self.found_by(rule), Vec::<String>::new());
    }

    fn found_by(&self, rule: Rule) -> Vec<String> {
        let recipes = self.workspace.recipes().unwrap();
        rule(&House { workspace: &self.workspace, recipes }).unwrap()
    }
}
