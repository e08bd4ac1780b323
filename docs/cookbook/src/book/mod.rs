//! The book.

use crate::workspace::Workspace;

/// In the making.
pub fn build(_: &Workspace, _: &std::path::Path) -> anyhow::Result<()> {
    Ok(())
}
