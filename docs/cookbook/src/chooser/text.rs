//! The tree as plain text, for a pipe.

use super::{Chooser, Leaf};

/// The whole tree.
pub(super) fn tree(chooser: &Chooser) -> String {
    let mut text = format!("{}\n", chooser.tree.question);
    for branch in &chooser.tree.branch {
        text += &format!("\n{}\n", branch.say);
        for leaf in &branch.leaf {
            text += &format!("  - {}\n      {}\n", leaf.want, answer(chooser, leaf));
            if let Some(note) = &leaf.note {
                text += &format!("      ({note})\n");
            }
        }
    }
    for advice in &chooser.tree.then {
        text += &format!("\n{}\n  {}\n", advice.question, advice.answer);
    }
    text
}

fn answer(chooser: &Chooser, leaf: &Leaf) -> String {
    match chooser.finished(leaf) {
        Some(recipe) => {
            format!("-> {} ({}), or {}", leaf.pattern, recipe.folder.display(), leaf.take)
        }
        None => format!("-> {}; until ours stands: {}", leaf.pattern, leaf.take),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn every_leaf_and_every_advice_is_printed() {
        let chooser = Chooser::load(&Workspace::find().unwrap()).unwrap();
        let text = tree(&chooser);
        for leaf in chooser.leaves() {
            assert!(text.contains(&leaf.want) && text.contains(&leaf.take), "{}", leaf.want);
        }
        for advice in &chooser.tree.then {
            assert!(text.contains(&advice.answer), "{}", advice.question);
        }
    }
}
