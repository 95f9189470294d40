//! What can be asked of the stock of a SKU.

use events::ids::{OrderId, ProductId, Sku};

#[derive(Debug, Clone)]
pub enum StockCommand {
    /// Says which product sells the SKU.
    List {
        sku: Sku,
        product_id: ProductId,
    },
    Receive {
        quantity: u32,
        reason: String,
    },
    /// Promises units to an order, on top of what it has been promised before.
    Reserve {
        order_id: OrderId,
        quantity: u32,
    },
    /// Takes units at once, for a sale of the past.
    Sell {
        order_id: OrderId,
        quantity: u32,
    },
    /// Takes the promise back; does nothing if there is none.
    Release {
        order_id: OrderId,
    },
    /// The promised units leave.
    Ship {
        order_id: OrderId,
    },
    Return {
        order_id: Option<OrderId>,
        quantity: u32,
    },
    Adjust {
        delta: i64,
        reason: String,
    },
}
