//! The rules of the house, as sentences about what breaks them.
//!
//! A rule is a function that looks at the files and says what it misses, where, and what to do.
//! A recipe that says `draft = true` is excused from what readers would miss in it.

mod agreement;
mod code;
#[cfg(test)]
pub(crate) mod fake;
mod fences;
mod goals;
mod links;
mod markdown;
pub mod planted;
mod readme;
mod twins;
pub mod variants;

use crate::sequence;
use crate::splice;
use crate::workspace::{Recipe, Workspace};

/// What every rule looks at.
#[derive(Debug)]
pub struct House<'a> {
    workspace: &'a Workspace,
    recipes: Vec<Recipe>,
}

type Rule = fn(&House<'_>) -> anyhow::Result<Vec<String>>;

/// The rules that need nothing but the files.
const RULES: [Rule; 19] = [
    agreement::folders,
    agreement::front_page,
    agreement::book_pages,
    agreement::benches,
    goals::compare_what_is_measured,
    agreement::chooser,
    readme::headings,
    readme::contract,
    fences::none_is_ignored,
    fences::book_is_made_of_includes,
    links::resolve,
    splices,
    drawings,
    code::files_are_short,
    code::unsafe_is_explained,
    code::recipes_stand_alone,
    twins::are_alike,
    planted::name_their_tests,
    planted::apply,
];

/// Everything that breaks a rule, a sentence each.
///
/// # Errors
///
/// When a file that a rule needs cannot be read at all.
pub fn complaints(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let house = House { workspace, recipes: workspace.recipes()? };
    let mut all = Vec::new();
    for rule in RULES {
        all.extend(rule(&house)?);
    }
    Ok(all)
}

impl House<'_> {
    fn finished(&self) -> impl Iterator<Item = &Recipe> {
        self.recipes.iter().filter(|recipe| !recipe.draft)
    }
}

/// What is spliced equals its source.
fn splices(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for document in house.workspace.files("", "md") {
        let spliced = splice::splice(house.workspace, &document)?;
        found.extend(spliced.faults);
        found.extend(spliced.stale);
    }
    Ok(found)
}

/// What is drawn from a trace equals it.
fn drawings(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let drawings = sequence::drawings(house.workspace)?;
    Ok(drawings.iter().filter_map(|drawing| drawing.complaint(house.workspace)).collect())
}

#[cfg(test)]
mod tests {
    use super::fake::Fake;
    use super::*;
    use crate::sequence::View;

    #[test]
    fn a_complete_house_has_no_complaints() {
        let fake = Fake::finished();
        assert_eq!(complaints(&fake.workspace).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_splice_that_differs_is_named_with_its_line() {
        let fake = Fake::finished();
        fake.edit("README.md", "A demo shows", "A demo hides");
        fake.complains(splices, "README.md:5: `recipes` differs from its source");
    }

    #[test]
    fn a_drawing_that_differs_from_its_trace_is_named() {
        let fake = Fake::finished();
        let trace = "{\"us\":1,\"event\":\"crash\",\"node\":1,\"unsaved\":0}\n";
        fake.write("patterns/demo/tests/traces/end.jsonl", trace);
        fake.complains(drawings, "patterns/demo/tests/traces/end.svg: differs from its source");
        let svg = sequence::svg("demo: end", trace, &View::default()).unwrap();
        fake.write("patterns/demo/tests/traces/end.svg", &svg);
        fake.is_content_with(drawings);
    }

    #[test]
    fn a_splice_that_cannot_be_made_is_named_with_its_line() {
        let fake = Fake::finished();
        fake.edit("README.md", "splice: recipes", "splice: recipe");
        fake.complains(splices, "README.md:5: `recipe` is no splice");
    }
}
