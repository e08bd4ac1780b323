//! Which recipe do I want? One tree in three forms: questions on a terminal, text in a pipe, and
//! lists in documents.

mod ask;
mod figure;
pub mod markdown;
mod text;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use serde::Deserialize;

use crate::workspace::{Recipe, Workspace};

/// Where the tree is written, from the root of the workspace.
pub const DATA: &str = "docs/cookbook/choose.toml";

/// Asks on a terminal; prints the whole tree where nobody can answer.
///
/// # Errors
///
/// When the tree cannot be read or the output cannot be written.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let chooser = Chooser::load(workspace)?;
    let (input, mut output) = (io::stdin(), io::stdout());
    if input.is_terminal() && output.is_terminal() {
        ask::ask(&chooser, &mut input.lock(), &mut output)?;
    } else {
        text::write(&chooser, &mut output)?;
    }
    Ok(())
}

/// The tree, and the recipes it can lead to.
#[derive(Debug)]
pub struct Chooser {
    /// The questions and where they lead.
    pub tree: Tree,
    recipes: Vec<Recipe>,
    /// What was measured for a leaf, by the name of its recipe.
    figures: BTreeMap<String, String>,
}

/// The first question, its answers, and what to ask once the recipe is found.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// The first question.
    pub question: String,
    /// Its answers.
    pub branch: Vec<Branch>,
    /// Questions that come up whatever the recipe.
    pub then: Vec<Advice>,
}

/// An answer to the first question, which leads to a second one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The answer, in the reader's words.
    pub say: String,
    /// The question it leads to.
    pub question: String,
    /// The answers to that.
    pub leaf: Vec<Leaf>,
}

/// What a reader wants, and what gives it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// Completes both "I want ..." and "use it when you want ...".
    pub want: String,
    /// The name by which the pattern is known.
    pub pattern: String,
    /// Our recipe for it, once there is a folder for one.
    pub recipe: Option<String>,
    /// What to take today instead: in std, or in the registry.
    pub take: String,
    /// The goal in `benches/goals.toml` whose figure stands at the leaf, once the recipe is measured.
    pub goal: Option<String>,
    /// The engine or crate to take when the recipe is not enough any more.
    pub outgrown: Option<String>,
    /// What decides between this pattern and its neighbours.
    pub note: Option<String>,
    /// Whether it is one of the lines on the front page.
    #[serde(default)]
    pub short: bool,
}

/// A question that comes up whatever the recipe, with its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

impl Chooser {
    /// Reads the tree and the recipes.
    ///
    /// # Errors
    ///
    /// When a file is missing or malformed; the message names it.
    pub fn load(workspace: &Workspace) -> anyhow::Result<Self> {
        let tree: Tree =
            toml::from_str(&workspace.read(DATA)?).with_context(|| format!("in {DATA}"))?;
        let (goals, mut figures) = (figure::goals(workspace)?, BTreeMap::new());
        for leaf in tree.branch.iter().flat_map(|branch| &branch.leaf) {
            if let Some(figure) = figure::of(workspace, &goals, leaf)? {
                figures.insert(leaf.recipe.clone().unwrap_or_default(), figure);
            }
        }
        Ok(Self { tree, recipes: workspace.recipes()?, figures })
    }

    /// All leaves, branch by branch.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.tree.branch.iter().flat_map(|branch| &branch.leaf)
    }

    /// Our recipe for a leaf, if it is finished.
    pub fn finished(&self, leaf: &Leaf) -> Option<&Recipe> {
        let name = leaf.recipe.as_ref()?;
        self.recipes.iter().find(|recipe| recipe.name == *name && !recipe.draft)
    }

    /// What the newest record says of a finished recipe: one goal, and its figure.
    pub fn figure(&self, leaf: &Leaf) -> Option<&str> {
        let recipe = self.finished(leaf)?;
        self.figures.get(&recipe.name).map(String::as_str)
    }
}
