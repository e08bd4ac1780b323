//! The recipes, a line each, with the commands to test, run and bench them.

use std::io::{self, Write};

use crate::recipe::bench_target;
use crate::workspace::{Recipe, Workspace};
use crate::wrap::hang;

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
    let first = hang(&format!("{:width$}  ", recipe.name), &recipe.summary);
    let indent = " ".repeat(width + 2);
    let commands = commands(recipe).into_iter().map(|command| format!("{indent}{command}"));
    let lines: Vec<_> = std::iter::once(first).chain(commands).collect();
    lines.join("\n") + "\n"
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
