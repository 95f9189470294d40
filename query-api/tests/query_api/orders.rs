//! Orders with their contact and history, and payments.

use events::ids::AttemptId;
use events::ledger::JournalEntry;
use events::order::{OrderDelivered, OrderReturned, OrderShipped};
use events::order_mail::{OrderEmail, OrderEmailSent, OrderMailEvent};
use events::payment::{
    PaymentDeclined, PaymentMethod, PaymentRetried, Purpose, RefundFailed, RefundRequested, RefundSettled,
};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{Database, on_each_database};
use crate::shop::{Person, Shop, customer, staff};
use crate::story::*;

on_each_database! {
    an_order_tells_where_it_is_and_whose_it_is,
    an_orders_history_is_its_own_and_its_payments,
    a_payment_tells_what_was_charged_and_given_back,
    a_declined_payment_and_a_failed_refund_say_why,
    orders_and_payments_are_listed_by_status_and_customer,
    orders_are_listed_by_when_they_were_placed,
    a_history_says_who_did_what_in_words,
    every_attempt_to_pay_is_told,
    an_order_without_a_customer_is_staffs_and_its_contact_its_own,
    an_erased_customers_contact_is_nobodys_any_more,
}

/// Order 1 of account 1: paid, shipped, delivered, and one unit of it returned.
async fn shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let owner = Some(account(1));
    let purpose = Purpose::Order(order(1));
    let shipped = OrderShipped {
        order_id: order(1),
        customer: owner,
        carrier: Some("La Poste".to_owned()),
        tracking_number: Some("LP1".to_owned()),
        shipped_at: at(200),
    };
    let delivered = OrderDelivered {
        order_id: order(1),
        customer: owner,
        delivered_at: at(300),
    };
    let returned = OrderReturned {
        order_id: order(1),
        customer: owner,
        country: "France".to_owned(),
        lines: vec![sold(1, 1, 150)],
        total: gbp(150),
        refund_id: refund(1),
        reason: "broken".to_owned(),
        returned_at: at(400),
    };
    let asked_back = RefundRequested {
        payment_id: payment(1),
        purpose,
        customer: owner,
        refund_id: refund(1),
        amount: gbp(150),
        provider_reference: Some("ch_1".to_owned()),
        reason: "broken".to_owned(),
    };
    let given_back = RefundSettled {
        payment_id: payment(1),
        purpose,
        customer: owner,
        refund_id: refund(1),
        amount: gbp(150),
        provider_reference: Some("re_1".to_owned()),
        entry: JournalEntry(Vec::new()),
    };
    shop.tell([
        of_payment(requested(1, 1)),
        of_order(placed(&shop, 1, 1).await),
        of_payment(settled(1, 1)),
        of_order(paid(1, 1, 100)),
        of_order(shipped),
        of_order(delivered),
        of_order(returned),
        of_payment(asked_back),
        of_payment(given_back),
    ])
    .await;
    shop
}

fn one(n: u128) -> String {
    format!("/api/orders/{}", order(n))
}

async fn an_order_tells_where_it_is_and_whose_it_is(database: Database) {
    let shop = shop(database).await;
    let answer = shop.get(one(1)).by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("order", answer.body);
    assert!(answer.tag().starts_with("\"5."), "{}", answer.tag());
    let mut listed = answer.body.clone();
    listed.as_object_mut().unwrap().remove("contact");
    let list = shop.get("/api/orders").by(&customer(1)).await.ok();
    assert_eq!(list.items(), [listed]);
    let of_staff = shop.get(one(1)).by(&staff()).await.ok();
    assert_eq!(of_staff.body, answer.body);
}

async fn an_orders_history_is_its_own_and_its_payments(database: Database) {
    let shop = shop(database).await;
    let path = format!("{}/history", one(1));
    let answer = shop.get(&path).by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("order_history", answer.body);
    for secret in ["tok_secret", "Ann", "High Street"] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
}

async fn a_payment_tells_what_was_charged_and_given_back(database: Database) {
    let shop = shop(database).await;
    let path = format!("/api/payments/{}", payment(1));
    let answer = shop.get(path).by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("payment", answer.body);
    assert!(!answer.text.contains("tok_secret"));
    let list = shop.get("/api/payments").by(&customer(1)).await.ok();
    assert_eq!(list.items(), [answer.body]);
}

async fn a_declined_payment_and_a_failed_refund_say_why(database: Database) {
    let shop = shop(database).await;
    let purpose = Purpose::Order(order(2));
    let declined = PaymentDeclined {
        payment_id: payment(2),
        purpose,
        customer: Some(account(1)),
        attempt_id: AttemptId(Uuid::from_u128(2)),
        code: "card_declined".to_owned(),
        message: "No money.".to_owned(),
    };
    let failed = RefundFailed {
        payment_id: payment(1),
        purpose: Purpose::Order(order(1)),
        customer: Some(account(1)),
        refund_id: refund(1),
        code: "expired".to_owned(),
        message: "Too late.".to_owned(),
    };
    shop.tell([
        of_payment(requested(2, 1)),
        of_payment(declined),
        of_payment(failed),
    ])
    .await;
    let list = shop
        .get("/api/payments?status=declined")
        .by(&customer(1))
        .await
        .ok();
    assert_eq!(list.items().len(), 1);
    assert_eq!(list.items()[0]["decline"]["code"], "card_declined");
    let first = shop.get(format!("/api/payments/{}", payment(1)));
    let first = first.by(&customer(1)).await.ok();
    assert_eq!(first.body["refunds"][0]["failure"]["message"], "Too late.");
}

async fn orders_and_payments_are_listed_by_status_and_customer(database: Database) {
    let shop = shop(database).await;
    for (n, owner) in [(2, 1), (3, 2), (4, 2)] {
        let story = [
            of_payment(requested(n, owner)),
            of_order(placed(&shop, n, owner).await),
        ];
        shop.tell(story).await;
    }
    shop.tell([of_payment(settled(3, 2)), of_order(paid(3, 2, 100))])
        .await;
    let ids = async |path: &str, who: &Person| {
        let answer = shop.get(path).by(who).await.ok();
        let ids = answer.items().iter().map(|item| number(&item["id"]));
        ids.collect::<Vec<_>>()
    };
    let second = account(2);
    assert_eq!(ids("/api/orders", &staff()).await, [4, 3, 2, 1]);
    assert_eq!(ids("/api/orders?status=awaiting_payment", &staff()).await, [4, 2]);
    assert_eq!(
        ids(&format!("/api/orders?customer={second}"), &staff()).await,
        [4, 3]
    );
    let both = format!("/api/orders?customer={second}&status=paid");
    assert_eq!(ids(&both, &staff()).await, [3]);
    assert_eq!(
        ids(&format!("/api/payments?customer={second}"), &staff()).await,
        [4, 3]
    );
    assert_eq!(ids("/api/payments?status=processing", &staff()).await, [4, 2]);
    // Whoever isn't staff sees their own, whomever they name.
    assert_eq!(
        ids(&format!("/api/orders?customer={second}"), &customer(1)).await,
        [2, 1]
    );
    assert_eq!(
        ids(&format!("/api/payments?customer={second}"), &customer(1)).await,
        [2, 1]
    );
    for path in ["/api/orders?status=lost", "/api/payments?status=lost"] {
        let answer = shop.get(path).by(&staff()).await;
        answer.refused(400, "invalid_parameter");
    }
}

async fn orders_are_listed_by_when_they_were_placed(database: Database) {
    let shop = shop(database).await;
    for n in [2, 3] {
        let placed = of_order(placed(&shop, n, 1).await);
        shop.tell([of_payment(requested(n, 1)), placed]).await;
    }
    let time = |second: i64| at(second).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let (second, third) = (time(2), time(3));
    for (query, expected) in [
        (format!("from={second}"), vec![3, 2]),
        (format!("to={third}"), vec![2, 1]),
        (format!("from={second}&to={third}"), vec![2]),
        (format!("from={third}&to={second}"), vec![]),
    ] {
        let answer = shop
            .get(format!("/api/orders?{query}"))
            .by(&customer(1))
            .await
            .ok();
        let ids: Vec<_> = answer.items().iter().map(|item| number(&item["id"])).collect();
        assert_eq!(ids, expected, "{query}");
    }
    let wrong = shop.get("/api/orders?from=yesterday").by(&customer(1)).await;
    wrong.refused(400, "invalid_parameter");
}

async fn a_history_says_who_did_what_in_words(database: Database) {
    let shop = shop(database).await;
    let sent = OrderEmailSent {
        order_id: order(1),
        email: OrderEmail::Confirmation,
        sent_at: at(700),
    };
    shop.tell([OrderMailEvent::from(sent)]).await;
    let answer = shop
        .get(format!("{}/history", one(1)))
        .by(&customer(1))
        .await
        .ok();
    let items = answer.items();
    for item in items {
        assert!(!item["summary"].as_str().unwrap().is_empty(), "{item}");
        assert_eq!(item["by"], "system", "{item}");
    }
    let newest = items.last().unwrap();
    assert_eq!(newest["summary"], "Email sent: order confirmation");
    assert_eq!(newest["details"]["email"], "confirmation");
}

async fn every_attempt_to_pay_is_told(database: Database) {
    let shop = Shop::open(database).await;
    let (purpose, customer_id) = (Purpose::Order(order(2)), Some(account(1)));
    let attempt = |n| AttemptId(Uuid::from_u128(n));
    let request = requested(2, 1);
    let declined = PaymentDeclined {
        payment_id: payment(2),
        purpose,
        customer: customer_id,
        attempt_id: request.attempt_id.unwrap(),
        code: "card_declined".to_owned(),
        message: "No money.".to_owned(),
    };
    let retried = PaymentRetried {
        payment_id: payment(2),
        purpose,
        customer: customer_id,
        amount: request.amount,
        method: PaymentMethod::Card {
            token: "tok_secret".to_owned(),
        },
        attempt_id: attempt(22),
    };
    let mut settled = settled(2, 1);
    settled.attempt_id = Some(attempt(22));
    shop.tell([
        of_payment(request),
        of_payment(declined),
        of_payment(retried),
        of_payment(settled),
    ])
    .await;
    let path = format!("/api/payments/{}", payment(2));
    let answer = shop.get(path).by(&customer(1)).await.ok();
    let attempts = answer.body["attempts"].as_array().unwrap();
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt["status"].as_str().unwrap(), &attempt["decline"]["code"]))
        .collect();
    assert_eq!(
        told,
        [
            ("declined", &Value::from("card_declined")),
            ("settled", &Value::Null)
        ]
    );
    assert!(attempts.iter().all(|attempt| attempt["ended_at"].is_string()));
    assert!(!answer.text.contains("tok_secret"));
}

async fn an_order_without_a_customer_is_staffs_and_its_contact_its_own(database: Database) {
    let shop = Shop::open(database).await;
    let mut past = placed(&shop, 5, 1).await;
    past.customer = None;
    past.contact = shop.seal(order(5).0, &contact()).await;
    past.reference = Some("536365".to_owned());
    past.historical = true;
    shop.tell([of_order(past)]).await;
    let answer = shop.get(one(5)).by(&staff()).await.ok();
    assert_eq!(answer.body["contact"]["name"], "Ann Archer");
    assert_eq!(answer.body["reference"], "536365");
    shop.get(one(5)).by(&customer(1)).await.refused(404, "not_found");
}

async fn an_erased_customers_contact_is_nobodys_any_more(database: Database) {
    let shop = shop(database).await;
    let before = shop.get(one(1)).by(&staff()).await.ok();
    assert_eq!(before.body["contact"]["email"], "ann@example.org");
    shop.deps.vault.erase(account(1).0).await.unwrap();
    // The tag of the answer that still had it must not confirm it.
    let after = shop
        .get(one(1))
        .by(&staff())
        .if_none_match(before.tag())
        .await
        .ok();
    assert_eq!(after.body["contact"], Value::Null);
    assert_eq!(after.body["total"]["amount"], "13.00");
    let again = shop.get(one(1)).by(&staff()).if_none_match(after.tag());
    again.await.unchanged();
}
