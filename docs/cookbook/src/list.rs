//! The recipes, a line each, with the commands to test, run and bench them.

use std::io::{self, Write};

use crate::recipe::bench_target;
use crate::workspace::{Recipe, Workspace};

/// What every terminal shows.
const COLUMNS: usize = 80;

/// Prints the finished recipes.
///
/// # Errors
///
/// When the recipes cannot be read or the output cannot be written.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let mut recipes = workspace.recipes()?;
    recipes.retain(|recipe| !recipe.draft);
    io::stdout().write_all(list(&recipes).as_bytes())?;
    Ok(())
}

fn list(recipes: &[Recipe]) -> String {
    if recipes.is_empty() {
        return "No recipe is finished yet.\n".to_owned();
    }
    let width = recipes.iter().map(|recipe| recipe.name.len()).max().unwrap_or(0);
    let entries: Vec<_> = recipes.iter().map(|recipe| entry(recipe, width)).collect();
    let next = "Next: `cookbook choose` helps to pick one, `cookbook copy` takes one along.";
    format!("{}\n{next}\n", entries.join("\n"))
}

fn entry(recipe: &Recipe, width: usize) -> String {
    let indent = " ".repeat(width + 2);
    let mut lines = wrapped(&recipe.summary, COLUMNS - indent.len());
    lines.extend(commands(recipe));
    let body = lines.join(&format!("\n{indent}"));
    format!("{:width$}  {body}\n", recipe.name)
}

/// Breaks a sentence into lines of at most `columns`, but never a word.
fn wrapped(sentence: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn commands(recipe: &Recipe) -> Vec<String> {
    let name = &recipe.name;
    let mut commands = vec![format!("cargo test -p {name}")];
    commands.extend(recipe.examples.iter().map(|it| format!("cargo run -p {name} --example {it}")));
    commands.extend(
        recipe.bench.as_ref().map(|_| format!("cargo bench --bench {}", bench_target(name))),
    );
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("extraordinary", 7), ["extraordinary"]);
    }
}
