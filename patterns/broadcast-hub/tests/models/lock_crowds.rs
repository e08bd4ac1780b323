//! Several readers of one ring.

use super::*;
use crate::lock::Hub;

#[test]
fn two_publishers_wait_for_two_readers() {
    let schedules = holds(bound(1), || {
        let hub = Hub::new(1);
        let readers = [(); 2].map(|()| {
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            thread::spawn(move || [(); 2].map(|()| reader.recv_blocking()))
        });
        let other = {
            let hub = hub.clone();
            thread::spawn(move || hub.publish_blocking(1).expect("open"))
        };
        hub.publish_blocking(2).expect("open");
        other.join().expect("no panic");
        let [one, two] = readers.map(|reader| reader.join().expect("no panic"));
        assert!(one == two && (one == [Ok(1), Ok(2)] || one == [Ok(2), Ok(1)]), "{one:?}");
    });
    count("lock_crowd", schedules);
}
