//! Serves.

use crate::workspace::Workspace;

/// How to serve.
#[derive(Debug)]
pub struct Options {
    /// Port.
    pub port: u16,
    /// Open.
    pub open: bool,
}
/// In the making.
pub fn run(_: &Workspace, _: &Options) -> anyhow::Result<()> {
    Ok(())
}
