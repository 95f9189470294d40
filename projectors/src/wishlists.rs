//! Wishlists, from their own events.

use events::Event;
use events::ids::{AccountId, ProductId};
use events::wishlist::WishlistEvent;
use read_models::wishlists::WishlistItem;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Wishlists;

impl Projection for Wishlists {
    const VIEW: ViewName = ViewName::Wishlists;
    type Row = WishlistItem;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<(AccountId, ProductId)> {
        let Event::Wishlist(event) = event else {
            return Vec::new();
        };
        vec![match event {
            WishlistEvent::WishlistItemAdded(e) => (e.account_id, e.product_id),
            WishlistEvent::WishlistItemRemoved(e) => (e.account_id, e.product_id),
        }]
    }

    fn apply(
        (account, product_id): &(AccountId, ProductId),
        row: Option<WishlistItem>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<WishlistItem> {
        let Event::Wishlist(event) = &fact.event else {
            return row;
        };
        match event {
            WishlistEvent::WishlistItemAdded(e) => Some(WishlistItem {
                account: *account,
                product_id: *product_id,
                added_at: e.added_at,
                position: fact.position,
            }),
            WishlistEvent::WishlistItemRemoved(_) => None,
        }
    }
}
