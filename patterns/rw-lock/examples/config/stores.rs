//! Two places for a configuration that many read and one edits.

use arc_swap::ArcSwap;
use rw_lock::sharded::RwLock;

use super::routes::Config;

pub(crate) trait Store: Sync {
    fn new(config: Config) -> Self;
    fn read<R>(&self, look: impl FnOnce(&Config) -> R) -> R;
    fn edit(&self, edit: impl Fn(&mut Config));
    /// Whether an edit gets through while somebody reads, who then reads the old version.
    fn lets_edits_pass_readers(&self) -> bool;
}

/// Edits in place. When `edit` returns, nobody uses the old version any more.
impl Store for RwLock<Config> {
    fn new(config: Config) -> Self {
        Self::new(config)
    }

    fn read<R>(&self, look: impl FnOnce(&Config) -> R) -> R {
        Self::read(self, look)
    }

    fn edit(&self, edit: impl Fn(&mut Config)) {
        self.write(edit);
    }

    fn lets_edits_pass_readers(&self) -> bool {
        Self::read(self, |_| self.try_write(|config| config.routes.clear()).is_ok())
    }
}

/// Copies, edits the copy, and swaps a pointer. Who reads keeps its version as long as it likes.
impl Store for ArcSwap<Config> {
    fn new(config: Config) -> Self {
        Self::from_pointee(config)
    }

    fn read<R>(&self, look: impl FnOnce(&Config) -> R) -> R {
        look(&self.load())
    }

    fn edit(&self, edit: impl Fn(&mut Config)) {
        self.rcu(|config| {
            let mut copy = Config::clone(config);
            edit(&mut copy);
            copy
        });
    }

    fn lets_edits_pass_readers(&self) -> bool {
        let mine = self.load();
        self.edit(|config| config.routes.clear());
        *mine != *self.load()
    }
}
