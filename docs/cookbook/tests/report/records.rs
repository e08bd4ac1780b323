//! Records, and the pages and charts made of them.

use std::fs;

use cookbook::report::record::{FOLDER, Measured, Record, Scenario};
use cookbook::report::{self, chart, goals};
use cookbook::workspace::Workspace;

use super::{measured, point, record, scenario};

/// A workspace with nothing in it but goals.
fn empty_workspace() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("benches")).unwrap();
    fs::write(folder.path().join(goals::FILE), "goal = []").unwrap();
    let workspace = Workspace::at(folder.path());
    (folder, workspace)
}

fn one_point(ns: f64) -> Measured {
    measured(vec![scenario("fifo", vec![point("lock", 2, &[ns])])])
}

#[test]
fn a_second_run_of_a_day_replaces_its_recipe_and_keeps_the_others() {
    let (_folder, workspace) = empty_workspace();
    let save = |recipe: &str, ns| record("2026-11-21", recipe, one_point(ns)).save(&workspace);
    save("semaphore", 10.0).unwrap();
    save("pool", 20.0).unwrap();
    let file = save("semaphore", 30.0).unwrap();
    assert!(file.ends_with("2026-11-21-fast-cpu-9-2-cores.json"), "{}", file.display());
    assert_eq!(fs::read_dir(workspace.path(FOLDER)).unwrap().count(), 1, "no half record left");
    let text = workspace.read(&file).unwrap();
    let points = text.lines().filter(|line| line.contains("\"contender\"")).count();
    assert_eq!(points, 2, "not a line for each point:\n{text}");
    for (recipe, ns) in [("semaphore", 30.0), ("pool", 20.0)] {
        let record = Record::newest(&workspace, recipe).unwrap().unwrap();
        assert_eq!(record.recipes[recipe], one_point(ns));
    }
}

#[test]
fn a_single_round_does_not_replace_five() {
    let (_folder, workspace) = empty_workspace();
    let save = |rounds: &[f64]| {
        let demo = measured(vec![scenario("fifo", vec![point("lock", 2, rounds)])]);
        record("2026-11-21", "demo", demo).save(&workspace)
    };
    let file = save(&[10.0; 5]).unwrap();
    let before = workspace.read(&file).unwrap();
    let refusal = save(&[30.0]).unwrap_err().to_string();
    assert!(refusal.contains("holds 5 rounds of demo, and this run only 1"), "{refusal}");
    assert_eq!(workspace.read(&file).unwrap(), before);
    save(&[20.0; 5]).unwrap();
}

#[test]
fn the_newest_record_that_holds_the_recipe_counts() {
    let (_folder, workspace) = empty_workspace();
    record("2026-09-30", "semaphore", one_point(10.0)).save(&workspace).unwrap();
    record("2026-11-20", "semaphore", one_point(20.0)).save(&workspace).unwrap();
    record("2026-11-21", "pool", one_point(30.0)).save(&workspace).unwrap();
    let newest = Record::newest(&workspace, "semaphore").unwrap().unwrap();
    assert_eq!(newest.date, "2026-11-20");
    assert_eq!(Record::newest(&workspace, "hub").unwrap(), None);
}

#[test]
fn a_page_says_what_was_measured_or_how_to_measure_it() {
    let (_folder, workspace) = empty_workspace();
    let page = || report::measured(&workspace, "demo", &workspace.path("patterns/demo")).unwrap();
    assert!(page().contains("cargo bench --bench demo"), "{}", page());

    let mut lock = point("lock", 2, &[10.0, 12.0]);
    (lock.waited, lock.cpu_ns) = (Some(0.97), Some(25.0));
    let points = vec![lock, point("tokio", 2, &[20.0, 24.0])];
    let demo = measured(vec![scenario("fifo", points)]);
    record("2026-11-21", "demo", demo).save(&workspace).unwrap();
    for expected in [
        "Measured on 2026-11-21 on Fast CPU 9 with 2 cores, Linux 6; rustc 1.95.0; median of 2 rounds",
        "tokio 1.54.1",
        "**fifo.** Threads pass one permit around.",
        "](../../docs/book/charts/demo-fifo.svg)",
        "`lock` is 2.00 times as fast as `tokio` (2.00-2.00).",
        "| lock | 2 | 11.0 ns | 10.0 ns to 12.0 ns | 1.00x (1.00-1.00) | 97 % | 25.0 ns |",
        "| tokio | 2 | 22.0 ns | 20.0 ns to 24.0 ns | 2.00x (2.00-2.00) | - | - |",
    ] {
        assert!(page().contains(expected), "no `{expected}` in\n{}", page());
    }
}

#[test]
fn a_page_shows_figures_that_are_no_times() {
    let (_folder, workspace) = empty_workspace();
    let goal = r#"goal = [{ name = "a", recipe = "demo", text = "exact", numerator = "errors/lock/2", max = 0.05 }]"#;
    fs::write(workspace.path(goals::FILE), goal).unwrap();
    let points = vec![point("lock", 2, &[0.02, 0.01]), point("tower", 2, &[110.0, 120.0])];
    let errors = Scenario { unit: Some("percent".to_owned()), ..scenario("errors", points) };
    let demo = measured(vec![errors]);
    assert!(chart::svg("demo", &demo, &demo.scenarios[0]).contains(">percent; the lines are "));
    record("2026-11-21", "demo", demo).save(&workspace).unwrap();
    let page = report::measured(&workspace, "demo", &workspace.path("patterns/demo")).unwrap();
    for expected in [
        "![demo, errors: percent](",
        "`lock` 0.015 %; of the others at best `tower` 115 %.",
        "| contender | threads | percent | range |\n|---|--:|--:|--:|\n",
        "| lock | 2 | 0.015 % | 0.010 % to 0.020 % |\n",
        "Ratios within one run, or figures in their own unit, with their ranges.",
        "| exact | met | 0.015 % (0.010-0.020) | 0.050 % |",
    ] {
        assert!(page.contains(expected), "no `{expected}` in\n{page}");
    }
}

/// Texts with their left and right ends, from the attributes and a wide guess of a letter's width.
fn texts(svg: &str) -> Vec<(String, f64, f64, f64)> {
    let number = |attributes: &str, name: &str| -> Option<f64> {
        attributes.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
    };
    let texts = svg.split("<text").skip(1).map(|text| {
        let (attributes, rest) = text.split_once('>').unwrap();
        let content = rest.split('<').next().unwrap().to_owned();
        let (x, y) = (number(attributes, "x").unwrap(), number(attributes, "y").unwrap());
        let size = number(attributes, "font-size").unwrap_or(12.0);
        assert!(size >= 11.0, "{content} is too small to read");
        let width = content.chars().count() as f64 * size * 0.55;
        let left = match attributes {
            _ if attributes.contains("\"end\"") => x - width,
            _ if attributes.contains("\"middle\"") => x - width / 2.0,
            _ => x,
        };
        (content, left, left + width, y)
    });
    texts.collect()
}

#[test]
fn a_chart_is_well_formed_and_keeps_its_texts_inside() {
    let far_apart = vec![
        point("lock naive", 1, &[250.0, 260.0]),
        point("channel sleepers", 1, &[9_999.0, 40_000.0]),
        point("lock spin", 2, &[0.8, 1.2]),
        point("limit", 64, &[2_000_000.0, 9_000_000.0]),
    ];
    let close_by = vec![point("lock", 2, &[10.0]), point("async-lock", 2, &[19.0])];
    for points in [far_apart, close_by] {
        let scenario = scenario("fifo", points);
        let svg = chart::svg("demo", &measured(vec![]), &scenario);
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<script"), "{svg}");
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "in {svg}");
            } else if !tag.ends_with('/') {
                open.push(tag.split([' ', '\n']).next().unwrap());
            }
        }
        assert!(open.is_empty(), "{open:?} stay open");
        let view = svg.split("viewBox=\"0 0 360 ").nth(1).unwrap();
        let height: f64 = view.split('"').next().unwrap().parse().unwrap();
        for (text, left, right, y) in texts(&svg) {
            let inside = left >= 0.0 && right <= 360.0 && y > 0.0 && y < height;
            assert!(inside, "`{text}` leaves the picture: {left} to {right}, {y} of {height}");
        }
    }
}
