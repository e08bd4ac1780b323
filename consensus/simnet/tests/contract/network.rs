//! What happens to messages.

use simnet::Link;

use super::peer::{self, ms, numbers, send};

#[test]
fn every_message_arrives_once_and_within_the_delay() {
    let mut world = peer::world(1, 2);
    world.set_links(Link::after(ms(3)..=ms(9)));
    for number in 0..100 {
        send(&mut world, 1, 2, number);
    }
    world.run_for(ms(10));
    let mut came = numbers(&world, 2);
    came.sort_unstable();
    assert_eq!(came, (0..100).collect::<Vec<_>>());
    let heard = &world.node(2).unwrap().heard;
    assert!(heard.iter().all(|(at, from, _)| (ms(3)..=ms(9)).contains(at) && *from == 1));
    let ends = [heard[0].0 < ms(4), heard[99].0 > ms(8)];
    assert_eq!(ends, [true, true], "the whole range is used");
}

#[test]
fn messages_are_lost_as_often_as_asked() {
    for permille in [0, 300, 1000] {
        let mut world = peer::world(1, 2);
        world.set_links(Link::default().losing(permille));
        for number in 0..10_000 {
            send(&mut world, 1, 2, number);
        }
        world.run_for(ms(10));
        let lost = world.counts().lost;
        assert!(lost.abs_diff(10 * u64::from(permille)) < 200, "{lost} at {permille}");
        assert_eq!(world.counts().delivered, 10_000 - lost);
        assert!(permille % 1000 != 0 || lost == 10 * u64::from(permille), "all or none is exact");
    }
}

#[test]
fn a_repeated_message_arrives_twice() {
    let mut world = peer::world(1, 2);
    world.set_links(Link::after(ms(1)..=ms(9)).repeating(1000));
    for number in 0..50 {
        send(&mut world, 1, 2, number);
    }
    world.run_for(ms(10));
    let mut came = numbers(&world, 2);
    assert!(came.windows(2).any(|pair| pair[0] != pair[1]), "the copies have times of their own");
    came.sort_unstable();
    assert_eq!(came, (0..50).flat_map(|number| [number; 2]).collect::<Vec<_>>());
    assert_eq!(world.counts().repeated, 50);
}

#[test]
fn messages_overtake_each_other_unless_they_are_kept_in_order() {
    for in_order in [false, true] {
        let mut world = peer::world(1, 2);
        let link = Link::after(ms(1)..=ms(9)).repeating(200);
        world.set_links(if in_order { link.in_order() } else { link });
        for number in 0..50 {
            send(&mut world, 1, 2, number);
        }
        world.run_for(ms(10));
        assert_eq!(numbers(&world, 2).is_sorted(), in_order);
    }
}

#[test]
fn a_cut_takes_what_is_on_its_way() {
    let mut world = peer::world(1, 2);
    send(&mut world, 1, 2, 1);
    world.cut(1, 2);
    send(&mut world, 1, 2, 2);
    world.run_for(ms(10));
    assert!(numbers(&world, 2).is_empty());
    assert_eq!(world.counts().cut_off, 2);
    world.heal();
    send(&mut world, 1, 2, 3);
    world.run_for(ms(10));
    assert_eq!(numbers(&world, 2), [3]);
}

#[test]
fn a_cut_in_one_direction_leaves_the_other() {
    let mut world = peer::world(1, 2);
    world.cut_one_way(1, 2);
    send(&mut world, 1, 2, 1);
    send(&mut world, 2, 1, 2);
    world.run_for(ms(10));
    assert_eq!((numbers(&world, 1), numbers(&world, 2)), (vec![2], vec![]));
}

#[test]
fn a_split_parts_two_groups_and_no_more() {
    let mut world = peer::world(1, 5);
    world.split(&[2, 5]);
    for from in 1..=5 {
        for to in (1..=5).filter(|to| *to != from) {
            send(&mut world, from, to, from);
        }
    }
    world.run_for(ms(10));
    let heard = (1..=5).map(|id| {
        let mut numbers = numbers(&world, id);
        numbers.sort_unstable();
        numbers
    });
    assert_eq!(heard.collect::<Vec<_>>(), [vec![3, 4], vec![5], vec![1, 4], vec![1, 3], vec![2]]);
}

#[test]
fn one_link_may_differ_from_the_rest() {
    let mut world = peer::world(1, 3);
    world.set_link(1, 2, Link::after(ms(50)..=ms(50)));
    send(&mut world, 1, 2, 0);
    send(&mut world, 2, 1, 0);
    send(&mut world, 1, 3, 0);
    world.run_for(ms(100));
    let at = |id| world.node(id).unwrap().heard[0].0;
    assert_eq!((at(1) < ms(3), at(2), at(3) < ms(3)), (true, ms(50), true));
}

#[test]
#[should_panic(expected = "1001 of a thousand is more than all")]
fn a_rate_above_all_is_refused() {
    let _ = Link::default().losing(1001);
}

#[test]
#[should_panic(expected = "which does not exist")]
fn a_message_to_nobody_is_refused() {
    send(&mut peer::world(1, 2), 1, 3, 0);
}
