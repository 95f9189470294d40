//! One's balance, and how it came about.

use events::ids::WithdrawalId;
use events::ledger::JournalEntry;
use events::wallet::{CreditReason, WalletCredited, WalletDebited, WithdrawalFailed, WithdrawalRequested};
use serde_json::json;
use uuid::Uuid;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, admin, customer, staff};
use crate::story::*;

on_each_database! {
    a_wallet_tells_what_is_in_it_and_what_is_on_its_way,
    who_never_had_money_has_an_empty_wallet,
}

async fn a_wallet_tells_what_is_in_it_and_what_is_on_its_way(database: Database) {
    let shop = Shop::open(database).await;
    let (account_id, entry) = (account(1), JournalEntry(Vec::new()));
    let spent = WalletDebited {
        account_id,
        amount: gbp(1300),
        order_id: order(1),
        debited_at: at(10),
    };
    let withdrawal = |n: u128, minor| WithdrawalRequested {
        account_id,
        withdrawal_id: WithdrawalId(Uuid::from_u128(n)),
        amount: gbp(minor),
        destination: "ba_secret".to_owned(),
        entry: entry.clone(),
        requested_at: at(20),
    };
    let came_back = WithdrawalFailed {
        account_id,
        withdrawal_id: WithdrawalId(Uuid::from_u128(1)),
        amount: gbp(200),
        code: "account_closed".to_owned(),
        message: "The account is closed.".to_owned(),
        entry: entry.clone(),
        failed_at: at(30),
    };
    let refunded = WalletCredited {
        account_id,
        amount: gbp(150),
        reason: CreditReason::Refund(refund(1)),
        credited_at: at(40),
    };
    shop.tell([
        credited(1, 1, 5000),
        of_wallet(spent),
        of_wallet(withdrawal(1, 200)),
        of_wallet(withdrawal(2, 300)),
        of_wallet(came_back),
        of_wallet(refunded),
        credited(2, 9, 700),
    ])
    .await;
    let wallet = shop.get("/api/wallet").by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("wallet", wallet.body);
    let entries = shop.get("/api/wallet/entries").by(&customer(1)).await.ok();
    insta::assert_json_snapshot!("wallet_entries", entries.body);
    assert!(!entries.text.contains("ba_secret"));
    let others = shop.get("/api/wallet/entries").by(&customer(2)).await.ok();
    assert_eq!(others.items().len(), 1);
    for (path, own) in [("/api/wallet", wallet), ("/api/wallet/entries", entries)] {
        let path = format!("{path}?account={}", account(1));
        for stranger in [customer(2), staff()] {
            let denied = shop.get(&path).by(&stranger).await;
            denied.refused(403, "role_required");
        }
        for seer in [customer(1), admin()] {
            assert_eq!(shop.get(&path).by(&seer).await.ok().body, own.body);
        }
    }
}

async fn who_never_had_money_has_an_empty_wallet(database: Database) {
    let shop = Shop::open(database).await;
    let wallet = shop.get("/api/wallet").by(&customer(3)).await.ok();
    let zero = json!({"amount": "0.00", "currency": "GBP"});
    assert_eq!(
        wallet.body,
        json!({"balances": [{"balance": zero, "pending_withdrawals": zero}]})
    );
    let entries = shop.get("/api/wallet/entries").by(&customer(3)).await.ok();
    assert_eq!(entries.body, json!({"items": [], "next_cursor": null}));
}
