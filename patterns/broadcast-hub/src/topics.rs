//! A hub for each topic, written once for the variants. A variant brings `Hub`, and `first(capacity)` and
//! `beside(&hub)`, which make hubs.

/// Defines `Topics`.
macro_rules! topics {
    () => {
        /// A hub for each topic, made at its first use. Each has its own order, numbers, kept messages
        /// and subscribers.
        ///
        /// The map is locked while keys are hashed and compared. A topic stays until it is removed,
        /// or until [`prune`](Self::prune) finds it unused.
        pub struct Topics<K, T> {
            map: Mutex<Map<K, T>>,
            capacity: usize,
        }

        struct Map<K, T> {
            hubs: HashMap<K, Hub<T>>,
            closed: bool,
        }

        impl<K: Eq + Hash, T: Send + Sync + 'static> Topics<K, T> {
            /// No topics yet; each will have room for `capacity` messages.
            ///
            /// # Panics
            ///
            /// If `capacity` is 0.
            pub fn new(capacity: usize) -> Self {
                check_capacity(capacity);
                let map = Map { hubs: HashMap::new(), closed: false };
                Self { map: Mutex::new(map), capacity }
            }

            /// The hub of a topic. If there is none, it is made; closed, if the topics are.
            pub fn topic(&self, key: K) -> Hub<T> {
                let mut map = self.map();
                let Map { hubs, closed } = &mut *map;
                if let Some(hub) = hubs.get(&key) {
                    return hub.clone();
                }
                let hub = match hubs.values().next() {
                    Some(other) => other.beside(),
                    None => Hub::new(self.capacity),
                };
                if *closed {
                    hub.close();
                } else {
                    hubs.insert(key, hub.clone());
                }
                hub
            }

            /// The hub of a topic, if there is one.
            pub fn get(&self, key: &K) -> Option<Hub<T>> {
                self.map().hubs.get(key).cloned()
            }

            /// Forgets a topic and returns its hub, which lives on as long as somebody keeps it.
            pub fn remove(&self, key: &K) -> Option<Hub<T>> {
                self.map().hubs.remove(key)
            }

            /// Forgets the topics that have no subscribers and whose hub nobody keeps, with the
            /// messages they keep. How many that were.
            pub fn prune(&self) -> usize {
                let mut map = self.map();
                let unused = map.hubs.extract_if(|_, hub| hub.is_unused());
                let unused: Vec<_> = unused.collect();
                drop(map); // keys and messages are foreign
                unused.len()
            }

            /// How many topics there are.
            pub fn len(&self) -> usize {
                self.map().hubs.len()
            }

            /// Whether there is none.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Closes all hubs, and those of topics yet to come. Twice is once.
            pub fn close(&self) {
                let mut map = self.map();
                map.closed = true;
                let hubs: Vec<_> = map.hubs.values().cloned().collect();
                drop(map); // closing wakes, and wakers are foreign
                hubs.iter().for_each(Hub::close);
            }

            /// A panic of `Hash` or `Eq` leaves the map as it was.
            fn map(&self) -> MutexGuard<'_, Map<K, T>> {
                self.map.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }

        impl<K, T> fmt::Debug for Topics<K, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Topics").field("capacity", &self.capacity).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use topics;
