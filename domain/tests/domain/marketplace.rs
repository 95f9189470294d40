//! Sellers: what they get of a sale, what is taken back, and whose a one-of-a-kind is. Anna buys, Bob sells; the fee is 5 %.

use domain::RefusalKind::{Conflict, Invalid, NotFound};
use domain::cancellation::{self, CancelOrder};
use domain::catalogue::{self, AddProduct};
use domain::checkout::PlaceOrder;
use domain::fulfilment::{self, ReturnOrder};
use domain::product::Product;
use domain::settlement::{self, RefundPayment};
use domain::wallet::Wallet;
use domain::wallets::{self, RequestWithdrawal};
use domain::{Authority, Refusal};
use events::ids::{ProductId, RefundId, WithdrawalId};
use events::money::Currency;
use events::payment::PaymentMethod;

use crate::shop::{ANNA, BOB, Outcome, Shop, at, pence, settle, sku};

/// Bob sells lamps at 10.10, Anna has 90.00; the shop sells mugs of its own at 1.00.
fn market() -> Shop {
    let mut shop = Shop::new();
    let add = shop.product(Some(BOB), &[("LAMP", 10_10, 5)]);
    shop.when(|work| catalogue::add_product(work, &add)).ok();
    shop.sells("MUG", 1_00, 5);
    shop.funds(ANNA, 90_00);
    shop
}

/// Bob lists the one vase there is.
fn lists_vase(shop: &mut Shop) -> ProductId {
    let add = AddProduct {
        one_of_a_kind: true,
        ..shop.product(Some(BOB), &[("VASE", 20_00, 1)])
    };
    shop.when(|work| catalogue::add_product(work, &add)).then(&[
        "ProductAdded",
        "OneOfAKindDeclared",
        "StockListed",
        "StockReceived",
    ]);
    add.product_id
}

fn withdraw(shop: &mut Shop, minor: i64) {
    let command = RequestWithdrawal {
        withdrawal_id: shop.new_id::<WithdrawalId>(),
        account_id: BOB,
        amount: pence(minor),
        destination: "bank_1".to_owned(),
        at: at(1),
    };
    shop.when(|work| wallets::request_withdrawal(work, &command)).ok();
}

fn debt(shop: &mut Shop) -> i64 {
    shop.look::<Wallet>(BOB).debt(Currency::GBP).amount_minor()
}

fn refund(shop: &mut Shop, order: &PlaceOrder, minor: Option<i64>) -> (RefundId, Outcome<()>) {
    let command = RefundPayment {
        payment_id: order.payment_id,
        refund_id: shop.refund_id(),
        amount: minor.map(pence),
        reason: "late".to_owned(),
        at: at(5),
    };
    let outcome = shop.when(|work| settlement::refund_payment(work, &command));
    (command.refund_id, outcome)
}

fn cancel(shop: &mut Shop, order: &PlaceOrder) -> Outcome<()> {
    let command = CancelOrder {
        order_id: order.order_id,
        by: Authority::Account(ANNA),
        refund_id: shop.refund_id(),
        at: at(4),
    };
    shop.when(|work| cancellation::cancel_order(work, &command))
}

fn list(shop: &mut Shop, product_id: ProductId, by: Authority, listed: bool) -> Outcome<()> {
    shop.when(|work| catalogue::set_listed(work, product_id, by, listed))
}

#[test]
fn a_sale_out_of_the_wallet_pays_the_seller_less_the_fee_in_the_same_step() {
    let mut shop = market();
    let order = PlaceOrder {
        method: PaymentMethod::Wallet,
        ..shop.order(&[("LAMP", 1), ("MUG", 2)])
    };
    shop.place(&order).then(&[
        "OrderPlaced",
        "OrderPaid",
        "PaymentRequested",
        "SaleAgreed",
        "PaymentSettled",
        "StockReserved",
        "StockReserved",
        "WalletDebited",
        "SaleCredited",
    ]);
    // 5 % of 10.10 are 50.5 pence, which go to the even 50.
    assert_eq!((shop.balance(ANNA), shop.balance(BOB)), (77_90, 9_60));
}

#[test]
fn a_card_pays_the_seller_when_it_is_charged_and_once() {
    let mut shop = market();
    let order = shop.ordered(&[("LAMP", 2)]);
    assert_eq!(shop.balance(BOB), 0);
    shop.settle(&order, 1)
        .then(&["OrderPaid", "PaymentSettled", "SaleCredited"]);
    shop.settle(&order, 2).then(&[]);
    assert_eq!(shop.balance(BOB), 19_19);
}

#[test]
fn an_order_that_was_cancelled_before_its_charge_came_pays_no_seller() {
    let mut shop = market();
    let order = shop.ordered(&[("LAMP", 1)]);
    cancel(&mut shop, &order).ok();
    shop.settle(&order, 5)
        .then(&["PaymentSettled", "RefundRequested"]);
    assert_eq!(shop.balance(BOB), 0);
}

#[test]
fn a_cancelled_order_takes_back_what_the_seller_got() {
    let mut shop = market();
    let order = shop.paid_by_wallet(&[("LAMP", 1), ("MUG", 1)]);
    cancel(&mut shop, &order).ok();
    assert_eq!(
        (shop.balance(ANNA), shop.balance(BOB), debt(&mut shop)),
        (90_00, 0, 0)
    );
}

#[test]
fn returned_goods_are_borne_by_who_sold_them_and_refunds_by_all() {
    let mut shop = market();
    let order = shop.delivered(&[("LAMP", 1), ("MUG", 1)]);
    let back = ReturnOrder {
        order_id: order.order_id,
        by: Authority::Staff,
        quantities: Some([(sku("MUG"), 1)].into()),
        refund_id: shop.refund_id(),
        reason: "chipped".to_owned(),
        at: at(4),
    };
    shop.when(|work| fulfilment::return_order(work, &back)).ok();
    shop.when(|work| settlement::settle_refund(work, order.payment_id, back.refund_id, "re_1"))
        .then(&["RefundSettled"]);
    assert_eq!(shop.balance(BOB), 9_60);
    let (refund_id, asked) = refund(&mut shop, &order, Some(5_05));
    asked.then(&["RefundRequested"]);
    assert_eq!(
        shop.balance(BOB),
        9_60,
        "a card's refund is borne when it is carried out"
    );
    let carry_out =
        |work: &mut domain::UnitOfWork| settlement::settle_refund(work, order.payment_id, refund_id, "re_2");
    shop.when(carry_out)
        .then(&["SaleTakenBack", "RefundSettled", "SaleReversed"]);
    shop.when(carry_out).then(&[]);
    // Half of the lamp's price; the fee for half of it is 25.25 pence.
    assert_eq!(shop.balance(BOB), 9_60 - (5_05 - 25));
}

#[test]
fn what_a_wallet_no_longer_holds_is_owed_and_paid_out_of_the_next_sales() {
    let mut shop = market();
    let order = shop.paid_by_wallet(&[("LAMP", 1)]);
    withdraw(&mut shop, 9_00);
    refund(&mut shop, &order, None).1.then(&[
        "RefundRequested",
        "SaleTakenBack",
        "RefundSettled",
        "WalletCredited",
        "SellerDebtIncurred",
        "SaleReversed",
    ]);
    assert_eq!((shop.balance(BOB), debt(&mut shop)), (0, 9_00));
    shop.restart();
    shop.paid_by_wallet(&[("LAMP", 1)]);
    assert_eq!((shop.balance(BOB), debt(&mut shop)), (60, 0));
}

/// All that a wallet held was taken, also what its owner had deposited since.
#[test]
fn a_debt_is_paid_out_of_sales_and_not_out_of_deposits() {
    let mut shop = market();
    let order = shop.paid_by_wallet(&[("LAMP", 2)]);
    withdraw(&mut shop, 19_19);
    refund(&mut shop, &order, None).1.ok();
    shop.funds(BOB, 50_00);
    shop.paid_by_wallet(&[("LAMP", 1)]);
    assert_eq!((shop.balance(BOB), debt(&mut shop)), (50_00, 19_19 - 9_60));
}

#[test]
fn nobody_buys_their_own_and_a_fee_is_at_most_everything() {
    let mut shop = market();
    shop.funds(BOB, 50_00);
    let own = PlaceOrder {
        customer: BOB,
        ..shop.order(&[("LAMP", 1)])
    };
    shop.place(&own).then_refused(Conflict, "own_item", Some("sku"));
    let greedy = PlaceOrder {
        fee_bps: 10_001,
        ..shop.order(&[("LAMP", 1)])
    };
    shop.place(&greedy).then_refused(Invalid, "fee_invalid", None);
}

#[test]
fn a_one_of_a_kind_is_the_buyers_who_lists_it_again() {
    let mut shop = market();
    let vase = lists_vase(&mut shop);
    shop.paid_by_wallet(&[("VASE", 1)]);
    let product: Product = shop.look(vase);
    assert_eq!((product.seller(), product.is_listed()), (Some(ANNA), false));
    let again = shop.order(&[("VASE", 1)]);
    shop.place(&again)
        .then_refused(Conflict, "not_for_sale", Some("sku"));
    list(&mut shop, vase, Authority::Account(BOB), true).then_refused(NotFound, "product_not_found", None);
    list(&mut shop, vase, Authority::Account(ANNA), true).then(&["ProductActivated", "StockReceived"]);
    list(&mut shop, vase, Authority::Account(ANNA), false).then(&["ProductArchived"]);
    list(&mut shop, vase, Authority::Account(ANNA), true).then(&["ProductActivated"]);
    let back = PlaceOrder {
        customer: BOB,
        ..shop.order(&[("VASE", 1)])
    };
    shop.place(&back).ok();
    assert_eq!(
        shop.look::<Product>(vase).seller(),
        Some(ANNA),
        "not before it is paid"
    );
    shop.settle(&back, 2).ok();
    assert_eq!(shop.look::<Product>(vase).seller(), Some(BOB));
}

#[test]
fn a_one_of_a_kind_is_shipped_and_comes_back_unless_it_has_moved_on() {
    let mut shop = market();
    let vase = lists_vase(&mut shop);
    let order = shop.paid_by_wallet(&[("VASE", 1), ("LAMP", 1)]);
    shop.hand_over(&order);
    let back = ReturnOrder {
        order_id: order.order_id,
        by: Authority::Account(ANNA),
        quantities: None,
        refund_id: shop.refund_id(),
        reason: "too large".to_owned(),
        at: at(4),
    };
    list(&mut shop, vase, Authority::Account(ANNA), true).ok();
    shop.when(|work| fulfilment::return_order(work, &back))
        .then_refused(Conflict, "item_moved_on", Some("sku"));
    list(&mut shop, vase, Authority::Account(ANNA), false).ok();
    shop.when(|work| fulfilment::return_order(work, &back)).ok();
    let product: Product = shop.look(vase);
    assert_eq!((product.seller(), product.is_listed()), (Some(BOB), false));
    assert_eq!((shop.balance(ANNA), shop.balance(BOB)), (90_00, 0));
}

#[test]
fn a_one_of_a_kind_has_one_unit_of_one_variant_and_an_owner() {
    let mut shop = market();
    for (seller, variants) in [
        (None, &[("A", 1, 1)][..]),
        (Some(BOB), &[("A", 1, 2)]),
        (Some(BOB), &[("A", 1, 0)]),
        (Some(BOB), &[("A", 1, 1), ("B", 1, 1)]),
    ] {
        let add = AddProduct {
            one_of_a_kind: true,
            ..shop.product(seller, variants)
        };
        shop.when(|work| catalogue::add_product(work, &add)).then_refused(
            Invalid,
            "one_of_a_kind",
            Some("quantity"),
        );
    }
    let vase = lists_vase(&mut shop);
    let more = catalogue::ChangeStock {
        product_id: vase,
        sku: sku("VASE"),
        by: Authority::Account(BOB),
        change: catalogue::StockChange::Receive(1),
        reason: "found another".to_owned(),
    };
    shop.when(|work| catalogue::change_stock(work, &more))
        .then_refused(Invalid, "one_of_a_kind", Some("quantity"));
}

#[test]
fn what_is_being_bought_stays_until_the_charge_is_known() {
    let mut shop = market();
    let vase = lists_vase(&mut shop);
    let order = shop.ordered(&[("VASE", 1)]);
    let remove =
        |work: &mut domain::UnitOfWork| catalogue::remove_product(work, vase, Authority::Account(BOB), None);
    shop.when(remove).then_refused(Conflict, "being_bought", None);
    // Off sale is another matter: the order holds it.
    list(&mut shop, vase, Authority::Account(BOB), false).ok();
    let charge = settle(&order, order.attempt_id, 1);
    shop.when(|work| settlement::settle_payment(work, &charge)).ok();
    assert_eq!(shop.look::<Product>(vase).seller(), Some(ANNA));
}

#[test]
fn many_are_archived_at_once_each_with_its_own_result() {
    let mut shop = market();
    let vase = lists_vase(&mut shop);
    let never = shop.product(None, &[]).product_id;
    let results = shop
        .when(|work| catalogue::set_listed_each(work, &[never, vase], Authority::Staff, false))
        .then(&["ProductArchived"]);
    let codes: Vec<_> = results
        .iter()
        .map(|(_, result)| result.as_ref().map_err(Refusal::code).copied())
        .collect();
    assert_eq!(codes, [Err("product_not_found"), Ok(())]);
}
