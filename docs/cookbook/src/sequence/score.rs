//! What happened, line by line: which arrows, marks and spans there are, and on which rows.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, Reign, What};

/// Rows are counted from 1; row 0 is the upper edge, where everything begins that was there before.
#[derive(Default)]
pub(super) struct Score {
    pub(super) nodes: BTreeSet<u64>,
    /// When each row was.
    pub(super) rows: Vec<u64>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) marks: Vec<Mark>,
    pub(super) spans: Vec<Span>,
    /// What happens to the network as a whole.
    pub(super) bands: Vec<(usize, String)>,
}

pub(super) struct Arrow {
    pub(super) from: (u64, usize),
    pub(super) to: (u64, usize),
    pub(super) text: String,
    /// Why it did not arrive.
    pub(super) lost: Option<String>,
}

pub(super) struct Mark {
    pub(super) node: u64,
    pub(super) row: usize,
    pub(super) sign: Sign,
    pub(super) text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Something happened that another line of the trace explains.
    Dot,
    /// Its deadline came.
    Timer,
    /// Its disk has it.
    Saved,
    Crash,
    Start,
}

pub(super) struct Span {
    pub(super) node: u64,
    pub(super) rows: (usize, usize),
    pub(super) what: State,
}

/// What a node is for a while.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Leads { epoch: u64 },
    Locked,
    Down,
    Paused,
}

/// Reads events; those before the first that is shown matter only for what goes on.
struct Reader<'a> {
    score: Score,
    shows: bool,
    /// What the node did last at this moment: what it does next comes of it.
    cause: Option<(u64, u64, usize)>,
    /// A deadline or a disk's word that may be the cause of something visible.
    pending: Option<(u64, u64, Sign)>,
    /// By message, where it set out and what it says.
    sent: BTreeMap<u64, (usize, &'a str)>,
    /// By node, since when it is what; leading and being down exclude each other.
    open: BTreeMap<u64, (State, usize)>,
    /// Links cut one after the other at one moment are one event.
    cuts: Option<(u64, Vec<(u64, u64)>)>,
    started: Option<u64>,
}

impl Score {
    /// Draws all events from the line `first` on.
    pub(super) fn of(events: &[Event], first: usize) -> Self {
        let mut reader = Reader {
            score: Self::default(),
            shows: false,
            cause: None,
            pending: None,
            sent: BTreeMap::new(),
            open: BTreeMap::new(),
            cuts: None,
            started: None,
        };
        for (at, event) in (1..).zip(events) {
            reader.shows = at >= first;
            reader.read(event);
        }
        reader.finish()
    }
}

impl<'a> Reader<'a> {
    fn read(&mut self, event: &'a Event) {
        let us = event.us;
        if !matches!(event.what, What::Cut { .. }) {
            self.close_cuts();
        }
        if !matches!(event.what, What::Start { .. } | What::Other) {
            self.started = None;
        }
        match &event.what {
            What::Send { id, from, text } => {
                let row = self.act(*from, us);
                self.sent.insert(*id, (row, text));
            }
            What::Deliver { id, from, to, text } => self.arrive(us, *id, *from, *to, text, None),
            What::Drop { id, from, to, why } => self.arrive(us, *id, *from, *to, "", Some(why)),
            What::Note { node, text } => self.note(*node, us, text),
            What::Start { node } => self.start(*node, us),
            What::Crash { node } => self.becomes(*node, us, State::Down, Sign::Crash, "crashes"),
            What::Pause { node } => self.becomes(*node, us, State::Paused, Sign::Dot, "pauses"),
            What::Resume { node } => {
                let row = self.mark(*node, us, Sign::Start, "goes on");
                self.close(*node, row);
            }
            What::Time { node } => self.pending = Some((*node, us, Sign::Timer)),
            What::Saved { node } => self.pending = Some((*node, us, Sign::Saved)),
            What::Cut { from, to } => {
                let (_, links) = self.cuts.get_or_insert_with(|| (us, Vec::new()));
                links.push((*from, *to));
            }
            What::Heal => self.band(us, "the cut is healed".to_owned()),
            What::Other => {}
        }
    }

    /// A new row, or the upper edge while nothing is shown.
    fn row(&mut self, us: u64) -> usize {
        if self.shows {
            self.score.rows.push(us);
        }
        self.score.rows.len()
    }

    fn mark(&mut self, node: u64, us: u64, sign: Sign, text: &str) -> usize {
        let sign = match self.pending.take() {
            Some((whose, when, cause)) if (whose, when) == (node, us) && sign == Sign::Dot => cause,
            _ => sign,
        };
        let row = self.row(us);
        self.cause = Some((node, us, row));
        if self.shows {
            self.score.nodes.insert(node);
            self.score.marks.push(Mark { node, row, sign, text: text.to_owned() });
        }
        row
    }

    /// The row from which a node does something now.
    fn act(&mut self, node: u64, us: u64) -> usize {
        match self.cause {
            Some((whose, when, row)) if (whose, when) == (node, us) => row,
            _ => self.mark(node, us, Sign::Dot, ""),
        }
    }

    fn arrive(&mut self, us: u64, id: u64, from: u64, to: u64, text: &str, lost: Option<&str>) {
        let row = self.row(us);
        let (start, said) = self.sent.get(&id).copied().unwrap_or((0, text));
        if self.shows {
            self.score.nodes.extend([from, to]);
            self.score.arrows.push(Arrow {
                from: (from, start),
                to: (to, row),
                text: said.to_owned(),
                lost: lost.map(str::to_owned),
            });
        }
        if lost.is_none() {
            self.cause = Some((to, us, row));
        }
    }

    fn note(&mut self, node: u64, us: u64, text: &str) {
        let row = self.mark(node, us, Sign::Dot, text);
        let Some(reign) = Reign::read(text) else { return };
        self.close(node, row);
        let state = match reign {
            Reign::Begins(epoch) => State::Leads { epoch },
            Reign::Locks => State::Locked,
            Reign::Ends => return,
        };
        self.open.insert(node, (state, row));
    }

    /// Nodes that start together share a row.
    fn start(&mut self, node: u64, us: u64) {
        let together = self.started.replace(us) == Some(us) && !self.score.rows.is_empty();
        let row = if together && self.shows {
            let row = self.score.rows.len();
            self.score.nodes.insert(node);
            let text = "starts".to_owned();
            self.score.marks.push(Mark { node, row, sign: Sign::Start, text });
            self.cause = Some((node, us, row));
            row
        } else {
            self.mark(node, us, Sign::Start, "starts")
        };
        self.close(node, row);
    }

    fn becomes(&mut self, node: u64, us: u64, state: State, sign: Sign, text: &str) {
        let row = self.mark(node, us, sign, text);
        self.close(node, row);
        self.open.insert(node, (state, row));
    }

    fn close(&mut self, node: u64, row: usize) {
        if let Some((what, since)) = self.open.remove(&node) {
            self.score.spans.push(Span { node, rows: (since, row), what });
        }
    }

    fn close_cuts(&mut self) {
        if let Some((us, links)) = self.cuts.take() {
            self.band(us, cut(&links));
        }
    }

    fn band(&mut self, us: u64, text: String) {
        let row = self.row(us);
        if self.shows {
            self.score.bands.push((row, text));
        }
    }

    fn finish(mut self) -> Score {
        self.close_cuts();
        let end = self.score.rows.len() + 1;
        for node in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(node, end);
        }
        // What was over before the first row is not seen; who leads or is down has a lane.
        self.score.spans.retain(|span| span.rows.1 > 0);
        let nodes: Vec<_> = self.score.spans.iter().map(|span| span.node).collect();
        self.score.nodes.extend(nodes);
        self.score
    }
}

/// `cut: 5 from 1, 2`, or each link by itself where it is no clean cut.
fn cut(links: &[(u64, u64)]) -> String {
    let all: BTreeSet<_> = links.iter().copied().collect();
    let first = links[0].0;
    let there: BTreeSet<_> =
        all.iter().filter(|(from, _)| *from == first).map(|link| link.1).collect();
    let here: BTreeSet<_> =
        all.iter().map(|link| link.0).filter(|id| !there.contains(id)).collect();
    let both = |one: &u64| there.iter().map(|other| (*one, *other)).collect::<Vec<_>>();
    let clean: BTreeSet<_> =
        here.iter().flat_map(both).flat_map(|(one, other)| [(one, other), (other, one)]).collect();
    if clean == all {
        return format!("cut: {} from {}", list(&here), list(&there));
    }
    let links: Vec<_> = all.iter().map(|(from, to)| format!("{from} to {to}")).collect();
    format!("cut: {}", links.join(", "))
}

fn list(ids: &BTreeSet<u64>) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}
