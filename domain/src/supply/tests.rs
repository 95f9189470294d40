//! A product becomes headquarters' once; a place in its catalogue is noted when it moves.

use events::chain::{CatalogueFollowed, ProductSupplied};
use events::ids::ProductId;

use super::{FollowedCatalogue, FollowedCatalogueCommand, SuppliedProduct, SuppliedProductCommand};
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
