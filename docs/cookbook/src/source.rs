//! What can be read off a Rust file without compiling it.

use std::path::{Path, PathBuf};

/// The names of the test functions, in their order. Works on lines, so that it sees the tests
/// inside a macro too.
pub fn tests(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        marked |= is_test_attribute(line);
        if let Some(name) = function(line) {
            if marked {
                names.push(name.to_owned());
            }
            marked = false;
        }
    }
    names
}

/// The names of all functions.
pub fn functions(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(function)
}

/// The files that it includes by `#[path = ".."]`, each from the folder of this one.
pub fn included(source: &str) -> impl Iterator<Item = &Path> {
    source.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]")?;
        Some(Path::new(path))
    })
}

/// The files that the header of a variant names: ``//! Take along: `lock.rs`, `sync.rs`.``
pub fn take_along(source: &str) -> Vec<PathBuf> {
    let header: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let header = header.join("\n");
    let Some((_, list)) = header.split_once("Take along:") else { return Vec::new() };
    let list = list.split_once("`.").map_or(list, |(names, _)| names);
    list.split('`').skip(1).step_by(2).map(PathBuf::from).collect()
}

/// The lines of the doc comments, each with its number.
pub fn doc_lines(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.lines().enumerate().filter_map(|(at, line)| {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
        Some((at + 1, doc))
    })
}

fn is_test_attribute(line: &str) -> bool {
    line.strip_prefix("#[").is_some_and(|rest| {
        let path = rest.split(['(', ']']).next().unwrap_or_default();
        path == "test" || path.ends_with("::test")
    })
}

/// The name of the function that a line declares.
fn function(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let is_declared = before.is_empty() || before.ends_with(' ');
    let is_code = !before.starts_with("//") && !before.contains('"');
    let name = after.split(['(', '<']).next()?.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric());
    (is_declared && is_code && is_name).then_some(name)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn tests_are_found_inside_macros_and_behind_other_attributes() {
        let source = "macro_rules! contract { () => {
            #[test]
            #[should_panic(expected = \"no\")]
            // why
            fn first() {}
            fn helper() {}
            #[tokio::test(start_paused = true)]
            async fn second() {}
            #[test] fn third() {}
        } }";
        assert_eq!(tests(source), ["first", "second", "third"]);
    }

    #[test]
    fn a_header_names_files_on_one_line_or_two() {
        let source = "//! The idea.\n//!\n//! Take along: `lock.rs`, `lock/queue.rs`,\n//! `sync.rs`.\n//! It uses `std`.\n";
        assert_eq!(take_along(source), ["lock.rs", "lock/queue.rs", "sync.rs"].map(PathBuf::from));
        assert!(take_along("//! No such line.\n// Take along: `a.rs`.").is_empty());
    }
}
