//! The decision tree.

use crate::workspace::Workspace;

/// In the making.
pub fn run(_: &Workspace) -> anyhow::Result<()> {
    Ok(())
}
