//! What the model consists of: logs, what runs on them, and all messages that were ever sent.

use std::collections::{BTreeMap, BTreeSet};

use two_phase_commit::branches::{Branches, Part};
use two_phase_commit::ledger::Ledger;
use two_phase_commit::record::{Branched, Coordinated};
use two_phase_commit::{LogId, Outcome, ParticipantId, StoreId, Tx, Vote, Votes};

const LOG: LogId = 0;
/// No disk is lost in here.
pub(crate) const STORE: StoreId = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    Prepare(ParticipantId, Tx, Tx),
    Vote(ParticipantId, Tx, Vote),
    Decide(ParticipantId, Tx, Outcome),
    Done(ParticipantId, Tx),
    /// To the coordinator.
    Ask(ParticipantId, Tx),
    /// From one participant to another.
    AskPeer(ParticipantId, ParticipantId, Tx),
}

/// A log, and the records on their way to it, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Disk<R> {
    pub(crate) safe: Vec<R>,
    pub(crate) writing: Vec<R>,
}

impl<R> Default for Disk<R> {
    fn default() -> Self {
        Self { safe: Vec::new(), writing: Vec::new() }
    }
}

impl<R: Clone> Disk<R> {
    /// The oldest is safe now.
    pub(crate) fn sync(&mut self) -> R {
        let written = self.writing.remove(0);
        self.safe.push(written.clone());
        written
    }

    /// So many of those on their way are there.
    pub(crate) fn crash(&mut self, written: usize) {
        self.safe.extend(std::mem::take(&mut self.writing).into_iter().take(written));
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Coordinator {
    pub(crate) disk: Disk<Coordinated>,
    pub(crate) ledger: Ledger,
    pub(crate) votes: BTreeMap<Tx, Votes>,
}

impl Coordinator {
    /// The new epoch is on its way to the disk.
    pub(crate) fn start(mut disk: Disk<Coordinated>) -> Self {
        let recovered = Ledger::recover(0, LOG, disk.safe.iter().cloned());
        let (ledger, epoch) = recovered.expect("it is its own log");
        disk.writing.push(epoch);
        Self { disk, ledger, votes: BTreeMap::new() }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Participant {
    pub(crate) disk: Disk<Branched>,
    pub(crate) branches: Branches,
}

impl Participant {
    pub(crate) fn start(disk: Disk<Branched>) -> Self {
        let branches = Branches::recover(disk.safe.iter().cloned());
        Self { disk, branches }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) coordinator: Coordinator,
    pub(crate) participants: BTreeMap<ParticipantId, Participant>,
    pub(crate) sent: BTreeSet<Message>,
    pub(crate) begun: usize,
    pub(crate) crashes: usize,
    /// Who was told what, the client as nobody: nobody may forget that.
    pub(crate) told: BTreeSet<(ParticipantId, Tx, Outcome)>,
    /// Who said yes.
    pub(crate) yes: BTreeSet<(ParticipantId, Tx)>,
    /// Who heard it from a peer.
    pub(crate) is_rescued: bool,
}

pub(crate) fn part(all: impl Iterator<Item = ParticipantId>, own: ParticipantId) -> Part {
    Part { peers: all.filter(|peer| *peer != own).collect(), redo: Vec::new() }
}
