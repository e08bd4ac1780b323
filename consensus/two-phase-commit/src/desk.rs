//! What a coordinator keeps in memory, whichever way it is built: the rules, where each record lies in
//! the log, and what a person must look at.

use std::collections::{BTreeMap, BTreeSet};

use super::coordinator::{OpenError, Report, Unfinished};
use super::drawn::drawn;
use super::ledger::{Acknowledged, Ledger};
use super::log::{Line, Log, Opened};
use super::message::{Reply, Said};
use super::record::Coordinated;
use super::types::{CoordinatorId, Outcome, ParticipantId, StoreId, Tx};

#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) ledger: Ledger,
    /// Where the decisions lie whose end is not written.
    places: BTreeMap<Tx, u64>,
    /// The last place that is known.
    last: u64,
    pub(crate) reports: BTreeSet<Report>,
}

impl Desk {
    /// What follows from the log; when this returns, the new epoch is safe in it.
    pub(crate) fn open<L: Log>(
        id: CoordinatorId,
        Opened { log, lines }: Opened<L>,
    ) -> Result<(Self, L), OpenError> {
        let mut records = Vec::with_capacity(lines.len());
        let mut places = BTreeMap::new();
        for (place, bytes) in &lines {
            let record = Coordinated::decode(bytes)?;
            if let Coordinated::Committed { tx, .. } = &record {
                places.insert(*tx, *place);
            }
            records.push(record);
        }
        let (ledger, epoch) = Ledger::recover(id, drawn(), records)?;
        let last = log.force(&[Line::Carried(epoch.encode())])?;
        let unfinished: BTreeSet<_> = ledger.unfinished().map(|(tx, _)| tx).collect();
        places.retain(|tx, _| unfinished.contains(tx));
        Ok((Self { ledger, places, last, reports: BTreeSet::new() }, log))
    }

    /// The decision is safe, at this place.
    pub(crate) fn committed(&mut self, tx: Tx, yes: BTreeMap<ParticipantId, StoreId>, place: u64) {
        self.places.insert(tx, place);
        self.last = self.last.max(place);
        self.ledger.committed(tx, yes);
    }

    /// A participant says what it did with a decision. What is to be written, if that ends it.
    pub(crate) fn told(&mut self, reply: Reply) -> Option<Line> {
        let Reply { tx, from, store, said } = reply;
        match said {
            Said::Done => match self.ledger.acknowledged(tx, from, store) {
                Acknowledged::Lost => self.report(Report::Lost(tx, from)),
                other => return self.end(tx, other),
            },
            Said::Mixed(forced) => self.report(Report::Mixed(tx, from, opposite(forced))),
            Said::Voted(_) | Said::Became(_) | Said::Foreign => {}
        }
        None
    }

    /// A person has mended what this participant did not do.
    pub(crate) fn overrule(&mut self, tx: Tx, participant: ParticipantId) -> Option<Line> {
        self.reports.retain(|report| match report {
            Report::Lost(it, who) | Report::Mixed(it, who, _) => (*it, *who) != (tx, participant),
        });
        let overruled = self.ledger.overrule(tx, participant);
        self.end(tx, overruled)
    }

    /// Who has still to be told what.
    pub(crate) fn unfinished(&self) -> Vec<Unfinished> {
        let entry = |(tx, waiting): (Tx, &BTreeMap<ParticipantId, StoreId>)| Unfinished {
            tx,
            participants: waiting.keys().copied().collect(),
        };
        self.ledger.unfinished().map(entry).collect()
    }

    /// What lies before this place is not needed any more.
    pub(crate) fn needed_from(&self) -> u64 {
        self.places.values().min().copied().unwrap_or(self.last)
    }

    fn end(&mut self, tx: Tx, acknowledged: Acknowledged) -> Option<Line> {
        match acknowledged {
            Acknowledged::Ended(record) => {
                self.places.remove(&tx);
                Some(Line::Plain(record.encode()))
            }
            Acknowledged::Noted | Acknowledged::Lost => None,
        }
    }

    fn report(&mut self, report: Report) {
        if self.reports.insert(report) {
            tracing::error!(?report, "a person must look at this");
        }
    }
}

fn opposite(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Committed => Outcome::Aborted,
        Outcome::Aborted => Outcome::Committed,
    }
}
