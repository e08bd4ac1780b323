//! The ways to acquire, written once, so that the variants cannot drift apart. A variant brings
//! `take(n)`, a future that is ready when `n` permits are the caller's, `take_blocking(n)`, and `take_now(n)`, which
//! tells whether it took them.

/// Refuses sizes that cannot be counted.
pub(crate) fn check_size(permits: usize, max: usize, most: usize) {
    assert!(max <= most, "{max} permits are above MAX_PERMITS; choose a smaller maximum");
    assert!(permits <= max, "{permits} permits do not fit a maximum of {max}");
}

/// Defines the acquire methods of a `Semaphore` inside its `impl`.
macro_rules! acquire_methods {
    () => {
        /// Waits for `n` permits and takes all of them at once.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future gives up the place in the line. Permits granted meanwhile go back,
        /// and whoever stood behind moves up.
        ///
        /// # Errors
        ///
        /// [`AcquireError::Closed`] once closed, [`AcquireError::Never`] for more than the maximum.
        pub async fn acquire(&self, n: usize) -> Result<Permit<'_>, AcquireError> {
            self.take(n).await?;
            Ok(Held::new(self, n))
        }

        /// Like [`acquire`](Self::acquire), for a thread: parks it. Not for async code.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire).
        pub fn acquire_blocking(&self, n: usize) -> Result<Permit<'_>, AcquireError> {
            self.take_blocking(n)?;
            Ok(Held::new(self, n))
        }

        /// Like [`acquire_blocking`](Self::acquire_blocking), for `limit` at most.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire), and [`AcquireTimeoutError::TimedOut`].
        pub fn acquire_timeout(
            &self,
            n: usize,
            limit: Duration,
        ) -> Result<Permit<'_>, AcquireTimeoutError> {
            block_on_for(limit, self.take(n)).ok_or(AcquireTimeoutError::TimedOut)??;
            Ok(Held::new(self, n))
        }

        /// Takes `n` permits now or not at all. Never waits for them, nor behind a caller that does.
        ///
        /// # Errors
        ///
        /// [`TryAcquireError::NotNow`] if it would have to wait, else as for
        /// [`acquire`](Self::acquire).
        pub fn try_acquire(&self, n: usize) -> Result<Permit<'_>, TryAcquireError> {
            if !self.take_now(n)? {
                return Err(TryAcquireError::NotNow);
            }
            Ok(Held::new(self, n))
        }

        /// Like [`acquire`](Self::acquire), for permits that keep the semaphore alive.
        ///
        /// # Cancel safety
        ///
        /// As for [`acquire`](Self::acquire).
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire).
        pub async fn acquire_owned(
            self: &Arc<Self>,
            n: usize,
        ) -> Result<OwnedPermit, AcquireError> {
            self.take(n).await?;
            Ok(Held::new(Arc::clone(self), n))
        }

        /// Like [`acquire_blocking`](Self::acquire_blocking), for permits that keep the semaphore
        /// alive.
        ///
        /// # Errors
        ///
        /// As for [`acquire`](Self::acquire).
        pub fn acquire_owned_blocking(
            self: &Arc<Self>,
            n: usize,
        ) -> Result<OwnedPermit, AcquireError> {
            self.take_blocking(n)?;
            Ok(Held::new(Arc::clone(self), n))
        }

        /// Like [`acquire_timeout`](Self::acquire_timeout), for permits that keep the semaphore
        /// alive.
        ///
        /// # Errors
        ///
        /// As for [`acquire_timeout`](Self::acquire_timeout).
        pub fn acquire_owned_timeout(
            self: &Arc<Self>,
            n: usize,
            limit: Duration,
        ) -> Result<OwnedPermit, AcquireTimeoutError> {
            block_on_for(limit, self.take(n)).ok_or(AcquireTimeoutError::TimedOut)??;
            Ok(Held::new(Arc::clone(self), n))
        }

        /// Like [`try_acquire`](Self::try_acquire), for permits that keep the semaphore alive.
        ///
        /// # Errors
        ///
        /// As for [`try_acquire`](Self::try_acquire).
        pub fn try_acquire_owned(
            self: &Arc<Self>,
            n: usize,
        ) -> Result<OwnedPermit, TryAcquireError> {
            if !self.take_now(n)? {
                return Err(TryAcquireError::NotNow);
            }
            Ok(Held::new(Arc::clone(self), n))
        }
    };
}

pub(crate) use acquire_methods;
