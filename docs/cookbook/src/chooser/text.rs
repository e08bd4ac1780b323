//! The tree as plain text, for a pipe.

use std::io::{self, Write};

use super::{Chooser, Leaf};
use crate::wrap::hang;

/// Writes the whole tree.
pub(super) fn write(chooser: &Chooser, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{}", chooser.tree.question)?;
    for branch in &chooser.tree.branch {
        writeln!(output, "\n{}", branch.say)?;
        for leaf in &branch.leaf {
            writeln!(output, "{}", hang("  - ", &leaf.want))?;
            writeln!(output, "{}", hang("      -> ", &answer(chooser, leaf)))?;
            if let Some(note) = &leaf.note {
                writeln!(output, "{}", hang("         ", &format!("({note})")))?;
            }
            if let Some(figure) = chooser.figure(leaf) {
                writeln!(output, "{}", hang("         ", &format!("measured: {figure}")))?;
            }
            if let Some(engine) = &leaf.outgrown {
                writeln!(output, "{}", hang("         ", &format!("outgrown: {engine}")))?;
            }
        }
    }
    for advice in &chooser.tree.then {
        writeln!(output, "\n{}\n{}", advice.question, hang("  ", &advice.answer))?;
    }
    Ok(())
}

fn answer(chooser: &Chooser, leaf: &Leaf) -> String {
    match chooser.finished(leaf) {
        Some(recipe) => {
            format!("{} ({}), or {}", leaf.pattern, recipe.folder.display(), leaf.take)
        }
        None => format!("{} (today: {})", leaf.pattern, leaf.take),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    /// Without the line breaks.
    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_leaf_and_every_advice_is_printed() {
        let chooser = Chooser::load(&Workspace::find().unwrap()).unwrap();
        let mut text = Vec::new();
        write(&chooser, &mut text).unwrap();
        let text = words(&String::from_utf8(text).unwrap());
        for leaf in chooser.leaves() {
            assert!(text.contains(&words(&leaf.want)), "{}", leaf.want);
            assert!(text.contains(&words(&leaf.take)), "{}", leaf.take);
        }
        for advice in &chooser.tree.then {
            assert!(text.contains(&words(&advice.answer)), "{}", advice.question);
        }
    }
}
