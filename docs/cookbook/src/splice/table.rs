//! The table of recipes.

use std::path::Path;

use crate::workspace::{Recipe, relative_link};

/// The finished recipes, with links from a document in `folder`.
pub(super) fn recipes(recipes: &[Recipe], folder: &Path) -> String {
    let rows: String =
        recipes.iter().filter(|recipe| !recipe.draft).map(|recipe| row(recipe, folder)).collect();
    if rows.is_empty() {
        return "No recipe is finished yet.\n".to_owned();
    }
    format!("| recipe | what it is for | built as |\n|---|---|---|\n{rows}")
}

fn row(recipe: &Recipe, folder: &Path) -> String {
    let link = relative_link(folder, &recipe.readme());
    let variants: Vec<_> = recipe.variants.iter().map(|variant| variant.name.as_str()).collect();
    format!("| [{}]({link}) | {} | {} |\n", recipe.name, recipe.summary, variants.join(", "))
}
