//! Money into the wallet, and out of it.

use reqwest::Method;
use serde_json::json;

use super::Person;

/// Less than this, in pounds.
const POUNDS_MAX: u64 = 80;

pub async fn deposit(person: &mut Person) {
    let card = if person.one_in(6) {
        "pm_card_chargeDeclined"
    } else {
        "pm_card_visa"
    };
    let body = json!({"amount": format!("{}.50", person.random.below(POUNDS_MAX)), "token": card});
    let path = "/api/wallet/deposits";
    person.command(Method::POST, path, path, &body).await;
}

/// Often more than there is.
pub async fn withdraw(person: &mut Person) {
    let amount = format!("{}.25", person.random.below(POUNDS_MAX));
    let body = json!({"amount": amount, "destination": "ba_test"});
    let path = "/api/wallet/withdrawals";
    person.command(Method::POST, path, path, &body).await;
}
