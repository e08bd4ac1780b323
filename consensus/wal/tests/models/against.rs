//! The model of the channel, held against the real one.

use std::time::Duration;

use interleave::holds;

/// The same steps, for the real thing and for the model.
macro_rules! steps {
    ($channels:path, $thread:path) => {{
        use $channels::{RecvTimeoutError, TrySendError, bounded};
        use $thread as thread;

        let (inbox, messages) = bounded(2);
        assert!(inbox.try_send(1).is_ok() && inbox.send(2).is_ok());
        assert!(matches!(inbox.try_send(3), Err(TrySendError::Full(3))));
        assert!(matches!((messages.recv(), messages.try_recv()), (Ok(1), Ok(2))));
        assert!(messages.try_recv().is_err());
        let late = messages.recv_timeout(Duration::ZERO);
        assert!(matches!(late, Err(RecvTimeoutError::Timeout)));
        // What was sent is received before the end of the sender is seen, and who waits is woken.
        let sender = thread::spawn(move || (1..=5).for_each(|number| inbox.send(number).unwrap()));
        for number in 1..=5 {
            assert!(matches!(messages.recv(), Ok(it) if it == number));
        }
        assert!(messages.recv().is_err() && messages.try_recv().is_err());
        let gone = messages.recv_timeout(Duration::from_mins(1));
        assert!(matches!(gone, Err(RecvTimeoutError::Disconnected)));
        sender.join().unwrap();
        let (inbox, messages) = bounded(1);
        drop(messages);
        assert!(matches!(inbox.try_send(4), Err(TrySendError::Disconnected(4))));
        assert!(inbox.send(5).is_err());
    }};
}

#[test]
fn the_model_of_the_channel_does_as_the_real_one() {
    steps!(crossbeam_channel, std::thread);
    holds(2, || steps!(super::channels, shuttle::thread));
}
