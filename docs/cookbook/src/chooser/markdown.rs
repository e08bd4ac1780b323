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
            let (pattern, take) = answer(chooser, leaf, folder);
            let note = leaf.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            lines.push(format!("  - {}: {pattern}{take}{note}", leaf.want));
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
        let (pattern, take) = answer(chooser, leaf, folder);
        format!("- Use {pattern} when you want {}{take}\n", leaf.want)
    };
    chooser.leaves().filter(|leaf| leaf.short).map(line).collect()
}

/// The pattern, linked if it is finished, and what to take until then.
fn answer(chooser: &Chooser, leaf: &Leaf, folder: &Path) -> (String, String) {
    match chooser.finished(leaf) {
        Some(recipe) => {
            let link = relative_link(folder, &recipe.readme());
            (format!("**[{}]({link})**", leaf.pattern), String::new())
        }
        None => (format!("**{}**", leaf.pattern), format!(" (until ours stands: {})", leaf.take)),
    }
}
