//! The lines of one invoice, put together to one sale; or to several, if they are of several countries or
//! customers, which one order can't be.

use super::line::InvoiceLine;
use crate::records::{Sale, SaleCustomer, SaleLine};

/// The sales of one invoice, whose lines are given in the file's order, with `None` for a rejected one. The first
/// sale has the invoice's number, the next ones `<number>/2` and so on: that way every sum per country is the file's.
pub fn sales(lines: Vec<Option<InvoiceLine>>) -> Vec<Sale> {
    let mut sales: Vec<Sale> = Vec::new();
    for line in lines.into_iter().flatten() {
        let customer = line.customer.clone().map(SaleCustomer::Username);
        let same = |sale: &&mut Sale| sale.country == line.country && sale.customer == customer;
        if let Some(sale) = sales.iter_mut().find(same) {
            sale.lines.push(sold(line));
        } else {
            let nth = sales.len() + 1;
            sales.push(first(line, customer, nth));
        }
    }
    sales
}

fn first(line: InvoiceLine, customer: Option<SaleCustomer>, nth: usize) -> Sale {
    let reference = match nth {
        1 => line.invoice.clone(),
        _ => format!("{}/{nth}", line.invoice),
    };
    Sale {
        kind: line.kind,
        reference,
        at: line.at,
        customer,
        country: line.country.clone(),
        contact: None,
        reason: None,
        lines: vec![sold(line)],
    }
}

fn sold(line: InvoiceLine) -> SaleLine {
    SaleLine {
        row: line.row,
        sku: line.sku,
        quantity: line.quantity,
        unit_price: line.unit_price,
    }
}
