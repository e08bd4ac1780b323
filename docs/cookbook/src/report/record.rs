//! A record: what was measured, when and on what. Tables, charts and verdicts are computed from
//! records alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace::Workspace;

use super::numbers::Spread;

/// Where records lie, from the root of the workspace.
pub const FOLDER: &str = "benches/record";

/// All that one machine measured on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// `YYYY-MM-DD`, in UTC.
    pub date: String,
    /// What it was measured on.
    pub machine: Machine,
    /// The recipes measured, by name.
    pub recipes: BTreeMap<String, Measured>,
}

/// What a reader must know of a machine to judge its figures; nothing that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub cpu: String,
    /// Threads that run at the same time.
    pub cores: usize,
    /// The system and its version.
    pub kernel: String,
}

/// One recipe's part of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The compiler's version.
    pub rustc: String,
    /// The peers' versions.
    pub crates: BTreeMap<String, String>,
    /// Contenders of this name are the recipe's own.
    pub variants: Vec<String>,
    /// In the order of the benchmark.
    pub scenarios: Vec<Scenario>,
}

/// What was compared with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The criterion group without the recipe's name.
    pub name: String,
    /// What the figures are, such as `percent`; nanoseconds per operation, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the parameter counts, such as `threads`.
    pub by: String,
    /// The sentence that defines it.
    pub about: String,
    /// By parameter, then in the order of the benchmark.
    pub points: Vec<Point>,
}

/// One contender at one parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// A variant, a peer or `limit`.
    pub contender: String,
    /// Threads, tasks or whatever the scenario counts.
    pub parameter: usize,
    /// Each round's median with its confidence interval, in the scenario's unit.
    pub rounds: Vec<Spread>,
    /// The share of operations that had to wait, where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<f64>,
    /// Processor time of all threads per operation, where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<f64>,
}

impl Measured {
    /// How often all of it was measured.
    fn rounds(&self) -> usize {
        let points = self.scenarios.iter().flat_map(|scenario| &scenario.points);
        points.map(|point| point.rounds.len()).min().unwrap_or(0)
    }
}

impl Record {
    /// The newest record that holds `recipe`, if any does.
    ///
    /// # Errors
    ///
    /// When a record cannot be read; the message names it.
    pub fn newest(workspace: &Workspace, recipe: &str) -> anyhow::Result<Option<Self>> {
        for path in workspace.files(FOLDER, "json").iter().rev() {
            let record = Self::parse(&workspace.read(path)?)
                .with_context(|| format!("{} is no record", path.display()))?;
            if record.recipes.contains_key(recipe) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// # Errors
    ///
    /// When `json` is no record.
    pub fn parse(json: &str) -> anyhow::Result<Self> {
        Ok(serde_json::from_str(json)?)
    }

    /// Puts this record in the place of its day and machine. Recipes that were measured there the
    /// same day and not again stay. Returns the file, from the root.
    ///
    /// # Errors
    ///
    /// When the old record cannot be read or is of more rounds, or the new one cannot be written;
    /// then the old one is intact.
    pub fn save(self, workspace: &Workspace) -> anyhow::Result<PathBuf> {
        let file =
            PathBuf::from(FOLDER).join(format!("{}-{}.json", self.date, self.machine.label()));
        let path = workspace.path(&file);
        let merged = if path.exists() {
            let old = Self::parse(&workspace.read(&file)?)
                .with_context(|| format!("{} is no record; remove it", file.display()))?;
            for (name, measured) in &self.recipes {
                let (old, new) =
                    (old.recipes.get(name).map_or(0, Measured::rounds), measured.rounds());
                ensure!(
                    new >= old,
                    "{} holds {old} rounds of {name}, and this run only {new}: nothing was recorded; \
                     measure with `report --run {name}`, or draw the record again with `sync`",
                    file.display()
                );
            }
            self.over(old)
        } else {
            self
        };
        fs::create_dir_all(workspace.path(FOLDER))?;
        // Written beside and renamed: nobody ever sees half a record.
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, merged.json()?)?;
        fs::rename(&unfinished, &path)?;
        Ok(file)
    }

    /// As JSON with a line for each point, so that people can read and compare records.
    fn json(&self) -> anyhow::Result<String> {
        let mut json = String::new();
        indented(&serde_json::to_value(self)?, 0, &mut json);
        Ok(json + "\n")
    }

    /// This record, and from `old` the recipes that it lacks.
    #[must_use]
    pub fn over(mut self, old: Self) -> Self {
        for (name, measured) in old.recipes {
            self.recipes.entry(name).or_insert(measured);
        }
        self
    }
}

impl Machine {
    /// A short name for files, made of what the machine is and not of what it is called.
    pub fn label(&self) -> String {
        let words: Vec<_> = self
            .cpu
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        format!("{}-{}-cores", words.join("-"), self.cores)
    }
}

impl Scenario {
    /// The values of the parameter, ascending.
    pub fn parameters(&self) -> Vec<usize> {
        let mut all: Vec<_> = self.points.iter().map(|point| point.parameter).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// All contenders at one value of the parameter.
    pub fn at(&self, parameter: usize) -> impl Iterator<Item = &Point> + Clone {
        self.points.iter().filter(move |point| point.parameter == parameter)
    }
}

impl Point {
    /// The time per operation, or whatever the scenario's unit is, over all rounds.
    pub fn time(&self) -> Spread {
        Spread::over(&self.rounds)
    }

    /// How many times the figure of `other` this one takes, round by round.
    pub fn ratio(&self, other: &Self) -> Spread {
        Spread::ratio(&self.rounds, &other.rounds)
    }
}

/// How deep the points lie.
const POINTS: usize = 6;

fn indented(value: &Value, depth: usize, json: &mut String) {
    let (marks, entries): (_, Vec<_>) = match value {
        Value::Object(fields) if depth < POINTS => {
            let named = |(name, value)| (format!("{}: ", Value::from(String::clone(name))), value);
            ("{}", fields.iter().map(named).collect())
        }
        Value::Array(values) if depth < POINTS => {
            ("[]", values.iter().map(|value| (String::new(), value)).collect())
        }
        _ => return *json += &value.to_string(),
    };
    *json += &marks[..1];
    for (at, (name, value)) in entries.iter().enumerate() {
        *json += if at == 0 { "\n" } else { ",\n" };
        *json += &"  ".repeat(depth + 1);
        *json += name;
        indented(value, depth + 1, json);
    }
    *json += "\n";
    *json += &"  ".repeat(depth);
    *json += &marks[1..];
}
