//! Scripts of calls that one thread makes, none of which has to wait: each short script, and some long
//! ones.

use std::collections::BTreeSet;
use std::time::Duration;

use interleave::holds;

/// What is done, at the youngest end of the channel that is left.
#[derive(Clone, Copy, Debug)]
enum Call {
    TrySend,
    Send,
    TryRecv,
    Recv,
    RecvTimeout,
    TryIter,
    NewSender,
    DropSender,
    NewReceiver,
    DropReceiver,
}
use Call::{
    DropReceiver, DropSender, NewReceiver, NewSender, Recv, RecvTimeout, Send, TryIter, TryRecv,
    TrySend,
};

const CALLS: [Call; 10] = [
    TrySend,
    Send,
    TryRecv,
    Recv,
    RecvTimeout,
    TryIter,
    NewSender,
    DropSender,
    NewReceiver,
    DropReceiver,
];

/// What comes of it. A value is the number of the call that sent it.
#[derive(Debug, PartialEq)]
enum Said {
    Sent,
    Full(usize),
    NoReceiver(usize),
    Got(usize),
    All(Vec<usize>),
    Empty,
    TimedOut,
    NoSender,
    /// An end came or went.
    Done,
    /// It would wait for ever, or there is no such end.
    NotTried,
}

/// The real thing and the model have types of their own, so the text is compiled for each.
macro_rules! played {
    ($name:ident, $channels:ident) => {
        mod $name {
            use $channels::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError};

            use super::*;

            struct Ends {
                senders: Vec<Sender<usize>>,
                receivers: Vec<Receiver<usize>>,
                capacity: usize,
                inside: usize,
            }

            pub(super) fn play(capacity: usize, script: &[Call]) -> Vec<Said> {
                let (sender, receiver) = $channels::bounded(capacity);
                let (senders, receivers) = (vec![sender], vec![receiver]);
                let mut ends = Ends { senders, receivers, capacity, inside: 0 };
                let calls = script.iter().enumerate();
                calls.map(|(number, call)| ends.call(number, *call)).collect()
            }

            impl Ends {
                fn call(&mut self, number: usize, call: Call) -> Said {
                    let said = match call {
                        TrySend | Send => self.send(number, call),
                        TryRecv | Recv | RecvTimeout | TryIter => self.receive(call),
                        _ => self.change(call),
                    };
                    match said.as_ref().unwrap_or(&Said::NotTried) {
                        Said::Sent => self.inside += 1,
                        Said::Got(_) => self.inside -= 1,
                        Said::All(all) => self.inside -= all.len(),
                        _ => {}
                    }
                    said.unwrap_or(Said::NotTried)
                }

                fn send(&self, number: usize, call: Call) -> Option<Said> {
                    let sender = self.senders.last()?;
                    let waits = self.inside == self.capacity && !self.receivers.is_empty();
                    match call {
                        TrySend => Some(match sender.try_send(number) {
                            Ok(()) => Said::Sent,
                            Err(TrySendError::Full(it)) => Said::Full(it),
                            Err(TrySendError::Disconnected(it)) => Said::NoReceiver(it),
                        }),
                        _ if waits => None,
                        _ => Some(match sender.send(number) {
                            Ok(()) => Said::Sent,
                            Err(back) => Said::NoReceiver(back.0),
                        }),
                    }
                }

                fn receive(&self, call: Call) -> Option<Said> {
                    let receiver = self.receivers.last()?;
                    let waits = self.inside == 0 && !self.senders.is_empty();
                    match call {
                        TryRecv => Some(match receiver.try_recv() {
                            Ok(it) => Said::Got(it),
                            Err(TryRecvError::Empty) => Said::Empty,
                            Err(TryRecvError::Disconnected) => Said::NoSender,
                        }),
                        RecvTimeout => Some(match receiver.recv_timeout(Duration::ZERO) {
                            Ok(it) => Said::Got(it),
                            Err(RecvTimeoutError::Timeout) => Said::TimedOut,
                            Err(RecvTimeoutError::Disconnected) => Said::NoSender,
                        }),
                        TryIter => Some(Said::All(receiver.try_iter().collect())),
                        _ if waits => None,
                        _ => Some(receiver.recv().map_or(Said::NoSender, Said::Got)),
                    }
                }

                fn change(&mut self, call: Call) -> Option<Said> {
                    match call {
                        NewSender => self.senders.push(self.senders.last()?.clone()),
                        NewReceiver => self.receivers.push(self.receivers.last()?.clone()),
                        DropSender => drop(self.senders.pop()?),
                        _ => drop(self.receivers.pop()?),
                    }
                    Some(Said::Done)
                }
            }
        }
    };
}
use interleave::models::channels;
played! { real, crossbeam_channel }
played! { modelled, channels }

/// Of one run of the checker, whose steps are limited.
const BATCH: usize = 100;

/// Plays them in both worlds, and returns which kinds of answers there were.
fn compare(capacity: usize, scripts: &[Vec<Call>]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for batch in scripts.chunks(BATCH).map(<[_]>::to_vec) {
        let said: Vec<_> = batch.iter().map(|script| real::play(capacity, script)).collect();
        let kind = |said: &Said| format!("{said:?}").split('(').next().map(str::to_owned);
        kinds.extend(said.iter().flatten().filter_map(kind));
        let schedules = holds(0, move || {
            for (script, said) in batch.iter().zip(&said) {
                assert_eq!(modelled::play(capacity, script), *said, "{capacity}: {script:?}");
            }
        });
        assert_eq!(schedules, 1, "one thread has nobody to take turns with");
    }
    kinds
}

/// Each of this length, and with it each shorter one, which is the beginning of some.
fn all_of_length(length: u32) -> Vec<Vec<Call>> {
    let digit = |script: usize, place: u32| CALLS[script / CALLS.len().pow(place) % CALLS.len()];
    let scripts = 0..CALLS.len().pow(length);
    scripts.map(|script| (0..length).map(|place| digit(script, place)).collect()).collect()
}

/// An end seldom comes or goes: else most of a long script is played when all are gone.
fn at_random(seed: u64, length: usize) -> Vec<Call> {
    let mut state = seed;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    (0..length)
        .map(|_| {
            let only_values = next(8) > 0;
            CALLS[next(if only_values { 6 } else { CALLS.len() })]
        })
        .collect()
}

#[test]
fn whatever_is_called_the_modelled_channel_says_the_same() {
    let mut kinds = BTreeSet::new();
    for capacity in [1, 2] {
        kinds.extend(compare(capacity, &all_of_length(5)));
    }
    for capacity in 1..=4 {
        let scripts: Vec<_> = (0..200).map(|seed| at_random(seed, 60)).collect();
        kinds.extend(compare(capacity, &scripts));
    }
    assert_eq!(kinds.len(), 10, "not every answer was given: {kinds:?}");
}
