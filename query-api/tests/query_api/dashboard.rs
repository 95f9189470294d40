//! What somebody bought, sold and offers: figures that move with the events, and the lists behind them.

use events::product::{
    OneOfAKindDeclared, OwnershipMoved, ProductActivated, ProductArchived, ProductRemoved,
};
use events::wallet::{SaleCredited, SaleReversed};
use serde_json::json;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, admin, customer, staff};
use crate::story::*;

on_each_database! {
    figures_follow_what_is_offered_sold_and_taken_back,
    lists_are_paged_and_ones_own,
}

fn offered(n: u128, seller: u128, minor: i64) -> events::Event {
    of_catalogue(events::product::ProductAdded {
        seller: Some(account(seller)),
        ..added(n, "Thing", minor)
    })
}

fn sale(order_number: u128, quantity: u32, gross: i64, fee: i64) -> events::Event {
    of_wallet(SaleCredited {
        account_id: account(2),
        order_id: order(order_number),
        lines: vec![sold(1, quantity, gross)],
        gross: gbp(gross),
        fee_bps: 500,
        fee: gbp(fee),
        amount: gbp(gross - fee),
    })
}

async fn figures_follow_what_is_offered_sold_and_taken_back(database: Database) {
    let shop = Shop::open(database).await;
    let product_id = product(2);
    let unsold = async |position: u64| {
        let answer = shop
            .get("/api/dashboard")
            .by(&customer(2))
            .min(position)
            .await
            .ok();
        answer.body["unsold"].clone()
    };
    let two = [
        offered(1, 2, 150),
        received(1, 10),
        offered(2, 2, 1000),
        received(2, 1),
    ];
    let position = shop.tell(two).await;
    let total = json!({"amount": "25.00", "currency": "GBP"});
    assert_eq!(
        unsold(position).await,
        json!([{"products": 2, "units": 11, "total": total}])
    );
    let position = shop.tell([of_catalogue(ProductArchived { product_id })]).await;
    let total = json!({"amount": "15.00", "currency": "GBP"});
    assert_eq!(
        unsold(position).await,
        json!([{"products": 1, "units": 10, "total": total}])
    );
    let moved = OwnershipMoved {
        product_id,
        from: account(2),
        to: account(3),
        order_id: order(9),
        moved_at: at(9),
    };
    let story = [
        of_catalogue(ProductActivated { product_id }),
        of_catalogue(OneOfAKindDeclared { product_id }),
        of_catalogue(moved),
        of_catalogue(ProductRemoved {
            product_id: product(1),
        }),
        sale(1, 4, 600, 30),
        of_wallet(SaleReversed {
            account_id: account(2),
            order_id: order(1),
            refund_id: refund(1),
            lines: vec![sold(1, 1, 150)],
            gross: gbp(150),
            fee: gbp(8),
            amount: gbp(142),
        }),
    ];
    let position = shop.tell(story).await;
    let seller = shop
        .get("/api/dashboard")
        .by(&customer(2))
        .min(position)
        .await
        .ok();
    let pounds = |amount: &str| json!({"amount": amount, "currency": "GBP"});
    assert_eq!(seller.body["unsold"], json!([]));
    assert_eq!(
        seller.body["sold"],
        json!([{
            "orders": 1, "units": 4, "total": pounds("6.00"), "returned_units": 1,
            "returned_total": pounds("1.50"), "fees": pounds("0.22"), "earned": pounds("4.28"),
        }])
    );
    let owner = shop.get("/api/dashboard/archived").by(&customer(3)).await.ok();
    assert_eq!((owner.items().len(), number(&owner.items()[0]["id"])), (1, 2));
}

async fn lists_are_paged_and_ones_own(database: Database) {
    let shop = Shop::open(database).await;
    shop.tell([
        offered(1, 2, 150),
        received(1, 1),
        offered(2, 2, 150),
        received(2, 1),
    ])
    .await;
    shop.tell([sale(1, 1, 150, 8), sale(2, 2, 300, 15)]).await;
    shop.tell([of_order(paid(1, 1, 10))]).await;
    for (path, person, wanted) in [
        ("/api/dashboard/sold", 2, 2),
        ("/api/dashboard/purchased", 1, 2),
        ("/api/dashboard/unsold", 2, 2),
    ] {
        let all = shop.get(path).by(&customer(person)).await.ok();
        assert_eq!(all.items().len(), wanted, "{path}: {}", all.body);
        let first = shop
            .get(format!("{path}?limit=1"))
            .by(&customer(person))
            .await
            .ok();
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let second = shop
            .get(format!("{path}?limit=1&cursor={cursor}"))
            .by(&customer(person))
            .await
            .ok();
        assert_eq!(*second.items(), all.items()[1..2], "{path}");
        let mut items = all.items().iter();
        assert!(items.all(|item| item["name"] == "Thing"), "{path}: {}", all.body);
        let of_other = format!("{path}?account={}", account(person));
        assert!(shop.get(path).by(&customer(7)).await.ok().items().is_empty());
        for stranger in [customer(7), staff()] {
            shop.get(&of_other)
                .by(&stranger)
                .await
                .refused(403, "role_required");
        }
        let seen = shop.get(&of_other).by(&admin()).await.ok();
        assert_eq!(seen.items(), all.items(), "{path}");
    }
}
