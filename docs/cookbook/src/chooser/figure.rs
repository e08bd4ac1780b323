//! The number at a leaf: what the newest record says about one goal of its recipe.

use crate::report::goals::{self, Goal};
use crate::report::numbers::{digits, figure};
use crate::report::record::Record;
use crate::workspace::Workspace;

use super::Leaf;

/// The goal that a leaf names, in words and with what was measured. `None` if the leaf names none,
/// or the record does not hold it.
pub(super) fn of(
    workspace: &Workspace,
    goals: &[Goal],
    leaf: &Leaf,
) -> anyhow::Result<Option<String>> {
    let (Some(recipe), Some(name)) = (&leaf.recipe, &leaf.goal) else { return Ok(None) };
    let Some(goal) = goals.iter().find(|it| it.recipe == *recipe && it.name == *name) else {
        return Ok(None);
    };
    let record = Record::newest(workspace, recipe)?;
    let measured = record.as_ref().and_then(|record| record.recipes.get(recipe));
    let outcome = goal.judge(measured);
    let is_count = measured.is_some_and(|measured| {
        let scenarios = measured.scenarios.iter().filter(|it| it.unit.is_some());
        let scenario = goal.numerator.split('/').next();
        scenarios.map(|it| it.name.as_str()).any(|name| Some(name) == scenario)
    });
    let of = if is_count { "as many" } else { "the time" };
    let said = outcome.found.map(|found| match outcome.unit {
        None => format!("{}: {}x {of}", goal.text, digits(found.median)),
        unit => format!("{}: {}", goal.text, figure(found.median, unit)),
    });
    Ok(said)
}

/// All goals of the workspace; none, if it has no such file.
pub(super) fn goals(workspace: &Workspace) -> anyhow::Result<Vec<Goal>> {
    if !workspace.path(goals::FILE).is_file() {
        return Ok(Vec::new());
    }
    goals::parse(&workspace.read(goals::FILE)?)
}
