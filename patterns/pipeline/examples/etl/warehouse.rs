//! Where rows are loaded: by the batch, all of it or none.

use thiserror::Error;

use super::order::{Rejected, Row};

/// Rows in a batch.
pub(crate) const BATCH: usize = 100;

/// Stands for a database.
#[derive(Debug, Default)]
pub(crate) struct Warehouse {
    pub(crate) rows: Vec<Row>,
    pub(crate) batches: usize,
    /// The order it refuses.
    fails_at: Option<u64>,
}

/// The warehouse refuses a batch because of this order.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the warehouse refuses order {order} of line {line}")]
pub(crate) struct Refused {
    pub(crate) order: u64,
    pub(crate) line: u64,
}

impl Warehouse {
    pub(crate) fn failing_at(order: Option<u64>) -> Self {
        Self { fails_at: order, ..Self::default() }
    }

    fn load(&mut self, batch: &mut Vec<Row>) -> Result<(), Refused> {
        if let Some(row) = batch.iter().find(|row| Some(row.order) == self.fails_at) {
            return Err(Refused { order: row.order, line: row.line });
        }
        self.rows.append(batch);
        self.batches += 1;
        Ok(())
    }
}

/// Gathers rows until a batch is full.
#[derive(Debug)]
pub(crate) struct Loader {
    batch: Vec<Row>,
    pub(crate) warehouse: Warehouse,
    pub(crate) rejected: Vec<Rejected>,
}

impl Loader {
    pub(crate) fn new(warehouse: Warehouse) -> Self {
        Self { batch: Vec::with_capacity(BATCH), warehouse, rejected: Vec::new() }
    }

    /// # Errors
    ///
    /// If the row filled a batch which the warehouse refuses.
    pub(crate) fn take(&mut self, row: Row) -> Result<(), Refused> {
        self.batch.push(row);
        if self.batch.len() == BATCH { self.flush() } else { Ok(()) }
    }

    /// Loads the last batch, which is not full.
    ///
    /// # Errors
    ///
    /// If the warehouse refuses it.
    pub(crate) fn flush(&mut self) -> Result<(), Refused> {
        if self.batch.is_empty() { Ok(()) } else { self.warehouse.load(&mut self.batch) }
    }
}
