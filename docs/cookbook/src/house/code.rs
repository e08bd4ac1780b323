//! Rules that the compiler does not know.

use toml::{Table, Value};

use super::House;

/// Beyond this a file has more than one role.
const LONGEST: usize = 400;

/// Recipes that others may build on.
const FOUNDATIONS: [&str; 2] = ["wal", "simnet"];
/// Recipes that others may test with.
const CHECKERS: [&str; 3] = ["interleave", "wal", "simnet"];

/// No file is longer than it can be read.
pub(super) fn files_are_short(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in house.workspace.files("", "rs") {
        let lines = house.workspace.read(&file)?.lines().count();
        if lines > LONGEST {
            found.push(format!(
                "{}: {lines} lines, more than {LONGEST}; split it by role",
                file.display()
            ));
        }
    }
    Ok(found)
}

/// Unsafe code says right above why it is sound.
pub(super) fn unsafe_is_explained(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in house.workspace.files("", "rs") {
        let text = house.workspace.read(&file)?;
        let mut explained = false;
        for (at, line) in text.lines().map(str::trim).enumerate() {
            if line.starts_with("//") {
                explained |= line.contains("SAFETY:") || line.contains("# Safety");
                continue;
            }
            if is_unsafe(line) && !explained {
                found.push(format!(
                    "{}:{}: unsafe code without `// SAFETY:` above it",
                    file.display(),
                    at + 1
                ));
            }
            // The comment may stand above a statement of several lines.
            explained &= !line.ends_with([';', '}']) && !line.is_empty();
        }
    }
    Ok(found)
}

fn is_unsafe(line: &str) -> bool {
    let keyword = concat!("un", "safe");
    ["{", "impl", "fn", "extern"].iter().any(|what| {
        let at = line.find(&format!("{keyword} {what}"));
        at.is_some_and(|at| line[..at].matches('"').count().is_multiple_of(2))
    })
}

/// A recipe depends on no other, but for those that are made to be built on. Its tests may depend on itself,
/// to have a feature that is off.
pub(super) fn recipes_stand_alone(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in &house.recipes {
        let file = recipe.folder.join("Cargo.toml");
        let manifest: Table = house.workspace.read(&file)?.parse()?;
        for (table, allowed) in [
            ("dependencies", &FOUNDATIONS[..]),
            ("dev-dependencies", &CHECKERS),
            ("build-dependencies", &[]),
        ] {
            let names = manifest.get(table).and_then(Value::as_table).into_iter().flatten();
            for (name, how) in names.filter(|(name, _)| !allowed.contains(&name.as_str())) {
                let is_itself = how.get("path").and_then(Value::as_str) == Some(".");
                if is_itself && table == "dev-dependencies" {
                    continue;
                }
                if house.recipes.iter().any(|other| other.name == *name) {
                    found.push(format!(
                        "{}: it may not have the recipe {name} among its [{table}]; \
                         write the part it needs again",
                        file.display()
                    ));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    const FILE: &str = "patterns/demo/src/a.rs";

    #[test]
    fn a_long_file_is_named_with_its_length() {
        let fake = Fake::finished();
        fake.write(FILE, &"\n".repeat(401));
        fake.complains(files_are_short, "src/a.rs: 401 lines");
    }

    #[test]
    fn each_piece_of_unsafe_code_needs_its_own_reason() {
        let fake = Fake::finished();
        let text = "// SAFETY: so.\nlet x =\n    unsafe { f() };\nlet y = \"unsafe {\";\n";
        fake.write(FILE, text);
        fake.is_content_with(unsafe_is_explained);
        fake.write(FILE, &format!("{text}unsafe impl Send for X {{}}\n"));
        fake.complains(unsafe_is_explained, "src/a.rs:5: unsafe code without");
    }

    #[test]
    fn a_recipe_may_test_with_interleave_and_not_build_on_it() {
        let fake = Fake::finished();
        fake.write(
            "patterns/interleave/Cargo.toml",
            "package = { name = \"interleave\", description = \"\" }",
        );
        fake.write("patterns/interleave/README.md", "");
        let manifest = "patterns/demo/Cargo.toml";
        fake.edit(
            manifest,
            "[dependencies]",
            "[dev-dependencies]\ninterleave = \"1\"\n[dependencies]",
        );
        fake.is_content_with(recipes_stand_alone);
        fake.edit(
            manifest,
            "[dev-dependencies]\ninterleave = \"1\"\n[dependencies]",
            "[dependencies]\ninterleave = \"1\"",
        );
        fake.complains(recipes_stand_alone, "may not have the recipe interleave");
    }

    #[test]
    fn a_recipe_may_test_with_a_feature_of_its_own() {
        let fake = Fake::finished();
        let manifest = "patterns/demo/Cargo.toml";
        let itself = "demo = { path = \".\", features = [\"x\"] }\n";
        let tests = format!("[dev-dependencies]\n{itself}");
        fake.edit(manifest, "[dependencies]", &format!("{tests}[dependencies]"));
        fake.is_content_with(recipes_stand_alone);
        // Another one of that name, from the registry.
        fake.edit(manifest, itself, "demo = \"1\"\n");
        fake.complains(recipes_stand_alone, "may not have the recipe demo");
    }
}
