//! Both variants.

use std::path::Path;
use std::time::Duration;

use wal::{Options, Record, channel, lock};

use super::contender::Contender;

macro_rules! contender {
    ($variant:ident) => {
        impl Contender for $variant::Wal {
            fn open(folder: &Path) -> Self {
                Self::open(folder, &Options::new(1), |_| ()).expect("a new folder").0
            }

            fn force(&self, body: &[u8]) {
                self.force(&[Record::new(1, body)]).expect("the disk is well");
            }

            fn syncs(&self) -> Option<(u64, Duration)> {
                let counts = self.counts();
                Some((counts.syncs, counts.syncing))
            }

            fn forget(&self) {
                self.release(u64::MAX).expect("the disk is well");
            }
        }
    };
}
contender!(channel);
contender!(lock);
