//! The tree as Markdown, for documents: whole, or a line for each common need.

use std::path::Path;

use super::{Chooser, Leaf};
use crate::workspace::relative_link;

/// The whole tree as a nested list, with links from a document in `folder`.
pub fn tree(chooser: &Chooser, folder: &Path) -> String {
    let mut lines = vec![format!("**{}**", chooser.tree.question), String::new()];
    for branch in &chooser.tree.branch {
        lines.push(format!("- {}", branch.say));
        for leaf in &branch.leaf {
            let (pattern, today) = answer(chooser, leaf, folder);
            let figure = chooser.figure(leaf).map(|figure| format!("measured: {figure}"));
            let outgrown = outgrown(chooser, leaf);
            let remarks: Vec<_> =
                today.into_iter().chain(leaf.note.clone()).chain(figure).chain(outgrown).collect();
            lines.push(format!("  - {}: {pattern}{}", leaf.want, in_brackets(&remarks)));
        }
    }
    for advice in &chooser.tree.then {
        lines.push(format!("\n**{}** {}", advice.question, advice.answer));
    }
    lines.join("\n")
}

/// About ten lines "use X when you want Y".
pub fn short(chooser: &Chooser, folder: &Path) -> String {
    let line = |leaf: &Leaf| {
        let (pattern, today) = answer(chooser, leaf, folder);
        let today = in_brackets(today.as_slice());
        format!("- Use {pattern} when you want {}{today}\n", leaf.want)
    };
    chooser.leaves().filter(|leaf| leaf.short).map(line).collect()
}

/// What to take when our recipe is not enough any more.
fn outgrown(chooser: &Chooser, leaf: &Leaf) -> Option<String> {
    chooser.finished(leaf)?;
    leaf.outgrown.as_ref().map(|engine| format!("when you outgrow it: {engine}"))
}

/// The pattern, linked if we have a recipe for it, else with what to take today.
fn answer(chooser: &Chooser, leaf: &Leaf, folder: &Path) -> (String, Option<String>) {
    match chooser.finished(leaf) {
        Some(recipe) => {
            let link = relative_link(folder, &recipe.readme());
            (format!("**[{}]({link})**", leaf.pattern), None)
        }
        None => (format!("**{}**", leaf.pattern), Some(format!("today: {}", leaf.take))),
    }
}

fn in_brackets(remarks: &[String]) -> String {
    if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) }
}
