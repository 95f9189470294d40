//! What the documents look like, for the OpenAPI document. The read models make the documents; the tests hold the two
//! together.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::money::MoneyDto;

/// A product with its variants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Product {
    id: Uuid,
    /// Whose it is; the shop's own if null.
    seller: Option<Uuid>,
    name: String,
    description: String,
    category: Option<Uuid>,
    /// What else there is to tell, such as a book's `author`.
    attributes: BTreeMap<String, String>,
    status: String,
    variants: Vec<Variant>,
    /// In stars, over the reviews that everybody sees; null without one.
    average_rating: Option<f64>,
    review_count: u64,
    /// There is one unit of it: who buys it becomes its owner.
    one_of_a_kind: bool,
    /// In their order.
    images: Vec<Image>,
    added_at: DateTime<Utc>,
    /// For `If-Match`.
    version: u64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Variant {
    sku: String,
    options: BTreeMap<String, String>,
    price: MoneyDto,
    on_hand: i64,
    reserved: i64,
    /// Units that can be bought.
    available: i64,
}

/// An image of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Image {
    id: Uuid,
    /// `processing`, `ready` or `rejected`.
    status: String,
    /// What it shows, in words; may be empty.
    alt: String,
    /// Why it was rejected: `undecodable` or `too_large`.
    fault: Option<String>,
    /// The smallest first; none unless it's ready.
    sizes: Vec<ImageSize>,
}

/// One of the sizes in which an image can be fetched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct ImageSize {
    /// In pixels.
    width: u32,
    height: u32,
    bytes: u64,
    /// Below the shop's address.
    url: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Order {
    id: Uuid,
    customer: Option<Uuid>,
    /// `awaiting_payment`, `paid`, `shipped`, `delivered`, `cancelled` or `returned`.
    status: String,
    lines: Vec<OrderLine>,
    total: MoneyDto,
    refunded: MoneyDto,
    country: String,
    payment_id: Uuid,
    placed_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    shipped_at: Option<DateTime<Utc>>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    delivered_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    returned_at: Option<DateTime<Utc>>,
    /// Its number in the system that it was imported from.
    reference: Option<String>,
    historical: bool,
    version: u64,
    /// In the detail only; null once the person was erased.
    contact: Option<Contact>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct OrderLine {
    sku: String,
    product_id: Uuid,
    name: String,
    category: Option<Uuid>,
    seller: Option<Uuid>,
    quantity: u32,
    /// Of them came back.
    returned: u32,
    unit_price: MoneyDto,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Contact {
    email: Option<String>,
    name: String,
    address: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Payment {
    id: Uuid,
    purpose: Purpose,
    customer: Option<Uuid>,
    amount: MoneyDto,
    /// `card`, `wallet` or `external`.
    method: String,
    /// `processing`, `settled`, `declined`, `cancelled`, `partially_refunded` or `refunded`.
    status: String,
    provider_reference: Option<String>,
    decline: Option<Refusal>,
    /// The newest 50, oldest first.
    attempts: Vec<Attempt>,
    refunded: MoneyDto,
    refunds: Vec<Refund>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    version: u64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Purpose {
    /// `order` or `deposit`.
    kind: String,
    /// The order, or the account of the wallet.
    id: Uuid,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Refund {
    id: Uuid,
    amount: MoneyDto,
    /// `processing`, `settled` or `failed`.
    status: String,
    reason: String,
    provider_reference: Option<String>,
    failure: Option<Refusal>,
}

/// One try to be paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Attempt {
    /// Null where no provider was asked.
    id: Option<Uuid>,
    /// `card`, `wallet` or `external`.
    method: String,
    /// `processing`, `settled`, `declined` or `cancelled`.
    status: String,
    started_at: DateTime<Utc>,
    /// When its outcome was known.
    ended_at: Option<DateTime<Utc>>,
    decline: Option<Refusal>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Refusal {
    /// The provider's.
    code: String,
    message: String,
}

/// Money that moved at the payment provider and that the log doesn't account for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes a document that is made elsewhere")]
pub struct Orphan {
    id: Uuid,
    /// `charge`, `refund` or `payout`.
    kind: String,
    /// `foreign`, `unknown_payment`, `charged_twice`, `other_amount`, `other_attempt`, `unknown_refund` or `unknown_payout`.
    reason: String,
    /// `open`, `refunding`, `refunded` or `acknowledged`.
    status: String,
    /// The provider's name for the movement.
    provider_reference: String,
    /// The payment that it says it belongs to.
    payment_id: Option<Uuid>,
    /// Of a charge, what hasn't been given back.
    amount: MoneyDto,
    /// By the provider's clock.
    moved_at: DateTime<Utc>,
    found_at: DateTime<Utc>,
    /// What staff said when they gave it back or acknowledged it.
    note: Option<String>,
    /// The provider's name for the refund.
    refund_reference: Option<String>,
    /// Why the last try to give it back failed.
    failure: Option<Refusal>,
    version: u64,
}
