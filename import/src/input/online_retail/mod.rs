//! The mapping of UCI's "Online Retail" invoice lines (Chen, D. (2015), doi 10.24432/C5BW33, CC BY 4.0).
//!
//! An invoice becomes a past order, one whose number begins with `C` a credit note; each `StockCode` a product
//! whose stock is exactly what its sales need; each `CustomerID` an account. Rows that break a rule are rejected
//! one by one, and the rest of their invoice is recorded.

mod catalogue;
mod invoice;
mod line;

use std::ops::ControlFlow;

use self::catalogue::Catalogue;
use self::line::{COLUMNS, InvoiceLine};
use super::{Input, Item, Sink, Survey, put_all};
use crate::error::ImportError;
use bulk::csv_table::CsvTable;
use bulk::grouping::{self, Grouping};

pub fn survey(input: &Input) -> Result<Survey, ImportError> {
    let mut survey = Survey::default();
    let mut catalogue = Catalogue::default();
    CsvTable::open(&input.source, COLUMNS)?.for_each(|row| {
        survey.rows += 1;
        let Ok(row) = row else {
            return ControlFlow::Continue(());
        };
        grouping::count(&mut survey.group_sizes, row.get(line::INVOICE));
        if let Ok(line) = line::read(&row, input.currency) {
            if let Some(customer) = &line.customer {
                let email = line::email_of(customer);
                survey.customers.insert(customer.clone(), Some(email));
            }
            catalogue.add(&line);
        }
        ControlFlow::Continue(())
    })?;
    survey.products = catalogue.into_products(input.currency);
    Ok(survey)
}

pub fn read(input: &Input, survey: &Survey, sink: &mut Sink) -> Result<(), ImportError> {
    let mut grouping: Grouping<Option<InvoiceLine>> = Grouping::new(&survey.group_sizes);
    CsvTable::open(&input.source, COLUMNS)?.for_each(|row| {
        let row = match row {
            Ok(row) => row,
            Err(rejection) => return sink(Item::Rejected(rejection)),
        };
        // A rejected row still counts: its invoice may be waiting for its last one.
        let line = match line::read(&row, input.currency) {
            Ok(line) => Some(line),
            Err(rejection) => {
                sink(Item::Rejected(rejection))?;
                None
            }
        };
        match grouping.add(row.get(line::INVOICE), line) {
            Some(lines) => put_all(invoice::sales(lines).into_iter().map(Item::Sale), sink),
            None => ControlFlow::Continue(()),
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
