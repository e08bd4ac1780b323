//! The benchmarks, goals and charts of this workspace agree.

use cookbook::report::scenarios::{self, Definition};
use cookbook::report::{self, goals};
use cookbook::workspace::Workspace;

#[test]
fn the_charts_in_the_book_are_those_of_the_newest_record() {
    let workspace = Workspace::find().unwrap();
    for recipe in workspace.recipes().unwrap() {
        for (file, svg) in report::charts(&workspace, &recipe.name).unwrap() {
            let drawn = workspace.read(&file).unwrap_or_default();
            assert!(drawn == svg, "{} is old: run `cargo cookbook sync`", file.display());
        }
    }
}

/// A goal that names what nobody measures would stay unmeasured for ever.
#[test]
fn every_goal_names_what_its_benchmark_measures() {
    let workspace = Workspace::find().unwrap();
    for goal in goals::parse(&workspace.read(goals::FILE).unwrap()).unwrap() {
        let Ok(recipe) = workspace.recipe(&goal.recipe) else { continue };
        let Some(bench) = recipe.bench else { continue };
        let source = workspace.read(bench).unwrap();
        let defined = scenarios::definitions(&source, &recipe.name);
        for path in [Some(&goal.numerator), goal.denominator.as_ref()].into_iter().flatten() {
            let parts: Vec<_> = path.split('/').collect();
            let is_defined = |it: &Definition| it.name == parts[0];
            assert!(defined.iter().any(is_defined), "{}: no scenario {}", goal.name, parts[0]);
            assert!(source.contains(&format!("\"{}\"", parts[1])), "{}: {path}", goal.name);
        }
    }
}

#[test]
fn every_scenario_is_defined_in_a_sentence() {
    let workspace = Workspace::find().unwrap();
    for recipe in workspace.recipes().unwrap() {
        let Some(bench) = &recipe.bench else { continue };
        let source = workspace.read(bench).unwrap();
        let defined = scenarios::definitions(&source, &recipe.name);
        assert!(!defined.is_empty(), "{}", bench.display());
        for group in source.split(&format!("\"{}/", recipe.name)).skip(1) {
            let name = group.split('"').next().unwrap();
            let is_module = name.contains('.');
            let is_defined = defined.iter().any(|it| it.name == name);
            assert!(is_module || is_defined, "{}: {name}", bench.display());
        }
    }
}
