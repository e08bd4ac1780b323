//! Two leaders after a cut, and a store that refuses the older token.
//!
//!     cargo run -p bully --example fenced_writer
//!
//! Five nodes on threads elect 5. Then 5 is cut off: it leads on, because nobody can tell it
//! otherwise, while the others elect 4. Both write. A store without tokens takes both; one with
//! tokens refuses the old leader. After the cut 5 claims anew, and may write again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use bully::channel::Node;
use bully::{Config, NodeId, Stored, Timing, Token};

type Nodes = Arc<RwLock<BTreeMap<NodeId, Node>>>;

/// Remembers the greatest token, and refuses smaller ones.
#[derive(Default)]
struct Store {
    greatest: Option<Token>,
    value: &'static str,
}

impl Store {
    fn write(&mut self, token: Token, value: &'static str) -> Result<(), Token> {
        match self.greatest {
            Some(greatest) if token < greatest => Err(greatest),
            _ => {
                (self.greatest, self.value) = (Some(token), value);
                Ok(())
            }
        }
    }
}

fn main() {
    let nodes = Nodes::default();
    let cut = Arc::new(AtomicBool::new(false));
    for id in 1..=5 {
        let node = start(id, Arc::clone(&nodes), Arc::clone(&cut));
        nodes.write().expect("no panic").insert(id, node);
    }
    let old = wait(&nodes, &[1, 2, 3, 4, 5], |token| token.id == 5);
    println!("all follow node 5, whose token is {old}");

    cut.store(true, SeqCst);
    let cut_off = wait(&nodes, &[5], |_| true);
    let new = wait(&nodes, &[1, 2, 3, 4], |token| token.id == 4 && *token > cut_off);
    println!("node 5 is cut off: it leads on with {cut_off}, and the others follow {new}");
    assert_eq!(wait(&nodes, &[5], |_| true), cut_off, "two leaders at once");

    let mut store = Store::default();
    store.write(new, "what 4 wrote").expect("the first token is the greatest");
    let refused = store.write(cut_off, "what 5 wrote");
    println!("the store holds \"{}\", and refused {cut_off}: {refused:?}", store.value);
    assert_eq!((refused, store.value), (Err(new), "what 4 wrote"));

    cut.store(false, SeqCst);
    let last = wait(&nodes, &[1, 2, 3, 4, 5], |token| token.id == 5 && *token > new);
    store.write(last, "what 5 wrote later").expect("it is the greatest now");
    println!("the cut is healed: all follow {last}, and the store holds \"{}\"", store.value);

    // Stopped outside the lock: their threads may be looking for each other.
    let all = std::mem::take(&mut *nodes.write().expect("no panic"));
    drop(all);
}

fn start(id: NodeId, nodes: Nodes, cut: Arc<AtomicBool>) -> Node {
    let timing = Timing::for_delay(Duration::from_millis(10));
    let send = move |to, message| {
        let stopped = cut.load(SeqCst) && (to == 5 || id == 5);
        if let Some(node) = nodes.read().expect("no panic").get(&to)
            && !stopped
        {
            // A full inbox loses it, as a network would.
            let _ = node.deliver(id, message);
        }
    };
    // This process keeps its promises only as long as it lives: a real node writes to its disk.
    Node::start(Config::new(id, 1..=5, timing), Stored::default(), send, |_| ())
}

/// Waits until all of these agree on a leader that fits.
fn wait(nodes: &Nodes, of: &[NodeId], fits: impl Fn(&Token) -> bool) -> Token {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let nodes = nodes.read().expect("no panic");
        let leaders: Vec<_> = of.iter().map(|id| nodes[id].leader()).collect();
        match leaders[0] {
            Some(token) if fits(&token) && leaders.iter().all(|it| *it == leaders[0]) => {
                return token;
            }
            _ => assert!(Instant::now() < end, "they do not agree: {leaders:?}"),
        }
        let odd = leaders.iter().position(|it| !it.is_some_and(|token| fits(&token))).unwrap_or(0);
        nodes[&of[odd]].wait_change(leaders[odd], Duration::from_millis(10));
    }
}
