//! What a disk keeps.

use super::peer::{self, ms, save};

#[test]
fn a_write_is_safe_when_the_disk_says_so_and_not_before() {
    let mut world = peer::world(1, 1);
    world.set_disk(1, ms(10)..=ms(10));
    assert_eq!((save(&mut world, 1, 70), save(&mut world, 1, 80)), (1, 2));
    world.run_until(ms(15), |world| {
        assert_eq!(world.disk(1).len(), world.node(1).unwrap().safe.len());
    });
    assert_eq!((world.disk(1), &world.node(1).unwrap().safe), (&vec![70], &vec![1]));
    world.run_until(ms(20), |_| ());
    assert_eq!(world.disk(1), &[70, 80], "one after another");
}

#[test]
fn a_crash_keeps_the_first_of_the_unsafe_writes_or_none() {
    let mut kept = [0; 4];
    for seed in 0..200 {
        let mut world = peer::world(seed, 1);
        world.set_disk(1, ms(10)..=ms(10));
        for value in 0..3 {
            save(&mut world, 1, value);
        }
        world.crash(1);
        let disk = world.disk(1).clone();
        assert!(disk.iter().copied().eq(0..disk.len() as u64), "{disk:?} is no prefix");
        assert_eq!(world.counts().unsaved, 3 - disk.len() as u64);
        kept[disk.len()] += 1;
        world.start(1);
        save(&mut world, 1, 9);
        world.run_for(ms(10));
        assert_eq!(world.node(1).unwrap().safe, [1], "only writes of this life are told");
        assert_eq!(world.disk(1).len(), disk.len() + 1, "what was lost stays lost");
    }
    assert!(kept.iter().all(|count| *count > 20), "{kept:?}");
}

#[test]
fn a_slow_disk_holds_up_its_own_node_alone() {
    let mut world = peer::world(1, 2);
    world.set_disk(2, ms(30)..=ms(40));
    save(&mut world, 1, 7);
    save(&mut world, 2, 7);
    world.run_until(ms(1), |_| ());
    assert_eq!((world.disk(1).len(), world.disk(2).len()), (1, 0));
    peer::send(&mut world, 1, 2, 5);
    world.run_until(ms(10), |_| ());
    assert_eq!(peer::numbers(&world, 2), [5], "its node goes on meanwhile");
    world.run_until(ms(40), |_| ());
    assert_eq!(world.disk(2), &[7]);
}
