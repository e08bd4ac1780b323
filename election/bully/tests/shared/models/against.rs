//! The model of the select, over the models of the channel and of the clock, held against the real one.
//!
//! The models of the ring include this file too.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use interleave::holds;
use interleave::models::{channels, clock};

use super::select;

#[path = "../../../src/select.rs"]
mod real_select;

/// The same steps, for the real things and for the model. All of it happens on one thread, so nothing
/// may wait for another.
macro_rules! steps {
    ($channels:path, $select:path, $now:expr) => {{
        use $channels as channels;
        use $select::{Event, NoAnswer, answer, next};

        let (inbox, messages) = channels::bounded(2);
        let (questions, asked) = channels::bounded(1);
        inbox.send(1).unwrap();
        inbox.send(2).unwrap();
        // In their order, also with a deadline that is far away.
        for expected in [1, 2] {
            let far = $now + Duration::from_hours(1);
            let event: Event<_, char> = next(&messages, &asked, Some(far));
            assert!(matches!(event, Event::Message(it) if it == expected));
        }
        questions.send('?').unwrap();
        assert!(matches!(next(&messages, &asked, None), Event::Question('?')));
        // What is due already is seen at once, and so is that nobody can send any more.
        assert!(matches!(next(&messages, &asked, Some($now)), Event::Deadline));
        drop(questions);
        assert!(matches!(next(&messages, &asked, None), Event::Gone));

        let (lives, ended) = channels::bounded::<Infallible>(0);
        let (reply, leader) = channels::bounded(1);
        assert!(matches!(answer(&leader, &ended, Some($now)), Err(NoAnswer::TimedOut)));
        reply.try_send('a').unwrap();
        assert!(matches!(answer(&leader, &ended, None), Ok('a')));
        drop(lives);
        assert!(matches!(answer(&leader, &ended, None), Err(NoAnswer::Never)));
        drop(reply);
        assert!(matches!(answer(&leader, &ended, None), Err(NoAnswer::Never)));
    }};
}

#[test]
fn the_model_of_the_select_does_as_the_real_one() {
    steps!(crossbeam_channel, real_select, Instant::now());
    for order in 0..select::ORDERS {
        holds(0, move || {
            select::look_first(order);
            steps!(channels, select, clock::Instant::now());
        });
    }
}

/// Who looks into several is woken by each of them, and sees what was sent before the end of the sender.
macro_rules! across_threads {
    ($channels:path, $select:path, $thread:path) => {{
        use $channels as channels;
        use $select::{Event, next};
        use $thread as thread;

        let (inbox, messages) = channels::bounded(1);
        let (_questions, asked) = channels::bounded::<()>(1);
        let sender = thread::spawn(move || (1..=2).for_each(|number| inbox.send(number).unwrap()));
        let mut received = Vec::new();
        while let Event::Message(number) = next(&messages, &asked, None) {
            received.push(number);
        }
        assert_eq!(received, [1, 2]);
        sender.join().unwrap();
    }};
}

#[test]
fn the_model_of_the_select_wakes_as_the_real_one() {
    across_threads!(crossbeam_channel, real_select, std::thread);
    for order in 0..select::ORDERS {
        holds(2, move || {
            select::look_first(order);
            across_threads!(channels, select, shuttle::thread);
        });
    }
}
