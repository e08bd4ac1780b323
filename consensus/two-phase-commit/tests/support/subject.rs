//! One surface over both variants, for tests alone.

use std::time::Duration;

use two_phase_commit::log::{Log, Opened};
use two_phase_commit::message::Link;
use two_phase_commit::{
    Answer, CommitError, Counts, OpenError, Options, Outcome, ParticipantId, RecallError, Report,
    Tx, Unfinished, Work, channel, lock,
};

pub(crate) trait Coordinate: Sized + Send + Sync + 'static {
    fn open<L: Log + 'static>(
        options: &Options,
        log: Opened<L>,
        link: impl Link + 'static,
    ) -> Result<Self, OpenError>;
    fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError>;
    fn recall(
        &self,
        tx: Tx,
        who: ParticipantId,
        patience: Duration,
    ) -> Result<Outcome, RecallError>;
    fn answer(&self, tx: Tx) -> Answer;
    fn next(&self) -> Option<Tx>;
    fn unfinished(&self) -> Vec<Unfinished>;
    fn settled(&self, patience: Duration) -> bool;
    fn reports(&self) -> Vec<Report>;
    fn overrule(&self, tx: Tx, who: ParticipantId);
    fn counts(&self) -> Counts;
    fn close(&self);
    fn shutdown(self);
}

macro_rules! coordinate {
    ($variant:ty) => {
        impl Coordinate for $variant {
            fn open<L: Log + 'static>(
                options: &Options,
                log: Opened<L>,
                link: impl Link + 'static,
            ) -> Result<Self, OpenError> {
                Self::open(options, log, link)
            }
            fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
                self.commit(work, patience)
            }
            fn recall(
                &self,
                tx: Tx,
                who: ParticipantId,
                patience: Duration,
            ) -> Result<Outcome, RecallError> {
                self.recall(tx, who, patience)
            }
            fn answer(&self, tx: Tx) -> Answer {
                self.answer(tx)
            }
            fn next(&self) -> Option<Tx> {
                self.next()
            }
            fn unfinished(&self) -> Vec<Unfinished> {
                self.unfinished()
            }
            fn settled(&self, patience: Duration) -> bool {
                self.settled(patience)
            }
            fn reports(&self) -> Vec<Report> {
                self.reports()
            }
            fn overrule(&self, tx: Tx, who: ParticipantId) {
                self.overrule(tx, who);
            }
            fn counts(&self) -> Counts {
                self.counts()
            }
            fn close(&self) {
                self.close();
            }
            fn shutdown(self) {
                self.shutdown();
            }
        }
    };
}

coordinate!(channel::Coordinator);
coordinate!(lock::Coordinator);
