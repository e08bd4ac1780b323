//! Both variants under one name, so that each promise is written once.

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use super::under_test::{
    AppendError, Counts, Entry, Failed, OpenError, Options, Record, Recovery, ReleaseError,
    TryAppendError, WaitError, channel, lock,
};

pub(crate) trait Log: Send + Sync + Sized + 'static {
    type Ticket: Receipt;
    const VARIANT: &'static str;
    fn open(
        folder: &Path,
        options: &Options,
        replay: impl FnMut(Entry<'_>),
    ) -> Result<(Self, Recovery), OpenError>;
    fn append(&self, records: &[Record<'_>]) -> Result<Self::Ticket, AppendError>;
    fn append_lazy(&self, records: &[Record<'_>]) -> Result<(), AppendError>;
    fn force(&self, records: &[Record<'_>]) -> Result<u64, AppendError>;
    fn try_append(&self, records: &[Record<'_>]) -> Result<Self::Ticket, TryAppendError>;
    fn release(&self, before: u64) -> Result<usize, ReleaseError>;
    fn close(&self);
    fn shutdown(self) -> Result<(), Failed>;
    fn counts(&self) -> Counts;
    fn durable(&self) -> u64;
    fn is_closed(&self) -> bool;
}

pub(crate) trait Receipt: Send + Sized + Debug + 'static {
    fn wait(self) -> Result<u64, Failed>;
    fn wait_timeout(self, timeout: Duration) -> Result<u64, WaitError<Self>>;
}

macro_rules! surface {
    ($variant:ident) => {
        impl Receipt for $variant::Ticket {
            fn wait(self) -> Result<u64, Failed> {
                self.wait()
            }
            fn wait_timeout(self, timeout: Duration) -> Result<u64, WaitError<Self>> {
                self.wait_timeout(timeout)
            }
        }

        impl Log for $variant::Wal {
            type Ticket = $variant::Ticket;
            const VARIANT: &'static str = stringify!($variant);
            fn open(
                folder: &Path,
                options: &Options,
                replay: impl FnMut(Entry<'_>),
            ) -> Result<(Self, Recovery), OpenError> {
                Self::open(folder, options, replay)
            }
            fn append(&self, records: &[Record<'_>]) -> Result<Self::Ticket, AppendError> {
                self.append(records)
            }
            fn append_lazy(&self, records: &[Record<'_>]) -> Result<(), AppendError> {
                self.append_lazy(records)
            }
            fn force(&self, records: &[Record<'_>]) -> Result<u64, AppendError> {
                self.force(records)
            }
            fn try_append(&self, records: &[Record<'_>]) -> Result<Self::Ticket, TryAppendError> {
                self.try_append(records)
            }
            fn release(&self, before: u64) -> Result<usize, ReleaseError> {
                self.release(before)
            }
            fn close(&self) {
                self.close();
            }
            fn shutdown(self) -> Result<(), Failed> {
                self.shutdown()
            }
            fn counts(&self) -> Counts {
                self.counts()
            }
            fn durable(&self) -> u64 {
                self.durable()
            }
            fn is_closed(&self) -> bool {
                self.is_closed()
            }
        }
    };
}
surface!(channel);
surface!(lock);
