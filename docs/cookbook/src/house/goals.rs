//! The speed goals name what exists.

use crate::report::goals::{FILE, parse};
use crate::report::record::Record;

use super::House;

/// Every goal compares what is measured, under a name of its own.
pub(super) fn compare_what_is_measured(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    if !house.workspace.path(FILE).is_file() {
        return Ok(found);
    }
    let mut names = Vec::new();
    for goal in parse(&house.workspace.read(FILE)?)? {
        let (name, recipe) = (&goal.name, &goal.recipe);
        if !house.recipes.iter().any(|its| its.name == *recipe && its.bench.is_some()) {
            found.push(format!("{FILE}: `{name}` is a goal of {recipe}, which has no bench"));
            continue;
        }
        let record = Record::newest(house.workspace, recipe)?;
        let measured = record.as_ref().and_then(|record| record.recipes.get(recipe));
        if measured.is_some() && goal.judge(measured).found.is_none() {
            found.push(format!(
                "{FILE}: the newest record of {recipe} lacks {} or {}, which `{name}` compares",
                goal.numerator,
                goal.denominator.as_deref().unwrap_or("its unit")
            ));
        }
        let full_name = format!("{recipe}'s `{name}`");
        if names.contains(&full_name) {
            found.push(format!("{FILE}: {full_name} stands there twice; rename one"));
        }
        names.push(full_name);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    const RECORD: &str = r#"{
        "date": "2026-11-01",
        "machine": { "cpu": "", "cores": 2, "kernel": "" },
        "recipes": { "demo": { "rustc": "", "crates": {}, "variants": [], "scenarios": [] } }
    }"#;

    fn goal(recipe: &str) -> String {
        format!(
            "[[goal]]\nname = \"fast\"\nrecipe = \"{recipe}\"\ntext = \"\"\n\
             numerator = \"a/lock/1\"\ndenominator = \"a/other/1\"\n"
        )
    }

    #[test]
    fn a_goal_of_nobody_is_found_and_a_name_that_is_given_twice() {
        let fake = Fake::finished();
        fake.write(FILE, &goal("demo"));
        fake.is_content_with(compare_what_is_measured);
        fake.write(FILE, &goal("ghost"));
        fake.complains(compare_what_is_measured, "`fast` is a goal of ghost, which has no bench");
        fake.write(FILE, &(goal("demo") + &goal("demo")));
        fake.complains(compare_what_is_measured, "demo's `fast` stands there twice");
    }

    #[test]
    fn a_goal_that_compares_what_was_not_measured_is_found() {
        let fake = Fake::finished();
        fake.write(FILE, &goal("demo"));
        fake.write("benches/record/2026-11-01-here.json", RECORD);
        fake.complains(compare_what_is_measured, "the newest record of demo lacks a/lock/1 or");
    }
}
