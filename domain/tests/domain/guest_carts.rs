//! A guest's cart, and what becomes of it when its owner logs in.

use domain::RefusalKind::{Conflict, NotFound};
use domain::cart::{Cart, ITEMS_MAX, QUANTITY_MAX};
use domain::checkout::{self, SetCartItem};
use domain::guest_cart::{GuestCart, Presented};
use domain::guest_carts::{self, Guest};
use domain::{accounts, catalogue};
use events::account::Role;
use events::guest_cart::GuestCartStarted;
use events::ids::{AccountId, GuestCartId};
use uuid::Uuid;

use crate::accounts::registration;
use crate::shop::{ANNA, BOB, Outcome, Shop, at, sku};

const CART: GuestCartId = GuestCartId(Uuid::from_u128(0xC));

fn guest(minute: i64) -> Guest {
    Guest {
        cart_id: CART,
        presented: Presented {
            token_hash: "hash".to_owned(),
            at: at(minute),
        },
    }
}

fn start(shop: &mut Shop, text: &str, quantity: u32) -> Outcome<()> {
    let started = GuestCartStarted {
        cart_id: CART,
        token_hash: "hash".to_owned(),
        started_at: at(0),
        expires_at: at(60),
    };
    shop.when(|work| guest_carts::start(work, &started, &sku(text), quantity))
}

fn put(shop: &mut Shop, text: &str, quantity: u32) -> Outcome<()> {
    shop.when(|work| guest_carts::set_item(work, &guest(1), &sku(text), quantity))
}

fn merge(shop: &mut Shop, account_id: AccountId, minute: i64) -> Outcome<bool> {
    shop.when(|work| guest_carts::merge(work, &guest(minute), account_id))
}

fn own(shop: &mut Shop, text: &str, quantity: u32) {
    let set = SetCartItem {
        account_id: ANNA,
        sku: sku(text),
        quantity,
    };
    shop.when(|work| checkout::set_cart_item(work, &set)).ok();
}

fn joined(shop: &mut Shop, account_id: AccountId, username: &str, role: Role) {
    let mut command = registration(account_id, username, None);
    command.registered.roles = [role].into();
    shop.when(|work| accounts::register(work, &command)).ok();
}

fn quantity(shop: &mut Shop, text: &str) -> Option<u32> {
    shop.look::<Cart>(ANNA).items().get(&sku(text)).copied()
}

#[test]
fn quantities_add_up_and_the_token_is_spent() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 10_00, 1);
    shop.sells("MUG", 2_00, 1);
    joined(&mut shop, ANNA, "anna", Role::Customer);
    own(&mut shop, "LAMP", 1);
    start(&mut shop, "LAMP", 2).then(&["GuestCartStarted", "GuestCartItemSet"]);
    put(&mut shop, "MUG", 3).then(&["GuestCartItemSet"]);
    let merged = merge(&mut shop, ANNA, 2);
    assert!(merged.then(&["CartItemSet", "CartItemSet", "GuestCartMerged"]));
    assert_eq!(
        (quantity(&mut shop, "LAMP"), quantity(&mut shop, "MUG")),
        (Some(3), Some(3))
    );
    assert!(
        !merge(&mut shop, ANNA, 3).then(&[]),
        "a second login adds nothing"
    );
    put(&mut shop, "MUG", 4).then_refused(NotFound, "guest_cart_over", None);
}

#[test]
fn a_sum_is_bounded_and_a_full_cart_takes_what_it_can() {
    let mut shop = Shop::new();
    joined(&mut shop, ANNA, "anna", Role::Customer);
    let skus: Vec<_> = (0..ITEMS_MAX).map(|n| format!("S{n}")).collect();
    // As many variants as a product may have.
    for some in skus.chunks(200) {
        let variants: Vec<_> = some.iter().map(|text| (text.as_str(), 1_00, 1)).collect();
        let add = shop.product(None, &variants);
        shop.when(|work| catalogue::add_product(work, &add)).ok();
    }
    let fill = |work: &mut domain::UnitOfWork| {
        let set = |text: &String| SetCartItem {
            account_id: ANNA,
            sku: sku(text),
            quantity: QUANTITY_MAX,
        };
        skus.iter()
            .try_for_each(|text| checkout::set_cart_item(work, &set(text)))
    };
    shop.when(fill).ok();
    shop.sells("LAMP", 10_00, 1);
    start(&mut shop, "LAMP", 1).ok();
    put(&mut shop, "S0", 5).ok();
    assert!(merge(&mut shop, ANNA, 2).then(&["GuestCartMerged"]));
    assert_eq!(
        (quantity(&mut shop, "S0"), quantity(&mut shop, "LAMP")),
        (Some(QUANTITY_MAX), None)
    );
}

#[test]
fn what_has_left_the_catalogue_meanwhile_stops_nobody() {
    let mut shop = Shop::new();
    let lamp = shop.sells("LAMP", 10_00, 1);
    joined(&mut shop, ANNA, "anna", Role::Customer);
    start(&mut shop, "LAMP", 1).ok();
    shop.when(|work| catalogue::remove_product(work, lamp, domain::Authority::Staff, None))
        .ok();
    put(&mut shop, "LAMP", 2).then_refused(Conflict, "not_for_sale", Some("sku"));
    assert!(merge(&mut shop, ANNA, 2).ok());
    assert_eq!(quantity(&mut shop, "LAMP"), Some(1));
}

#[test]
fn an_old_token_and_an_account_that_does_not_buy_merge_nothing() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 10_00, 1);
    joined(&mut shop, ANNA, "anna", Role::Customer);
    joined(&mut shop, BOB, "bob", Role::Staff);
    assert!(!merge(&mut shop, ANNA, 1).then(&[]), "there is no such cart");
    start(&mut shop, "LAMP", 1).ok();
    assert!(!merge(&mut shop, BOB, 1).then(&[]));
    assert!(!merge(&mut shop, ANNA, 60).then(&[]), "its time is over");
    assert_eq!(quantity(&mut shop, "LAMP"), None);
}

#[test]
fn a_cart_that_nobody_came_back_for_expires() {
    let mut shop = Shop::new();
    shop.sells("LAMP", 10_00, 1);
    start(&mut shop, "LAMP", 1).ok();
    let expire = |shop: &mut Shop, minute| shop.when(|work| guest_carts::expire(work, CART, at(minute)));
    expire(&mut shop, 59).then(&[]);
    expire(&mut shop, 60).then(&["GuestCartExpired"]);
    expire(&mut shop, 61).then(&[]);
    assert!(shop.look::<GuestCart>(CART).items().is_empty());
}
