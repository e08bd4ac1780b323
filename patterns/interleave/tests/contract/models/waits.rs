//! Threads that wait at a channel, and what ends it.

use interleave::{fails, holds, models};

use super::{SOON, modelled, real};

/// The same steps in both worlds: who waits for a value gets it, and what was sent comes before the end
/// of the sender.
macro_rules! values {
    ($channels:path, $world:path) => {{
        use $channels as channels;
        use $world as world;

        let (sender, receiver) = channels::bounded(1);
        let sending = world::spawn(move || {
            for number in 1..=3 {
                sender.send(number).unwrap();
            }
        });
        let received: Vec<_> = receiver.into_iter().collect();
        assert_eq!(received, [1, 2, 3]);
        sending.join().unwrap();
    }};
}

/// Who waits for room, or for a value, is told that the last end opposite is gone.
macro_rules! ends {
    ($channels:path, $world:path) => {{
        use $channels as channels;
        use $world as world;

        let (sender, receiver) = channels::bounded(1);
        sender.send(1).unwrap();
        let other = receiver.clone();
        let sending = world::spawn(move || sender.send(2));
        drop(receiver);
        drop(other);
        assert_eq!(sending.join().unwrap().unwrap_err().0, 2);

        let (sender, receiver) = channels::bounded::<u8>(0);
        let other = sender.clone();
        let receiving = world::spawn(move || receiver.recv());
        drop(sender);
        drop(other);
        assert!(receiving.join().unwrap().is_err());
    }};
}

/// A time-out comes when the time has passed, and a value in time ends the wait.
macro_rules! time_outs {
    ($channels:path, $world:path) => {{
        use channels::RecvTimeoutError::Timeout;
        use $channels as channels;
        use $world as world;

        let (sender, receiver) = channels::bounded(1);
        let (says, said) = channels::bounded(1);
        let waiting = world::spawn(move || {
            says.send(receiver.recv_timeout(SOON)).unwrap();
            receiver.recv_timeout(SOON * 1_000_000)
        });
        let said = loop {
            world::pass(SOON);
            match said.try_recv() {
                Ok(said) => break said,
                Err(_) => world::yield_now(),
            }
        };
        assert!(matches!(said, Err(Timeout)));
        sender.send(7).unwrap();
        assert!(matches!(waiting.join().unwrap(), Ok(7)));
    }};
}

#[test]
fn who_waits_at_a_modelled_channel_is_woken_by_the_same() {
    values!(crossbeam_channel, real);
    ends!(crossbeam_channel, real);
    assert!(holds(2, || values!(models::channels, modelled)) > 20);
    assert!(holds(2, || ends!(models::channels, modelled)) > 20);
}

#[test]
fn a_modelled_time_out_comes_when_the_clock_says_so() {
    time_outs!(crossbeam_channel, real);
    assert!(holds(2, || time_outs!(models::channels, modelled)) > 20);
}

/// A real channel without room hands over; the model says that it cannot.
#[test]
fn a_modelled_channel_without_room_refuses_what_it_cannot_do() {
    let schedule = fails(|| {
        let (sender, _receiver) = models::channels::bounded(0);
        let _ = sender.try_send(1);
    });
    assert!(schedule.message().contains("give it room"), "{schedule}");
}
