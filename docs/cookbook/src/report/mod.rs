//! Reports.

use crate::workspace::Workspace;

/// In the making.
pub fn run(_: &Workspace, _: bool, _: &[String]) -> anyhow::Result<()> {
    Ok(())
}

/// What a document in `_folder` shows of a recipe's newest record.
///
/// # Errors
///
/// Always, in the making.
pub fn measured(_: &Workspace, recipe: &str, _folder: &std::path::Path) -> anyhow::Result<String> {
    anyhow::bail!("{recipe} has no record yet")
}
