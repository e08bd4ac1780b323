//! Text that stands twice on purpose stays the same.

use std::path::{Path, PathBuf};

use super::House;

/// What a header says of a twin, before its path.
const SAYS: &str = "The same text stands in `";

/// A source file whose header names a twin equals it below the header, and the twin names it too.
pub(super) fn are_alike(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in &house.recipes {
        for file in house.workspace.files(recipe.folder.join("src"), "rs") {
            let text = house.workspace.read(&file)?;
            let Some(twin) = twin(&text) else { continue };
            let its = house.workspace.read(&twin).unwrap_or_default();
            found.extend(complaint(&file, &text, &twin, &its));
        }
    }
    Ok(found)
}

/// The file that the header names.
fn twin(text: &str) -> Option<PathBuf> {
    let header: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let header = header.concat();
    let (_, named) = header.split_once(SAYS)?;
    Some(PathBuf::from(named.split('`').next()?))
}

fn complaint(file: &Path, text: &str, its_file: &Path, its_text: &str) -> Option<String> {
    let (file_name, its_name) = (file.display(), its_file.display());
    if twin(its_text).as_deref() != Some(file) {
        return Some(format!(
            "{file_name}: {its_name} is not there, or does not name it back in its header; \
             write there: {SAYS}{file_name}`"
        ));
    }
    let (mut own, mut its) = (below_the_header(text), below_the_header(its_text));
    loop {
        match (own.next(), its.next()) {
            (None, None) => return None,
            (Some((_, one)), Some((_, other))) if one == other => {}
            (one, other) => {
                let at = |line: Option<(usize, &str)>| line.map_or(0, |(at, _)| at + 1);
                return Some(format!(
                    "{file_name}:{}: differs from its twin, {its_name}:{}; write both alike",
                    at(one),
                    at(other)
                ));
            }
        }
    }
}

fn below_the_header(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().skip_while(|(_, line)| line.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    const HERE: &str = "patterns/demo/src/lock.rs";
    const THERE: &str = "patterns/twin/src/lock.rs";

    /// A second recipe with the same lock; the header of each names the other, over two lines.
    fn twins() -> Fake {
        let fake = Fake::finished();
        let lock = fake.workspace.read(HERE).unwrap();
        let names = |file: &str| {
            let says = SAYS.replace("text ", "text\n//! ");
            lock.replacen("//! It counts.", &format!("//! It counts. {says}{file}`."), 1)
        };
        fake.write(HERE, &names(THERE));
        fake.write(THERE, &names(HERE).replacen("It counts", "It counts too", 1));
        fake
    }

    #[test]
    fn twins_may_differ_in_their_headers_alone() {
        let fake = twins();
        fake.is_content_with(are_alike);
        fake.edit(THERE, "count + 1", "1 + count");
        fake.complains(are_alike, "demo/src/lock.rs:11: differs from its twin, patterns/twin/src");
    }

    #[test]
    fn a_twin_may_not_lack_the_end() {
        let fake = twins();
        fake.edit(THERE, "    *count = *count + 1;\n}\n", "");
        fake.complains(are_alike, "demo/src/lock.rs:11: differs from its twin");
    }

    #[test]
    fn a_twin_names_its_twin_too() {
        let fake = twins();
        fake.edit(THERE, "The same", "Another");
        fake.complains(are_alike, "lock.rs is not there, or does not name it back");
        fake.remove(THERE);
        fake.complains(are_alike, "lock.rs is not there, or does not name it back");
    }
}
