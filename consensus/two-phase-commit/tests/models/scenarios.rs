//! What is explored: a body for each scenario.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use interleave::models::clock;
use interleave::note;
use shuttle::sync::mpsc::{Sender, channel};
use shuttle::thread::{self, JoinHandle};
use two_phase_commit::log::{Memory, Opened};
use two_phase_commit::message::{Answers, Link, Reply, Request, Said, What};
use two_phase_commit::{Outcome, ParticipantId, Tx, Vote};

use crate::coordinator::{CommitError, OpenError, Options, Why, Work};

const PATIENCE: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_hours(1);

/// What the scenarios need of a variant.
pub(crate) trait Coordinate: Sized + Send + Sync + 'static {
    fn open(options: &Options, log: Opened<Memory>, link: Network) -> Result<Self, OpenError>;
    fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError>;
    fn settled(&self, patience: Duration) -> bool;
    fn close(&self);
    fn shutdown(self);
}

macro_rules! coordinate {
    ($variant:ty) => {
        impl Coordinate for $variant {
            fn open(
                options: &Options,
                log: Opened<Memory>,
                link: Network,
            ) -> Result<Self, OpenError> {
                Self::open(options, log, link)
            }
            fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
                self.commit(work, patience)
            }
            fn settled(&self, patience: Duration) -> bool {
                self.settled(patience)
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

coordinate!(crate::channel::Coordinator);
coordinate!(crate::lock::Coordinator);

type Letter = (ParticipantId, Request, Answers);

/// The first participant answers on the spot; what goes to the second waits for a thread of its own. All
/// say yes.
pub(crate) struct Network {
    second: Sender<Letter>,
    told: Told,
}

/// Which outcomes were sent.
type Told = Arc<Mutex<Vec<Outcome>>>;

impl Link for Network {
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
        if let What::Decide(outcome) = request.what {
            self.told.lock().unwrap().push(outcome);
        }
        if to == 1 {
            answer(to, &request, answers);
        } else {
            // Its thread has ended with the scenario.
            let _ = self.second.send((to, request, answers.clone()));
        }
    }
}

fn answer(from: ParticipantId, request: &Request, answers: &Answers) {
    let said = match request.what {
        What::Prepare(_) => Said::Voted(Vote::Yes),
        _ => Said::Done,
    };
    answers.put(Reply { tx: request.tx, from, store: from, said });
}

fn open<C: Coordinate>() -> (Arc<C>, Told, JoinHandle<()>) {
    let (second, letters) = channel::<Letter>();
    let told = Told::default();
    let network = Network { second, told: Arc::clone(&told) };
    let options = Options { retell: LONG, ..Options::new(1) };
    let coordinator = C::open(&options, Memory::default().open(), network).unwrap();
    let second = thread::spawn(move || {
        // It ends when the link is gone.
        for (to, request, answers) in letters {
            answer(to, &request, &answers);
        }
    });
    (Arc::new(coordinator), told, second)
}

fn commit<C: Coordinate>(coordinator: &C) -> Result<Tx, CommitError> {
    let done = coordinator.commit(vec![(1, Vec::new()), (2, Vec::new())], PATIENCE);
    note!("{done:?}");
    done
}

/// All heard one outcome, and it is what the client was told.
fn check(done: &Result<Tx, CommitError>, told: &Told) {
    let outcome = if done.is_ok() { Outcome::Committed } else { Outcome::Aborted };
    let told = told.lock().unwrap();
    assert_eq!(*told, [outcome, outcome]);
}

fn end<C: Coordinate>(coordinator: Arc<C>, second: JoinHandle<()>) {
    Arc::into_inner(coordinator).expect("all others have ended").shutdown();
    second.join().expect("no panic");
}

pub(crate) fn the_last_vote_and_the_deadline_come_at_once<C: Coordinate>() {
    let (coordinator, told, second) = open::<C>();
    let time = thread::spawn(|| clock::advance(PATIENCE));
    let done = commit(&*coordinator);
    let late = matches!(&done, Err(CommitError::Aborted(_, Why::Late(who))) if who.contains(&2));
    assert!(done.is_ok() || late, "{done:?}");
    time.join().expect("no panic");
    check(&done, &told);
    end(coordinator, second);
}

pub(crate) fn close_meets_the_last_vote<C: Coordinate>() {
    let (coordinator, told, second) = open::<C>();
    let closes = Arc::clone(&coordinator);
    let closes = thread::spawn(move || closes.close());
    let done = commit(&*coordinator);
    match &done {
        Err(CommitError::Closed) => assert_eq!(*told.lock().unwrap(), []),
        Ok(_) | Err(CommitError::Aborted(_, Why::Closed)) => check(&done, &told),
        Err(other) => panic!("{other}"),
    }
    closes.join().expect("no panic");
    end(coordinator, second);
}

/// The second's word that it is done comes when nobody may be left to hear it.
pub(crate) fn a_reply_meets_the_end<C: Coordinate>() {
    let (coordinator, _, second) = open::<C>();
    commit(&*coordinator).unwrap();
    end(coordinator, second);
}

pub(crate) fn to_settle_meets_the_last_word<C: Coordinate>() {
    let (coordinator, _, second) = open::<C>();
    commit(&*coordinator).unwrap();
    assert!(coordinator.settled(LONG), "time stands still");
    end(coordinator, second);
}
