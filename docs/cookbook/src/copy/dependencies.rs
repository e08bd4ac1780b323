//! Which crates copied files need, as lines for the `[dependencies]` of another crate.

use std::path::Path;

use anyhow::Context as _;
use toml::{Table, Value};

use crate::workspace::{Recipe, Workspace};

/// The recipe's dependencies that the `texts` use, with versions and features from the workspace. Another
/// recipe has no version: it is named by where it lies on this machine.
pub(super) fn of(
    workspace: &Workspace,
    recipe: &Recipe,
    texts: &[String],
) -> anyhow::Result<Vec<String>> {
    let manifest: Table = workspace.read(recipe.folder.join("Cargo.toml"))?.parse()?;
    let root: Table = workspace.read("Cargo.toml")?.parse()?;
    let shared = root.get("workspace").and_then(|it| it.get("dependencies"));
    let own = manifest.get("dependencies").and_then(Value::as_table).cloned().unwrap_or_default();
    own.iter()
        .filter(|(name, _)| texts.iter().any(|text| uses(text, &name.replace('-', "_"))))
        .map(|(name, asked)| {
            let shared = shared.and_then(|shared| shared.get(name));
            let resolved = resolve(asked, shared, &workspace.path(""))
                .with_context(|| format!("{} asks for {name} without a version", recipe.name))?;
            Ok(format!("{name} = {resolved}"))
        })
        .collect()
}

/// Whether code (not a comment) names the crate in a path.
fn uses(text: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.into_iter().any(|line| {
        line.match_indices(&path).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before))
        })
    })
}

/// What the recipe asks for, with what it inherits filled in, as `cargo` reads it; `root` is where paths that
/// are inherited begin.
fn resolve(asked: &Value, shared: Option<&Value>, root: &Path) -> Option<String> {
    let inherits = asked.get("workspace").and_then(Value::as_bool) == Some(true);
    let base = if inherits { shared? } else { asked };
    let mut table = match base {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    if inherits {
        let lists = [base.get("features"), asked.get("features")];
        let lists = lists.into_iter().flatten().filter_map(Value::as_array);
        let features: Vec<_> = lists.flatten().cloned().collect();
        if !features.is_empty() {
            table.insert("features".to_owned(), Value::Array(features));
        }
        if let Some(Value::String(path)) = table.get_mut("path") {
            *path = root.join(&*path).display().to_string();
        }
    }
    // First, so that a reader sees it; a sibling has a path in its place.
    let (key, first) =
        ["version", "path"].into_iter().find_map(|key| Some((key, table.remove(key)?)))?;
    let rest: Vec<_> = table.iter().map(|(key, value)| format!(", {key} = {value}")).collect();
    Some(if rest.is_empty() && key == "version" {
        first.to_string()
    } else {
        format!("{{ {key} = {first}{} }}", rest.concat())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Value {
        line.parse::<Table>().unwrap()["it"].clone()
    }

    #[test]
    fn versions_and_features_come_from_the_workspace() {
        let shared = value(r#"it = { version = "1.54", default-features = false }"#);
        let asked = value(r#"it = { workspace = true, features = ["sync"] }"#);
        let resolved = resolve(&asked, Some(&shared), Path::new("/here")).unwrap();
        let expected = r#"{ version = "1.54", default-features = false, features = ["sync"] }"#;
        assert_eq!(resolved, expected);
    }

    #[test]
    fn a_bare_version_stays_bare() {
        let asked = value("it = { workspace = true }");
        let shared = value(r#"it = "2""#);
        assert_eq!(resolve(&asked, Some(&shared), Path::new("/here")).unwrap(), "\"2\"");
    }

    #[test]
    fn a_sibling_is_named_by_where_it_lies() {
        let asked = value("it = { workspace = true }");
        let shared = value(r#"it = { path = "consensus/it" }"#);
        let resolved = resolve(&asked, Some(&shared), Path::new("/here")).unwrap();
        assert_eq!(resolved, r#"{ path = "/here/consensus/it" }"#);
        assert_eq!(resolve(&value("it = {}"), None, Path::new("/here")), None, "nothing names it");
    }

    #[test]
    fn only_code_that_names_a_crate_uses_it() {
        assert!(uses("use tokio::sync::oneshot;", "tokio"));
        assert!(uses("    #[derive(thiserror::Error)]", "thiserror"));
        assert!(!uses("/// See tokio::sync.", "tokio"));
        assert!(!uses("use my_tokio::sync; use super::tokio::x;", "tokio"));
    }
}
