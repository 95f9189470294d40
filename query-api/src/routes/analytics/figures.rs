//! Sums of sales, as the reports' answers show them.

use events::money::{Currency, Money};
use read_models::sales_figures::SalesFigures;
use serde::Serialize;
use utoipa::ToSchema;
use web::money::MoneyDto;

/// Sales of a period, or of a part of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Orders that were paid.
    orders: i64,
    /// Units in them.
    units: i64,
    /// What they came to, on the day of the payment.
    #[schema(value_type = MoneyDto)]
    gross: Money,
    /// Paid orders that were cancelled, returns, and credit notes.
    reversals: i64,
    returned_units: i64,
    /// What they took back, on their own day.
    #[schema(value_type = MoneyDto)]
    refunds: Money,
    /// Units less those that came back.
    pub net_units: i64,
    /// Gross less refunds.
    #[schema(value_type = MoneyDto)]
    pub net: Money,
}

impl Figures {
    const CSV_HEAD: [&'static str; 9] = [
        "orders",
        "units",
        "gross",
        "reversals",
        "returned_units",
        "refunds",
        "net_units",
        "net",
        "currency",
    ];

    /// A head of these names and those of [`Self::CSV_HEAD`], which must be `N` together.
    pub const fn csv_head<const N: usize>(before: &[&'static str]) -> [&'static str; N] {
        let mut head = [""; N];
        let mut field = 0;
        while field < N {
            head[field] = if field < before.len() {
                before[field]
            } else {
                Self::CSV_HEAD[field - before.len()]
            };
            field += 1;
        }
        head
    }

    pub fn new(sums: &SalesFigures, currency: Currency) -> Self {
        Self {
            orders: sums.orders,
            units: sums.units,
            gross: Money::new(sums.gross_minor, currency),
            reversals: sums.reversals,
            returned_units: sums.returned_units,
            refunds: Money::new(sums.refunded_minor, currency),
            net_units: sums.net_units(),
            net: Money::new(sums.net_minor(), currency),
        }
    }

    pub fn gross_minor(&self) -> i64 {
        self.gross.amount_minor()
    }

    pub fn refunds_minor(&self) -> i64 {
        self.refunds.amount_minor()
    }

    /// The fields of [`Self::CSV_HEAD`], after others.
    pub fn csv_row(&self, mut before: Vec<String>) -> Vec<String> {
        before.extend([
            self.orders.to_string(),
            self.units.to_string(),
            self.gross.to_decimal(),
            self.reversals.to_string(),
            self.returned_units.to_string(),
            self.refunds.to_decimal(),
            self.net_units.to_string(),
            self.net.to_decimal(),
            self.net.currency().to_string(),
        ]);
        before
    }
}
