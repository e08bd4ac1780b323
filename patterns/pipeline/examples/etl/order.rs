//! What is extracted, and what becomes of it.

use std::fmt;
use std::io::{Cursor, Write};

/// A record as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) line: u64,
    pub(crate) number: u64,
    pub(crate) customer: String,
    pub(crate) cents: u64,
    pub(crate) currency: String,
}

/// A record as it is loaded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) order: u64,
    pub(crate) customer: String,
    pub(crate) euro_cents: u64,
}

/// A record that is not loaded, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) line: u64,
    pub(crate) why: &'static str,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} rejected: {}", self.line, self.why)
    }
}

/// Validates a line like `1,Ada,12.50,EUR`.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub(crate) fn validate(line: u64, bytes: &[u8]) -> Result<Order, Rejected> {
    let wrong = |why| Rejected { line, why };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("not UTF-8"))?;
    let fields: Vec<&str> = text.trim_end_matches('\r').split(',').collect();
    let [number, customer, amount, currency] = fields[..] else {
        return Err(wrong("not four fields"));
    };
    if customer.trim().is_empty() {
        return Err(wrong("no customer"));
    }
    Ok(Order {
        line,
        number: number.parse().map_err(|_| wrong("no number"))?,
        customer: customer.to_owned(),
        cents: cents(amount).ok_or(wrong("not an amount"))?,
        currency: currency.to_owned(),
    })
}

/// Transforms an order into a row: one spelling for a name, one currency for all.
///
/// # Errors
///
/// If the currency is unknown or the amount too large.
pub(crate) fn transform(order: Order) -> Result<Row, Rejected> {
    let Order { line, number, customer, cents, currency } = order;
    let wrong = |why| Rejected { line, why };
    let percent = match currency.as_str() {
        "EUR" => 100,
        "USD" => 92,
        "CHF" => 104,
        _ => return Err(wrong("not a currency")),
    };
    let euro_cents = cents.checked_mul(percent).ok_or(wrong("too much money"))? / 100;
    Ok(Row { line, order: number, customer: customer.trim().to_uppercase(), euro_cents })
}

/// `12.50` is 1,250.
fn cents(amount: &str) -> Option<u64> {
    let (whole, part) = amount.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if part.len() != 2 || !is_number(part) || !is_number(whole) {
        return None;
    }
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?)
}

/// So many orders, some of which must be rejected.
pub(crate) fn made_up(orders: u64) -> Cursor<Vec<u8>> {
    let mut file = Vec::new();
    for number in 1..=orders {
        let amount = format!("{}.{:02}", number % 300, number % 100);
        let line = match number % 97 {
            10 => format!("{number},Ada,{amount}"),
            20 => format!("{number}, ,{amount},EUR"),
            30 => format!("{number},Ada,{amount},DOUBLOONS"),
            40 => format!("{number},Ada,a lot,EUR"),
            _ => format!("{number},Ada Lovelace,{amount},USD"),
        };
        writeln!(file, "{line}").expect("writing to memory does not fail");
    }
    Cursor::new(file)
}

/// How many of them that is.
pub(crate) fn wrong_ones(orders: u64) -> usize {
    (1..=orders).filter(|number| [10, 20, 30, 40].contains(&(number % 97))).count()
}
