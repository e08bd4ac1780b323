//! What callers see, written once, so that the variants cannot drift apart. A variant brings types
//! that `Serve`.

/// Defines the verbs of a `Limiter` inside its `impl`.
macro_rules! limiter_methods {
    () => {
        /// Takes `n` tokens now or none. Never waits, nor overtakes a caller who does.
        ///
        /// # Errors
        ///
        /// [`TryAcquireError::NotNow`] with the time at which it would succeed, else as for
        /// [`acquire`](Self::acquire).
        #[inline]
        pub fn try_acquire(&self, n: u64) -> Result<(), TryAcquireError> {
            wait::try_acquire(self, n)
        }

        /// Waits until `n` tokens are the caller's, first come, first served. Needs tokio's timer.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future gives up the place in the line, and no token: whoever stood behind
        /// moves up and takes the slot over.
        ///
        /// # Errors
        ///
        /// [`AcquireError::Closed`] once closed, [`AcquireError::Never`] for more than the burst.
        ///
        /// # Panics
        ///
        /// If it has to wait where tokio's timer is not enabled.
        pub async fn acquire(&self, n: u64) -> Result<(), AcquireError> {
            wait::acquire(self, n).await
        }

        /// Like [`acquire`](Self::acquire), for a thread: parks it. Needs no runtime.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire).
        pub fn acquire_blocking(&self, n: u64) -> Result<(), AcquireError> {
            wait::acquire_blocking(self, n)
        }

        /// Like [`acquire_blocking`](Self::acquire_blocking), for `limit` at most. Refuses at once
        /// if the line is longer than that.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire), and [`AcquireTimeoutError::TimedOut`].
        pub fn acquire_timeout(&self, n: u64, limit: Duration) -> Result<(), AcquireTimeoutError> {
            wait::acquire_timeout(self, n, limit)
        }

        /// What it admits.
        pub fn quota(&self) -> Quota {
            self.schedule().quota
        }
    };
}

/// Defines the verbs of a `Keyed` inside its `impl`. It brings `at(key)`, the way to a key's desk.
macro_rules! keyed_methods {
    () => {
        /// Takes `n` of the key's tokens now or none. Never waits, nor overtakes a caller who does.
        ///
        /// # Errors
        ///
        /// [`TryAcquireError::NotNow`] with the time at which it would succeed, else as for
        /// [`acquire`](Self::acquire).
        #[inline]
        pub fn try_acquire<Q>(&self, key: &Q, n: u64) -> Result<(), TryAcquireError>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            wait::try_acquire(&self.at(key), n)
        }

        /// Waits until `n` of the key's tokens are the caller's, first come, first served. Needs
        /// tokio's timer.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future gives up the place in the line, and no token: whoever stood behind
        /// moves up and takes the slot over.
        ///
        /// # Errors
        ///
        /// [`AcquireError::Closed`] once closed, [`AcquireError::Never`] for more than the burst.
        ///
        /// # Panics
        ///
        /// If it has to wait where tokio's timer is not enabled.
        pub async fn acquire<Q>(&self, key: &Q, n: u64) -> Result<(), AcquireError>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            wait::acquire(&self.at(key), n).await
        }

        /// Like [`acquire`](Self::acquire), for a thread: parks it. Needs no runtime.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire).
        pub fn acquire_blocking<Q>(&self, key: &Q, n: u64) -> Result<(), AcquireError>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            wait::acquire_blocking(&self.at(key), n)
        }

        /// Like [`acquire_blocking`](Self::acquire_blocking), for `limit` at most. Refuses at once
        /// if the key's line is longer than that.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire), and [`AcquireTimeoutError::TimedOut`].
        pub fn acquire_timeout<Q>(
            &self,
            key: &Q,
            n: u64,
            limit: Duration,
        ) -> Result<(), AcquireTimeoutError>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            wait::acquire_timeout(&self.at(key), n, limit)
        }

        /// Whether no key is in memory.
        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }

        /// What it admits for each key.
        pub fn quota(&self) -> Quota {
            self.schedule.quota
        }
    };
}

pub(crate) use {keyed_methods, limiter_methods};
