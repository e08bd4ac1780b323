//! Reports.

use crate::workspace::Workspace;

/// In the making.
pub fn run(_: &Workspace, _: bool, _: &[String]) -> anyhow::Result<()> {
    Ok(())
}
