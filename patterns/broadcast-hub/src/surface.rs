//! The ways to publish and to receive, written once, so that the variants cannot drift apart.
//!
//! A hub brings `try_publish` and `offer(value)`, a future that is ready when the message is
//! published and that can be asked to give it back. A subscriber brings `try_recv`, `try_recv_many`
//! and `ready()`, a future that is ready when one of them has something to say.

/// Refuses a hub that could hold nothing, or more than can be counted.
pub(crate) fn check_capacity(capacity: usize) {
    assert!(capacity > 0, "a hub needs room for at least one message; choose a larger capacity");
    assert!(
        capacity <= usize::MAX >> 2,
        "no memory holds {capacity} messages; choose a smaller capacity"
    );
}

/// Defines the publishing methods that wait, inside the `impl` of a `Hub`.
macro_rules! publish_methods {
    () => {
        /// Publishes a message, and waits while a subscriber that joined with
        /// [`Slow::Wait`] has no room. Publishers are served in order. Returns
        /// the number of the message.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped before it is ready, the message is either published or dropped,
        /// and whoever waited behind it moves up.
        ///
        /// # Errors
        ///
        /// [`PublishError::Closed`] with the message, once closed.
        pub async fn publish(&self, value: T) -> Result<u64, PublishError<T>> {
            self.offer(value).await
        }

        /// Like [`publish`](Self::publish), for a thread: parks it. Not for async code.
        ///
        /// # Errors
        ///
        /// As for [`publish`](Self::publish).
        pub fn publish_blocking(&self, value: T) -> Result<u64, PublishError<T>> {
            block_on(self.offer(value))
        }

        /// Like [`publish_blocking`](Self::publish_blocking), for `limit` at most.
        ///
        /// # Errors
        ///
        /// As for [`publish`](Self::publish), and [`PublishTimeoutError::TimedOut`] with the
        /// message, which then nobody gets.
        pub fn publish_timeout(
            &self,
            value: T,
            limit: Duration,
        ) -> Result<u64, PublishTimeoutError<T>> {
            // Room that is there counts, however short the limit.
            let value = match self.try_publish(value) {
                Ok(number) => return Ok(number),
                Err(TryPublishError::Closed(value)) => {
                    return Err(PublishTimeoutError::Closed(value));
                }
                Err(TryPublishError::Full(value)) => value,
            };
            let mut offer = self.offer(value);
            match block_on_for(limit, Pin::new(&mut offer)) {
                Some(answer) => Ok(answer?),
                None => offer.withdraw(),
            }
        }
    };
}

/// Defines the receiving methods that wait, inside the `impl` of a `Subscriber`.
macro_rules! receive_methods {
    () => {
        /// Waits for the next message.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped before it is ready, no message was taken.
        ///
        /// # Errors
        ///
        /// [`RecvError::Lagged`] if messages were skipped: go on, this is no end.
        /// [`RecvError::Evicted`] and [`RecvError::Closed`] are.
        pub async fn recv(&mut self) -> Result<T, RecvError> {
            loop {
                match self.try_recv() {
                    Ok(message) => return Ok(message),
                    Err(TryRecvError::NotNow) => self.ready().await,
                    Err(TryRecvError::Lagged(n)) => return Err(RecvError::Lagged(n)),
                    Err(TryRecvError::Evicted) => return Err(RecvError::Evicted),
                    Err(TryRecvError::Closed) => return Err(RecvError::Closed),
                }
            }
        }

        /// Like [`recv`](Self::recv), for a thread: parks it. Not for async code.
        ///
        /// # Errors
        ///
        /// As for [`recv`](Self::recv).
        pub fn recv_blocking(&mut self) -> Result<T, RecvError> {
            block_on(self.recv())
        }

        /// Like [`recv_blocking`](Self::recv_blocking), for `limit` at most.
        ///
        /// # Errors
        ///
        /// As for [`recv`](Self::recv), and [`RecvTimeoutError::TimedOut`].
        pub fn recv_timeout(&mut self, limit: Duration) -> Result<T, RecvTimeoutError> {
            Ok(block_on_for(limit, self.recv()).ok_or(RecvTimeoutError::TimedOut)??)
        }

        /// Waits for messages and appends what there is to `buffer`, `limit` at most. Returns how
        /// many. Their numbers follow each other, for what was skipped is reported in between.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped before it is ready, no message was taken.
        ///
        /// # Errors
        ///
        /// As for [`recv`](Self::recv).
        pub async fn recv_many(
            &mut self,
            buffer: &mut Vec<T>,
            limit: usize,
        ) -> Result<usize, RecvError> {
            loop {
                match self.try_recv_many(buffer, limit) {
                    Ok(count) => return Ok(count),
                    Err(TryRecvError::NotNow) => self.ready().await,
                    Err(TryRecvError::Lagged(n)) => return Err(RecvError::Lagged(n)),
                    Err(TryRecvError::Evicted) => return Err(RecvError::Evicted),
                    Err(TryRecvError::Closed) => return Err(RecvError::Closed),
                }
            }
        }

        /// Like [`recv_many`](Self::recv_many), for a thread: parks it. Not for async code.
        ///
        /// # Errors
        ///
        /// As for [`recv`](Self::recv).
        pub fn recv_many_blocking(
            &mut self,
            buffer: &mut Vec<T>,
            limit: usize,
        ) -> Result<usize, RecvError> {
            block_on(self.recv_many(buffer, limit))
        }
    };
}

pub(crate) use {publish_methods, receive_methods};
