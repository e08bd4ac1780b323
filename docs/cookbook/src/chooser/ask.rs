//! The tree as questions, for a reader at a terminal.

use std::io::{self, BufRead, Write};

use super::{Branch, Chooser, Leaf};
use crate::wrap::hang;

/// What a reader can answer to a numbered question.
enum Reply {
    Chosen(usize),
    Back,
    /// They typed `q`, or the input ended.
    Quit,
}

/// Asks until a leaf is reached or the reader quits.
pub(super) fn ask(
    chooser: &Chooser,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut branch: Option<&Branch> = None;
    loop {
        let (question, answers): (_, Vec<_>) = match branch {
            None => (&chooser.tree.question, says(&chooser.tree.branch)),
            Some(branch) => (&branch.question, wants(&branch.leaf)),
        };
        match (pose(question, &answers, input, output)?, branch) {
            (Reply::Quit, _) => return Ok(()),
            (Reply::Back, _) => branch = None,
            (Reply::Chosen(at), None) => branch = Some(&chooser.tree.branch[at]),
            (Reply::Chosen(at), Some(branch)) => {
                return advise(chooser, &branch.leaf[at], output);
            }
        }
    }
}

fn says(branches: &[Branch]) -> Vec<&str> {
    branches.iter().map(|branch| branch.say.as_str()).collect()
}

fn wants(leaves: &[Leaf]) -> Vec<&str> {
    leaves.iter().map(|leaf| leaf.want.as_str()).collect()
}

/// Puts one question until the reply makes sense.
fn pose(
    question: &str,
    answers: &[&str],
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<Reply> {
    writeln!(output, "\n{question}\n")?;
    for (at, answer) in answers.iter().enumerate() {
        writeln!(output, "{}", hang(&format!("{:>4}  ", at + 1), answer))?;
    }
    loop {
        write!(output, "\nA number, b to go back, q to quit: ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(output)?;
            return Ok(Reply::Quit);
        }
        match line.trim() {
            "q" => return Ok(Reply::Quit),
            "b" => return Ok(Reply::Back),
            other => match other.parse::<usize>() {
                Ok(number) if (1..=answers.len()).contains(&number) => {
                    return Ok(Reply::Chosen(number - 1));
                }
                _ => writeln!(
                    output,
                    "`{other}` is no answer here: type a number from 1 to {}, b or q.",
                    answers.len()
                )?,
            },
        }
    }
}

/// Says what a leaf holds: our recipe if it is finished, what to take elsewhere in any case.
fn advise(chooser: &Chooser, leaf: &Leaf, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "\nYou want {}: {}.\n", leaf.want, leaf.pattern)?;
    if let Some(recipe) = chooser.finished(leaf) {
        writeln!(output, "  Read it    {}", recipe.readme().display())?;
        writeln!(output, "  Test it    cargo test -p {}", recipe.name)?;
        if let Some(figure) = chooser.figure(leaf) {
            writeln!(output, "{}", hang("  Measured   ", figure))?;
        }
        writeln!(output, "{}", hang("  Or take    ", &leaf.take))?;
        if let Some(engine) = &leaf.outgrown {
            writeln!(output, "{}", hang("  Outgrown   ", engine))?;
        }
    } else {
        writeln!(output, "{}", hang("  Take       ", &leaf.take))?;
    }
    if let Some(note) = &leaf.note {
        writeln!(output, "{}", hang("  Mind       ", note))?;
    }
    for advice in &chooser.tree.then {
        writeln!(output, "\n{}\n{}", advice.question, hang("  ", &advice.answer))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    /// What a reader sees who types these lines and then closes the input.
    fn session(typed: &str) -> String {
        let chooser = Chooser::load(&Workspace::find().unwrap()).unwrap();
        let mut seen = Vec::new();
        ask(&chooser, &mut typed.as_bytes(), &mut seen).unwrap();
        String::from_utf8(seen).unwrap()
    }

    #[test]
    fn two_numbers_lead_to_advice() {
        let seen = session("2\n1\n");
        assert!(seen.contains("You want at most N at once: semaphore."), "{seen}");
        assert!(seen.contains("tokio::sync::Semaphore"), "{seen}");
        assert!(seen.contains("x the time"), "{seen}");
        assert!(seen.contains("Outgrown"), "{seen}");
    }

    #[test]
    fn b_goes_back_to_the_first_question() {
        let seen = session("1\nb\n2\n2\n");
        assert_eq!(seen.matches("What hurts?").count(), 2, "{seen}");
        assert!(seen.contains("governor"), "{seen}");
    }

    #[test]
    fn nonsense_gets_a_sentence_and_another_try() {
        for typed in ["0\n2\n1\n", "99\n2\n1\n", "\n2\n1\n", "semaphore\n2\n1\n", "-1\n2\n1\n"] {
            let seen = session(typed);
            assert!(seen.contains("type a number from 1 to"), "{seen}");
            assert!(seen.contains("You want at most N at once"), "{seen}");
        }
    }

    #[test]
    fn q_and_a_closed_input_end_it_cleanly() {
        for typed in ["q\n", "2\nq\n", "", "2\n", "2"] {
            assert!(!session(typed).contains("You want"), "{typed:?}");
        }
    }
}
