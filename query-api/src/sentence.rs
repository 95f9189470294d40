//! What happened to a product, in plain words: for who asks why a figure is what it is. A sentence is made of an entry of
//! the history alone, so that the same entry always says the same.

use std::fmt::Write;

use read_models::product_history::{ProductEntry, StockMovement};
use read_models::products::StockLevel;
use serde_json::Value;

use crate::doer::Doer;

/// A sentence: what happened, to how much of what, by whom.
pub fn of(entry: &ProductEntry, doer: Doer) -> String {
    let mut sentence = match &entry.stock {
        Some(movement) => {
            let what = moved(&entry.event, movement);
            format!("{what}: {}", figures(movement.before(), movement.level))
        }
        None => changed(&entry.event, &entry.details),
    };
    let who = match doer {
        Doer::Anonymous => ", by somebody who had not logged in.".to_owned(),
        Doer::Account(account) => format!(", by account {account}."),
        Doer::Someone => ".".to_owned(),
        Doer::System => ", by the shop itself.".to_owned(),
    };
    sentence.push_str(&who);
    sentence
}

/// What became of the units.
fn moved(event: &str, movement: &StockMovement) -> String {
    let StockMovement { sku, change, .. } = movement;
    let units = change.on_hand.abs().max(change.reserved.abs());
    let what = match event {
        "StockListed" => format!("{sku} was put on sale"),
        "StockReceived" => format!("{units} × {sku} came in"),
        "StockReserved" => format!("{units} × {sku} promised"),
        "ReservationReleased" => format!("{units} × {sku} no longer promised"),
        "StockShipped" => format!("{units} × {sku} left the shelf"),
        "StockSold" => format!("{units} × {sku} sold"),
        "StockReturned" => format!("{units} × {sku} came back"),
        "StockAdjusted" => format!("the count of {sku} corrected by {:+}", change.on_hand),
        other => format!("{} of {units} × {sku}", spaced(other)),
    };
    let order = movement.order_id.map(|order| match event {
        "StockReserved" | "ReservationReleased" => format!(" to order {order}"),
        _ => format!(" with order {order}"),
    });
    let reason = movement.reason.as_ref().map(|reason| format!(" ({reason})"));
    what + &order.unwrap_or_default() + &reason.unwrap_or_default()
}

/// The three figures, each with what it was if it has changed.
fn figures(before: StockLevel, after: StockLevel) -> String {
    let figure = |was: i64, is: i64| {
        if was == is {
            is.to_string()
        } else {
            format!("{was} → {is}")
        }
    };
    format!(
        "{} on the shelf, {} promised, {} left to buy",
        figure(before.on_hand, after.on_hand),
        figure(before.reserved, after.reserved),
        figure(before.available(), after.available()),
    )
}

/// What became of the product.
fn changed(event: &str, details: &Value) -> String {
    let told = |name: &str| plain(&details[name]);
    match event {
        "ProductAdded" => {
            let variants = details["variants"].as_array().into_iter().flatten();
            let priced: Vec<_> = variants
                .map(|variant| format!("{} at {}", plain(&variant["sku"]), plain(&variant["price"])))
                .collect();
            format!("added as {:?}: {}", told("name"), priced.join(", "))
        }
        "ProductDetailsChanged" => format!("details edited; it is called {:?}", told("name")),
        "ProductAttributesChanged" => format!(
            "attributes changed from {} to {}",
            told("was"),
            told("attributes")
        ),
        "VariantAdded" => format!("{} added at {}", told("sku"), told("price")),
        "VariantPriceChanged" => {
            format!(
                "price of {} changed from {} to {}",
                told("sku"),
                told("was"),
                told("price")
            )
        }
        "VariantOptionsChanged" => {
            format!(
                "options of {} changed from {} to {}",
                told("sku"),
                told("was"),
                told("options")
            )
        }
        "VariantRemoved" => format!("{} removed", told("sku")),
        "OneOfAKindDeclared" => "declared one of a kind".to_owned(),
        "ProductArchived" => "taken off sale".to_owned(),
        "ProductActivated" => "put on sale again".to_owned(),
        "ProductRemoved" => "removed".to_owned(),
        "OwnershipMoved" => format!(
            "passed on from account {} to account {} with order {}",
            told("from"),
            told("to"),
            told("order_id")
        ),
        other => spaced(other),
    }
}

/// A value as people write it: money as `1.50 GBP`, a map as `size: L, colour: red`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(map) => match (&map.get("amount"), &map.get("currency")) {
            (Some(amount), Some(currency)) => format!("{} {}", plain(amount), plain(currency)),
            _ if map.is_empty() => "nothing".to_owned(),
            _ => {
                let pairs: Vec<_> = map
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", plain(value)))
                    .collect();
                pairs.join(", ")
            }
        },
        other => other.to_string(),
    }
}

/// An event's type as words: `ReviewPosted` as `review posted`.
fn spaced(event: &str) -> String {
    event.chars().fold(String::new(), |mut words, c| {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        let _ = write!(words, "{}", c.to_lowercase()); // proof: writing to a String can't fail
        words
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use events::envelope::Actor;
    use events::ids::{AccountId, OrderId, ProductId, Sku};
    use serde_json::json;

    use super::*;

    fn entry(event: &str, stock: Option<StockMovement>, details: Value) -> ProductEntry {
        ProductEntry {
            product_id: ProductId::default(),
            position: 1,
            at: DateTime::UNIX_EPOCH,
            event: event.to_owned(),
            actor: Actor::System,
            stock,
            details,
            sku: None,
        }
    }

    fn movement(change: (i64, i64), level: (i64, i64)) -> StockMovement {
        let figures = |(on_hand, reserved)| StockLevel { on_hand, reserved };
        StockMovement {
            sku: Sku::new("MUG").unwrap(),
            change: figures(change),
            level: figures(level),
            order_id: None,
            reason: None,
        }
    }

    #[test]
    fn stock_is_told_before_and_after() {
        let order_id = Some(OrderId::default());
        for (event, movement, expected) in [
            (
                "StockReceived",
                StockMovement {
                    reason: Some("delivery".to_owned()),
                    ..movement((10, 0), (49, 2))
                },
                "10 × MUG came in (delivery): 39 → 49 on the shelf, 2 promised, 37 → 47 left to buy, by the shop itself.",
            ),
            (
                "StockReserved",
                StockMovement {
                    order_id,
                    ..movement((0, 3), (10, 3))
                },
                "3 × MUG promised to order 00000000-0000-0000-0000-000000000000: 10 on the shelf, 0 → 3 promised, \
                 10 → 7 left to buy, by the shop itself.",
            ),
            (
                "StockAdjusted",
                movement((-2, 0), (8, 3)),
                "the count of MUG corrected by -2: 10 → 8 on the shelf, 3 promised, 7 → 5 left to buy, by the shop itself.",
            ),
        ] {
            assert_eq!(
                of(&entry(event, Some(movement), json!({})), Doer::System),
                expected
            );
        }
    }

    #[test]
    fn what_else_happens_is_told_with_its_values() {
        let money = |amount| json!({"amount": amount, "currency": "GBP"});
        for (event, details, expected) in [
            (
                "VariantPriceChanged",
                json!({"sku": "MUG", "was": money("1.50"), "price": money("1.75")}),
                "price of MUG changed from 1.50 GBP to 1.75 GBP",
            ),
            (
                "VariantOptionsChanged",
                json!({"sku": "MUG", "was": {}, "options": {"colour": "red", "size": "L"}}),
                "options of MUG changed from nothing to colour: red, size: L",
            ),
            (
                "ProductAdded",
                json!({"name": "Mug", "variants": [{"sku": "MUG", "price": money("1.50"), "options": {}}]}),
                "added as \"Mug\": MUG at 1.50 GBP",
            ),
            ("SomethingNewHappened", json!({}), "something new happened"),
        ] {
            assert_eq!(changed(event, &details), expected);
        }
    }

    #[test]
    fn it_is_told_who_did_it() {
        let entry = entry("ProductArchived", None, json!({}));
        for (doer, expected) in [
            (
                Doer::Account(AccountId::default()),
                "taken off sale, by account 00000000-0000-0000-0000-000000000000.",
            ),
            (Doer::Someone, "taken off sale."),
            (Doer::System, "taken off sale, by the shop itself."),
            (
                Doer::Anonymous,
                "taken off sale, by somebody who had not logged in.",
            ),
        ] {
            assert_eq!(of(&entry, doer), expected);
        }
    }
}
