//! Buying: from the cart or by lines, by card or out of the wallet; all or nothing.

use domain::RefusalKind::{Conflict, Invalid};
use domain::amount::AMOUNT_MAX_MINOR;
use domain::cart::{Cart, QUANTITY_MAX};
use domain::catalogue::{self, EditProduct};
use domain::checkout::{self, Basket, PlaceOrder, PlacedOrder, SetCartItem};
use domain::order::{Order, Status};
use domain::{Authority, UnitOfWork};
use events::Event;
use events::order::OrderEvent;
use events::payment::{PaymentEvent, PaymentMethod};

use crate::shop::{ANNA, Outcome, Shop, pence, sku};

fn put(shop: &mut Shop, text: &str, quantity: u32) -> Outcome<()> {
    let set = SetCartItem {
        account_id: ANNA,
        sku: sku(text),
        quantity,
    };
    shop.when(|work| checkout::set_cart_item(work, &set))
}

fn edit(product_id: events::ids::ProductId) -> EditProduct {
    EditProduct {
        product_id,
        by: Authority::Staff,
        expected_version: None,
        name: None,
        description: None,
        category: None,
        prices: [].into(),
        add: vec![],
        remove: vec![],
        listed: None,
    }
}

#[test]
fn an_order_reserves_its_lines_and_waits_for_its_payment() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.sells("MUG", 1_00, 10);
    let order = shop.order(&[("LAMP", 2), ("MUG", 3)]);

    let placed = shop.place(&order).then(&[
        "OrderPlaced",
        "PaymentRequested",
        "StockReserved",
        "StockReserved",
    ]);

    let expected = PlacedOrder {
        order_id: order.order_id,
        payment_id: order.payment_id,
        total: pence(8_00),
        paid: false,
    };
    assert_eq!(placed, expected);
    assert_eq!(shop.order_status(&order), Status::AwaitingPayment);
    assert_eq!((shop.shelf("LAMP"), shop.shelf("MUG")), ((10, 8), (10, 7)));
}

#[test]
fn the_cart_becomes_the_order_and_is_empty() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.sells("MUG", 1_00, 10);
    put(&mut shop, "LAMP", 1).then(&["CartItemSet"]);
    put(&mut shop, "MUG", 1).then(&["CartItemSet"]);
    put(&mut shop, "LAMP", 2).then(&["CartItemSet"]);
    put(&mut shop, "LAMP", 2).then(&[]);
    shop.when(|work| checkout::remove_cart_item(work, ANNA, &sku("MUG")))
        .then(&["CartItemRemoved"]);
    let order = PlaceOrder {
        basket: Basket::Cart,
        ..shop.order(&[])
    };

    let placed = shop.place(&order).then(&[
        "CartCheckedOut",
        "OrderPlaced",
        "PaymentRequested",
        "StockReserved",
    ]);

    assert_eq!(placed.total, pence(5_00));
    assert!(shop.look::<Cart>(ANNA).items().is_empty());
    let again = PlaceOrder {
        basket: Basket::Cart,
        ..shop.order(&[])
    };
    shop.place(&again).then_refused(Conflict, "cart_empty", None);
}

#[test]
fn an_order_by_lines_leaves_the_cart_alone() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    put(&mut shop, "LAMP", 1).ok();
    shop.ordered(&[("LAMP", 4)]);
    assert_eq!(shop.look::<Cart>(ANNA).items(), &[(sku("LAMP"), 1)].into());
}

#[test]
fn a_cart_takes_only_what_is_sold() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 10);
    put(&mut shop, "MUG", 1).then_refused(Conflict, "not_for_sale", Some("sku"));
    put(&mut shop, "LAMP", QUANTITY_MAX + 1).then_refused(Invalid, "quantity_invalid", Some("quantity"));
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Staff, None))
        .ok();
    put(&mut shop, "LAMP", 1).then_refused(Conflict, "not_for_sale", Some("sku"));
}

#[test]
fn the_wallet_pays_at_once() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.funds(ANNA, 6_00);
    let order = PlaceOrder {
        method: PaymentMethod::Wallet,
        ..shop.order(&[("LAMP", 2)])
    };

    let placed = shop.place(&order).then(&[
        "OrderPlaced",
        "OrderPaid",
        "PaymentRequested",
        "PaymentSettled",
        "StockReserved",
        "WalletDebited",
    ]);

    assert!(placed.paid);
    assert_eq!(shop.balance(ANNA), 1_00);
    assert_eq!(shop.order_status(&order), Status::Paid);
}

#[test]
fn a_wallet_that_does_not_cover_the_order_buys_nothing() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.funds(ANNA, 4_99);
    let order = PlaceOrder {
        method: PaymentMethod::Wallet,
        ..shop.order(&[("LAMP", 2)])
    };

    shop.place(&order)
        .then_refused(Conflict, "wallet_not_covered", Some("amount"));

    assert_eq!((shop.balance(ANNA), shop.shelf("LAMP")), (4_99, (10, 10)));
    assert!(shop.look::<Order>(order.order_id).placed().is_err());
}

#[test]
fn what_costs_nothing_is_paid_whatever_the_method() {
    for method in [crate::shop::card(), PaymentMethod::Wallet] {
        let mut shop = Shop::new();
        shop.sells("LEAFLET", 0, 10);
        let order = PlaceOrder {
            method,
            ..shop.order(&[("LEAFLET", 2)])
        };

        let outcome = shop.place(&order);

        let requested = outcome.events.iter().find_map(|event| match event {
            Event::Payment(PaymentEvent::PaymentRequested(requested)) => Some(requested.clone()),
            _ => None,
        });
        let requested = requested.unwrap();
        assert!(
            matches!(requested.method, PaymentMethod::External { .. }),
            "no provider is asked"
        );
        assert_eq!((requested.attempt_id, requested.amount), (None, pence(0)));
        assert!(outcome.ok().paid);
        assert_eq!(shop.order_status(&order), Status::Paid);
    }
}

#[test]
fn one_line_out_of_stock_refuses_all() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 10);
    shop.sells("MUG", 1_00, 2);
    let order = shop.order(&[("LAMP", 1), ("MUG", 3)]);

    shop.place(&order)
        .then_refused(Conflict, "out_of_stock", Some("sku"));

    assert_eq!((shop.shelf("LAMP"), shop.shelf("MUG")), ((10, 10), (2, 2)));
}

#[test]
fn what_one_order_is_promised_another_does_not_get() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 3);
    shop.ordered(&[("LAMP", 2)]);
    let second = shop.order(&[("LAMP", 2)]);
    shop.place(&second)
        .then_refused(Conflict, "out_of_stock", Some("sku"));
    shop.ordered(&[("LAMP", 1)]);
    assert_eq!(shop.shelf("LAMP"), (3, 0));
}

#[test]
fn lines_of_one_sku_are_one() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let order = shop.order(&[("LAMP", 2), ("LAMP", 3)]);

    let placed = shop
        .place(&order)
        .then(&["OrderPlaced", "PaymentRequested", "StockReserved"]);

    assert_eq!(placed.total, pence(12_50));
    assert_eq!(shop.shelf("LAMP"), (5, 0));
    let too_many = shop.order(&[("LAMP", QUANTITY_MAX), ("LAMP", 1)]);
    shop.place(&too_many)
        .then_refused(Invalid, "quantity_invalid", Some("quantity"));
}

#[test]
fn the_price_is_the_products_of_now() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 5);
    put(&mut shop, "LAMP", 1).ok();
    let change = EditProduct {
        prices: [(sku("LAMP"), pence(3_10))].into(),
        ..edit(lamp)
    };
    shop.when(|work| catalogue::edit_product(work, &change))
        .then(&["VariantPriceChanged"]);
    let order = PlaceOrder {
        basket: Basket::Cart,
        ..shop.order(&[])
    };

    let outcome = shop.place(&order);

    let line = outcome.events.iter().find_map(|event| match event {
        Event::Order(OrderEvent::OrderPlaced(placed)) => Some(placed.lines[0].clone()),
        _ => None,
    });
    let line = line.unwrap();
    assert_eq!(
        (line.unit_price, line.product_id, line.name.as_str()),
        (pence(3_10), lamp, "Thing")
    );
    assert_eq!(outcome.ok().total, pence(3_10));
}

#[test]
fn what_is_removed_or_unknown_is_not_sold() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 5);
    let add = shop.product(None, &[("MUG-S", 1_00, 5), ("MUG-L", 2_00, 5)]);
    shop.when(|work| catalogue::add_product(work, &add)).ok();
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Staff, None))
        .ok();
    let without_large = EditProduct {
        remove: vec![sku("MUG-L")],
        ..edit(add.product_id)
    };
    shop.when(|work| catalogue::edit_product(work, &without_large))
        .ok();

    for text in ["LAMP", "MUG-L", "NEVER"] {
        let order = shop.order(&[("MUG-S", 1), (text, 1)]);
        shop.place(&order)
            .then_refused(Conflict, "not_for_sale", Some("sku"));
    }
}

#[test]
fn a_product_removed_from_under_a_cart_is_told() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 2_50, 5);
    put(&mut shop, "LAMP", 1).ok();
    shop.when(|work| catalogue::remove_product(work, lamp, Authority::Staff, None))
        .ok();
    let order = PlaceOrder {
        basket: Basket::Cart,
        ..shop.order(&[])
    };
    shop.place(&order)
        .then_refused(Conflict, "not_for_sale", Some("sku"));
    // It can still be taken out.
    shop.when(|work| checkout::remove_cart_item(work, ANNA, &sku("LAMP")))
        .then(&["CartItemRemoved"]);
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let good = shop.order(&[("LAMP", 1)]);
    let token = |token: &str| PaymentMethod::Card {
        token: token.to_owned(),
    };
    let lines = |lines: Vec<(events::ids::Sku, u32)>| Basket::Lines(lines);
    for (order, code, field) in [
        (
            PlaceOrder {
                basket: lines(vec![]),
                ..good.clone()
            },
            "order_line_count",
            "lines",
        ),
        (
            PlaceOrder {
                basket: lines(vec![(sku("LAMP"), 1); 2_001]),
                ..good.clone()
            },
            "order_line_count",
            "lines",
        ),
        (
            PlaceOrder {
                basket: lines(vec![(sku("LAMP"), 0)]),
                ..good.clone()
            },
            "quantity_invalid",
            "quantity",
        ),
        (
            PlaceOrder {
                country: " ".to_owned(),
                ..good.clone()
            },
            "country_invalid",
            "country",
        ),
        (
            PlaceOrder {
                country: "x".repeat(65),
                ..good.clone()
            },
            "country_invalid",
            "country",
        ),
        (
            PlaceOrder {
                method: token(""),
                ..good.clone()
            },
            "card_token_invalid",
            "payment.token",
        ),
        (
            PlaceOrder {
                method: token("a b"),
                ..good.clone()
            },
            "card_token_invalid",
            "payment.token",
        ),
        (
            PlaceOrder {
                method: token(&"x".repeat(256)),
                ..good.clone()
            },
            "card_token_invalid",
            "payment.token",
        ),
    ] {
        shop.place(&order).then_refused(Invalid, code, Some(field));
    }
    shop.place(&good).ok();
    shop.place(&good).then_refused(Conflict, "order_exists", None);
}

/// Whoever could say "it's paid elsewhere" would get the goods for nothing.
#[test]
fn a_customer_cannot_say_that_it_was_paid_elsewhere() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let external = PaymentMethod::External {
        reference: "honestly".to_owned(),
    };
    let order = PlaceOrder {
        method: external,
        ..shop.order(&[("LAMP", 1)])
    };
    shop.place(&order)
        .then_refused(Invalid, "payment_method_invalid", Some("payment.method"));
}

#[test]
fn currencies_do_not_mix_in_one_order() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 5);
    let mut add = shop.product(None, &[("TASSE", 0, 5)]);
    add.variants[0].variant.price = events::money::Money::new(1_00, "EUR".parse().unwrap());
    shop.when(|work| catalogue::add_product(work, &add)).ok();
    let order = shop.order(&[("LAMP", 1), ("TASSE", 1)]);
    shop.place(&order)
        .then_refused(Invalid, "amount_invalid", Some("lines"));
    shop.ordered(&[("TASSE", 2)]);
}

#[test]
fn a_shop_that_was_restarted_decides_the_same() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 2_50, 3);
    shop.ordered(&[("LAMP", 2)]);
    shop.restart();
    let order = shop.order(&[("LAMP", 2)]);
    shop.place(&order)
        .then_refused(Conflict, "out_of_stock", Some("sku"));
    let look = |work: &mut UnitOfWork| Ok(work.read::<domain::stock::Stock>(sku("LAMP"))?.available());
    assert_eq!(shop.when(look).ok(), 1);
}

#[test]
fn prices_and_orders_are_ones_that_can_be_added_up() {
    let mut shop = Shop::new();
    let dear = shop.product(None, &[("RING", AMOUNT_MAX_MINOR + 1, 2)]);
    shop.when(|work| domain::catalogue::add_product(work, &dear))
        .then_refused(Invalid, "price_too_high", Some("price"));
    shop.sells("RING", AMOUNT_MAX_MINOR, 2);
    let two = shop.order(&[("RING", 2)]);
    shop.place(&two)
        .then_refused(Invalid, "amount_too_large", Some("lines"));
    let one = shop.order(&[("RING", 1)]);
    shop.place(&one).ok();
}
