//! The tree as plain text, for a pipe.

use std::io::{self, Write};

use super::{Chooser, Leaf};

/// Writes the whole tree.
pub(super) fn write(chooser: &Chooser, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{}", chooser.tree.question)?;
    for branch in &chooser.tree.branch {
        writeln!(output, "\n{}", branch.say)?;
        for leaf in &branch.leaf {
            writeln!(output, "  - {}\n      {}", leaf.want, answer(chooser, leaf))?;
            if let Some(note) = &leaf.note {
                writeln!(output, "      ({note})")?;
            }
        }
    }
    for advice in &chooser.tree.then {
        writeln!(output, "\n{}\n  {}", advice.question, advice.answer)?;
    }
    Ok(())
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
        let mut text = Vec::new();
        write(&chooser, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for leaf in chooser.leaves() {
            assert!(text.contains(&leaf.want) && text.contains(&leaf.take), "{}", leaf.want);
        }
        for advice in &chooser.tree.then {
            assert!(text.contains(&advice.answer), "{}", advice.question);
        }
    }
}
