//! Copies a variant.

use crate::workspace::Workspace;

/// In the making.
pub fn run(_: &Workspace, _: &str, _: &str, _: &std::path::Path) -> anyhow::Result<()> {
    Ok(())
}
