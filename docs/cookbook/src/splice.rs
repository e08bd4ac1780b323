//! Splices.

use crate::workspace::Workspace;

/// In the making.
pub fn run(_: &Workspace, _: bool) -> anyhow::Result<()> {
    Ok(())
}
