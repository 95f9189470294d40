//! A product becomes headquarters' once; a place in its catalogue is noted when it moves.

use events::chain::{CatalogueFollowed, ProductSupplied, SuppliedRow, SupplyMended, SupplyRefused};
use events::ids::ProductId;

use super::{
    FollowedCatalogue, FollowedCatalogueCommand, RowRefusal, SuppliedProduct, SuppliedProductCommand,
};
use crate::given::{Then, after, at, given};

#[test]
fn a_product_is_supplied_once() {
    let supplied = ProductSupplied {
        product_id: ProductId::default(),
        supplied_at: at(0),
    };
    let supply = SuppliedProductCommand::Supply {
        product_id: ProductId::default(),
        at: at(0),
    };
    assert!(!SuppliedProduct::default().is_supplied());
    assert!(after::<SuppliedProduct>([supplied.clone().into()]).is_supplied());
    given::<SuppliedProduct>(vec![])
        .when(supply.clone())
        .then_expect_events(vec![supplied.clone().into()]);
    given::<SuppliedProduct>(vec![supplied.into()])
        .when(supply)
        .then_nothing();
}

#[test]
fn a_place_is_noted_when_it_moves() {
    let followed = |cursor: &str| CatalogueFollowed {
        cursor: cursor.to_owned(),
        followed_at: at(0),
    };
    let follow = |cursor: &str| FollowedCatalogueCommand::Follow {
        cursor: cursor.to_owned(),
        at: at(0),
    };
    given::<FollowedCatalogue>(vec![followed("a").into()])
        .when(follow("b"))
        .then_expect_events(vec![followed("b").into()]);
    given::<FollowedCatalogue>(vec![followed("a").into()])
        .when(follow("a"))
        .then_nothing();
    assert_eq!(
        after::<FollowedCatalogue>([followed("a").into()]).cursor(),
        Some("a")
    );
}

#[test]
fn a_refused_row_is_remembered_until_it_is_mended() {
    let row = SuppliedRow::Product(ProductId::default());
    let refusal = |code: &str| RowRefusal {
        code: code.to_owned(),
        field: Some("sku".to_owned()),
        detail: "the SKU is another's".to_owned(),
    };
    let refused = |code: &str| SupplyRefused {
        row,
        code: code.to_owned(),
        field: Some("sku".to_owned()),
        detail: "the SKU is another's".to_owned(),
        refused_at: at(0),
    };
    let refuse = |code: &str| FollowedCatalogueCommand::Refuse {
        row,
        refusal: refusal(code),
        at: at(0),
    };
    let mended = SupplyMended {
        row,
        mended_at: at(0),
    };
    let mend = FollowedCatalogueCommand::Mend { row, at: at(0) };
    given::<FollowedCatalogue>(vec![])
        .when(refuse("sku_taken"))
        .then_expect_events(vec![refused("sku_taken").into()]);
    given::<FollowedCatalogue>(vec![refused("sku_taken").into()])
        .when(refuse("sku_taken"))
        .then_nothing();
    given::<FollowedCatalogue>(vec![refused("sku_taken").into()])
        .when(refuse("name_invalid"))
        .then_expect_events(vec![refused("name_invalid").into()]);
    given::<FollowedCatalogue>(vec![refused("sku_taken").into()])
        .when(mend.clone())
        .then_expect_events(vec![mended.clone().into()]);
    let known = after::<FollowedCatalogue>([refused("sku_taken").into()]).refused();
    assert_eq!(known.get(&row), Some(&refusal("sku_taken")));
    let story = [refused("sku_taken").into(), mended.clone().into()];
    assert!(after::<FollowedCatalogue>(story).refused().is_empty());
    given::<FollowedCatalogue>(vec![refused("sku_taken").into(), mended.into()])
        .when(mend)
        .then_nothing();
}
