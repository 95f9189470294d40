//! The words of the emails, as text and as simple HTML. Pure functions: an order in, a message out.
//!
//! Everything from people or from the catalogue is put on one line and, in HTML, escaped. Headers and encodings are
//! left to `letter`.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use events::money::Money;
use events::order::{
    CancelReason, Contact, OrderCancelled, OrderLine, OrderPlaced, OrderShipped, UNSPECIFIED_COUNTRY,
};

use super::letter::one_line;
use super::settings::ShopIdentity;

/// A message without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A part of a message, to be written twice.
enum Block {
    Paragraph(String),
    /// Lines that stay lines.
    Lines(Vec<String>),
    /// What was ordered, and what it comes to.
    Goods(Vec<Row>, Money),
    Link(String),
}

struct Row {
    quantity: u32,
    name: String,
    sku: String,
    unit_price: Money,
    /// Missing only for an amount beyond every ledger.
    amount: Option<Money>,
}

/// The order has come in.
pub(super) fn confirmation(
    shop: &ShopIdentity,
    placed: &OrderPlaced,
    contact: &Contact,
    paid: Option<DateTime<Utc>>,
) -> Content {
    let next = match (paid, placed.expires_at) {
        (Some(_), _) => "Your order is paid. We pack it now and write again when it leaves.".to_owned(),
        (None, Some(until)) => format!(
            "What happens next: we take your payment, pack the parcel and write again when it leaves. The goods are yours \
             until {}; an order that isn't paid by then is cancelled.",
            moment(until)
        ),
        (None, None) => {
            "What happens next: we take your payment, pack the parcel and write again when it leaves."
                .to_owned()
        }
    };
    let mut blocks = vec![
        Block::Paragraph(format!(
            "thank you for your order at {}. We have received it.",
            shop.name()
        )),
        number(placed),
        goods(placed),
    ];
    blocks.extend(destination(contact, &placed.country));
    blocks.push(Block::Paragraph(next));
    content(
        shop,
        format!("Your order {} at {}", placed.order_id, shop.name()),
        &contact.name,
        blocks,
    )
}

/// The parcel has left.
pub(super) fn shipped(
    shop: &ShopIdentity,
    placed: &OrderPlaced,
    shipped: &OrderShipped,
    contact: &Contact,
) -> Content {
    let mut blocks = vec![
        Block::Paragraph("your parcel is on its way.".to_owned()),
        number(placed),
    ];
    let mut tracking = vec![];
    tracking.extend(
        shipped
            .carrier
            .as_deref()
            .map(|carrier| format!("Carrier: {}", one_line(carrier))),
    );
    tracking.extend(
        shipped
            .tracking_number
            .as_deref()
            .map(|number| format!("Tracking number: {}", one_line(number))),
    );
    if !tracking.is_empty() {
        blocks.push(Block::Lines(tracking));
    }
    blocks.push(goods(placed));
    blocks.extend(destination(contact, &placed.country));
    content(
        shop,
        format!("Your order {} has left", placed.order_id),
        &contact.name,
        blocks,
    )
}

/// The order is called off.
pub(super) fn cancelled(
    shop: &ShopIdentity,
    placed: &OrderPlaced,
    cancelled: &OrderCancelled,
    contact: &Contact,
) -> Content {
    let why = match cancelled.reason {
        CancelReason::Customer => "as you asked, your order is cancelled.",
        CancelReason::Staff => "we are sorry: we had to cancel your order.",
        CancelReason::Unpaid => "your order was not paid in time and is cancelled.",
    };
    let money = if cancelled.reversed_total.is_positive() {
        format!(
            "You get {} back, the way you paid. With a card this takes a few days.",
            cancelled.reversed_total
        )
    } else {
        "You had not been charged for it; should a payment still have been under way, it goes back to you."
            .to_owned()
    };
    let blocks = vec![
        Block::Paragraph(why.to_owned()),
        number(placed),
        goods(placed),
        Block::Paragraph(money),
    ];
    content(
        shop,
        format!("Your order {} is cancelled", placed.order_id),
        &contact.name,
        blocks,
    )
}

/// A link to set a new password.
pub(super) fn password_reset(
    shop: &ShopIdentity,
    username: &str,
    token: &str,
    expires_at: DateTime<Utc>,
) -> Content {
    let blocks = vec![
        Block::Paragraph(format!(
            "somebody, and we hope it was you, asked for a new password for your account at {}. Set it here:",
            shop.name()
        )),
        Block::Link(shop.password_reset_link(token)),
        Block::Paragraph(format!(
            "The link works once, until {}. If you asked for nothing, do nothing: your password stays as it is.",
            moment(expires_at)
        )),
    ];
    content(
        shop,
        format!("A new password at {}", shop.name()),
        username,
        blocks,
    )
}

/// A link to verify an address.
pub(super) fn verification(
    shop: &ShopIdentity,
    username: &str,
    token: &str,
    expires_at: DateTime<Utc>,
) -> Content {
    let blocks = vec![
        Block::Paragraph(format!(
            "this address was given for an account at {}. If it was you, confirm it here:",
            shop.name()
        )),
        Block::Link(shop.email_verification_link(token)),
        Block::Paragraph(format!(
            "The link works once, until {}. If it wasn't you, do nothing: the address stays unconfirmed.",
            moment(expires_at)
        )),
    ];
    content(
        shop,
        format!("Confirm your address at {}", shop.name()),
        username,
        blocks,
    )
}

fn number(placed: &OrderPlaced) -> Block {
    Block::Lines(vec![
        format!("Order: {}", placed.order_id),
        format!("Placed: {}", moment(placed.placed_at)),
    ])
}

fn goods(placed: &OrderPlaced) -> Block {
    let row = |line: &OrderLine| Row {
        quantity: line.quantity,
        name: one_line(&line.name),
        sku: line.sku.to_string(),
        unit_price: line.unit_price,
        amount: line.unit_price.checked_mul(line.quantity).ok(),
    };
    Block::Goods(placed.lines.iter().map(row).collect(), placed.total)
}

/// Nothing at all if nobody said where.
fn destination(contact: &Contact, country: &str) -> Vec<Block> {
    let lines: Vec<_> = std::iter::once(contact.name.as_str())
        .chain(contact.address.lines())
        .chain(Some(country).filter(|country| *country != UNSPECIFIED_COUNTRY))
        .map(one_line)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return vec![];
    }
    vec![Block::Paragraph("It goes to:".to_owned()), Block::Lines(lines)]
}

fn moment(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y, %H:%M UTC").to_string()
}

fn content(shop: &ShopIdentity, subject: String, name: &str, mut blocks: Vec<Block>) -> Content {
    let name = one_line(name);
    let greeting = if name.is_empty() {
        "Hello,".to_owned()
    } else {
        format!("Hello {name},")
    };
    blocks.insert(0, Block::Paragraph(greeting));
    blocks.push(Block::Lines(vec![
        shop.name().to_owned(),
        shop.public_url().to_owned(),
    ]));
    Content {
        subject,
        text: blocks.iter().map(Block::to_text).collect::<Vec<_>>().join("\n\n") + "\n",
        html: format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"></head>\n<body>\n{}\n</body>\n</html>\n",
            blocks.iter().map(Block::to_html).collect::<Vec<_>>().join("\n")
        ),
    }
}

impl Block {
    fn to_text(&self) -> String {
        match self {
            Self::Paragraph(text) | Self::Link(text) => text.clone(),
            Self::Lines(lines) => lines.join("\n"),
            Self::Goods(rows, total) => {
                let mut text = String::new();
                for row in rows {
                    // Writing into a string can't fail.
                    let _ = writeln!(text, "{} x {} ({})", row.quantity, row.name, row.sku);
                    let _ = writeln!(text, "    at {}: {}", row.unit_price, row.amount_text());
                }
                text + &format!("Total: {total}")
            }
        }
    }

    fn to_html(&self) -> String {
        match self {
            Self::Paragraph(text) => format!("<p>{}</p>", escape(text)),
            Self::Link(url) => format!("<p><a href=\"{0}\">{0}</a></p>", escape(url)),
            Self::Lines(lines) => {
                let lines: Vec<_> = lines.iter().map(|line| escape(line)).collect();
                format!("<p>{}</p>", lines.join("<br>\n"))
            }
            Self::Goods(rows, total) => {
                let mut html =
                    "<table>\n<tr><th>Quantity</th><th>Article</th><th>Price</th><th>Amount</th></tr>\n"
                        .to_owned();
                for row in rows {
                    let _ = writeln!(
                        html,
                        "<tr><td>{}</td><td>{} ({})</td><td>{}</td><td>{}</td></tr>",
                        row.quantity,
                        escape(&row.name),
                        escape(&row.sku),
                        row.unit_price,
                        row.amount_text()
                    );
                }
                html + &format!("<tr><td colspan=\"3\">Total</td><td>{total}</td></tr>\n</table>")
            }
        }
    }
}

impl Row {
    fn amount_text(&self) -> String {
        self.amount.map_or_else(String::new, |amount| amount.to_string())
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
