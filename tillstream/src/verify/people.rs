//! People before and after they are known: a guest's cart goes into one account's, whole and once, and an address is
//! verified by the newest link alone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::cart::{ITEMS_MAX, QUANTITY_MAX};
use events::Event;
use events::account::AccountEvent;
use events::cart::CartEvent;
use events::envelope::RecordedEvent;
use events::guest_cart::{GuestCartEvent, GuestCartMerged};
use events::ids::{AccountId, GuestCartId, Sku};
use uuid::Uuid;

use super::{Broken, Rule};

type Items = HashMap<Sku, u32>;

/// Carts as their events left them. A guest's that is over holds nothing more.
#[derive(Default)]
pub struct MergedOnce {
    own: HashMap<AccountId, Items>,
    guests: HashMap<GuestCartId, Option<Items>>,
}

impl Rule for MergedOnce {
    fn name(&self) -> &'static str {
        "a guest's cart goes into an account's at most once, and loses nothing"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        match event {
            Event::Cart(event) => self.follow_own(event),
            Event::GuestCart(GuestCartEvent::GuestCartStarted(e)) => {
                self.guests.insert(e.cart_id, Some(Items::new()));
            }
            Event::GuestCart(event) => {
                if let Some(wrong) = self.follow_guest(event) {
                    broken.add(recorded.position, format_args!("{}: {wrong}", event.cart_id()));
                }
            }
            _ => {}
        }
    }
}

impl MergedOnce {
    fn follow_own(&mut self, event: &CartEvent) {
        match event {
            CartEvent::CartItemSet(e) => {
                let items = self.own.entry(e.account_id).or_default();
                items.insert(e.sku.clone(), e.quantity);
            }
            CartEvent::CartItemRemoved(e) => {
                self.own.entry(e.account_id).or_default().remove(&e.sku);
            }
            CartEvent::CartCheckedOut(e) => {
                self.own.remove(&e.account_id);
            }
        }
    }

    /// What is wrong about the event.
    fn follow_guest(&mut self, event: &GuestCartEvent) -> Option<&'static str> {
        let Some(Some(items)) = self.guests.get_mut(&event.cart_id()) else {
            return Some("something happens to a cart that never began or is over");
        };
        match event {
            GuestCartEvent::GuestCartItemSet(e) => {
                items.insert(e.sku.clone(), e.quantity);
            }
            GuestCartEvent::GuestCartItemRemoved(e) => {
                items.remove(&e.sku);
            }
            GuestCartEvent::GuestCartMerged(merged) => {
                let items = self.guests.insert(merged.cart_id, None).flatten();
                return self.loses(merged, &items.unwrap_or_default());
            }
            GuestCartEvent::GuestCartExpired(e) => {
                self.guests.insert(e.cart_id, None);
            }
            GuestCartEvent::GuestCartStarted(_) => {}
        }
        None
    }

    /// The account's cart, which the same append has filled before, holds as much of everything, or is full.
    fn loses(&self, merged: &GuestCartMerged, items: &Items) -> Option<&'static str> {
        let nothing = Items::new();
        let own = self.own.get(&merged.account_id).unwrap_or(&nothing);
        let lost = items.iter().any(|(sku, quantity)| match own.get(sku) {
            Some(held) => held < quantity.min(&QUANTITY_MAX),
            None => own.len() < ITEMS_MAX,
        });
        lost.then_some("what was in it isn't in the account's cart")
    }
}

/// The newest link of each account, until it is used or lapses.
#[derive(Default)]
pub struct VerifiedByLink(HashMap<AccountId, (Uuid, DateTime<Utc>)>);

impl Rule for VerifiedByLink {
    fn name(&self) -> &'static str {
        "an address is verified by the newest link, once and in its time"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        match event {
            Event::Account(AccountEvent::EmailVerificationRequested(e)) => {
                self.0.insert(e.account_id, (e.verification_id, e.expires_at));
            }
            Event::Account(AccountEvent::EmailVerificationLapsed(e)) => {
                self.0.remove(&e.account_id);
            }
            Event::Account(AccountEvent::EmailVerified(e)) => {
                let asked = self.0.remove(&e.account_id);
                let good = asked.is_some_and(|(id, until)| id == e.verification_id && e.verified_at < until);
                if !good {
                    let account = e.account_id;
                    broken.add(
                        recorded.position,
                        format_args!("the address of {account} was verified without a link that works"),
                    );
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use events::account::{EmailVerificationLapsed, EmailVerificationRequested, EmailVerified};
    use events::cart::CartItemSet;
    use events::envelope::StreamId;
    use events::guest_cart::{GuestCartItemSet, GuestCartStarted};
    use events::ids::ProductId;
    use events::sealed::Sealed;

    use super::*;
    use crate::verify::played;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn mug() -> Sku {
        Sku::new("MUG").unwrap()
    }

    fn guests(quantity: u32) -> [Event; 2] {
        let (cart_id, product_id) = (GuestCartId::default(), ProductId::default());
        let started = GuestCartStarted {
            cart_id,
            token_hash: String::new(),
            started_at: at(0),
            expires_at: at(60),
        };
        let set = GuestCartItemSet {
            cart_id,
            sku: mug(),
            product_id,
            quantity,
        };
        [GuestCartEvent::from(started), set.into()].map(Event::GuestCart)
    }

    fn own(quantity: u32) -> Event {
        let set = CartItemSet {
            account_id: AccountId::default(),
            sku: mug(),
            product_id: ProductId::default(),
            quantity,
        };
        Event::Cart(set.into())
    }

    fn merged() -> Event {
        let merged = GuestCartMerged {
            cart_id: GuestCartId::default(),
            account_id: AccountId::default(),
            merged_at: at(1),
        };
        Event::GuestCart(merged.into())
    }

    fn asked(id: u128) -> Event {
        let asked = EmailVerificationRequested {
            account_id: AccountId::default(),
            verification_id: Uuid::from_u128(id),
            token_hash: String::new(),
            token: Sealed(String::new()),
            expires_at: at(60),
        };
        Event::Account(asked.into())
    }

    fn verified(id: u128, second: i64) -> Event {
        let verified = EmailVerified {
            account_id: AccountId::default(),
            verification_id: Uuid::from_u128(id),
            verified_at: at(second),
        };
        Event::Account(verified.into())
    }

    fn lapsed() -> Event {
        let account_id = AccountId::default();
        Event::Account(EmailVerificationLapsed { account_id }.into())
    }

    /// How often the rule is broken by these events.
    fn broken(rule: impl Rule, events: impl IntoIterator<Item = Event>) -> u64 {
        let of_somebody = |event| (StreamId::new("some", 1), event);
        played::broken(rule, events.into_iter().map(of_somebody))
    }

    #[test]
    fn a_cart_that_is_merged_twice_or_in_part_is_seen() {
        let merge = |events: Vec<Event>| broken(MergedOnce::default(), guests(2).into_iter().chain(events));
        assert_eq!(merge(vec![own(3), merged()]), 0);
        assert_eq!(merge(vec![own(2), merged(), merged()]), 1);
        assert_eq!(merge(vec![own(1), merged()]), 1);
        assert_eq!(merge(vec![merged()]), 1);
        assert_eq!(broken(MergedOnce::default(), [merged()]), 1);
    }

    #[test]
    fn an_address_that_is_verified_without_a_working_link_is_seen() {
        let verify = |events: Vec<Event>| broken(VerifiedByLink::default(), events);
        assert_eq!(verify(vec![asked(1), asked(2), verified(2, 59)]), 0);
        assert_eq!(verify(vec![asked(1), asked(2), verified(1, 1)]), 1);
        assert_eq!(verify(vec![asked(1), verified(1, 60)]), 1);
        assert_eq!(verify(vec![asked(1), verified(1, 1), verified(1, 2)]), 1);
        assert_eq!(verify(vec![asked(1), lapsed(), verified(1, 1)]), 1);
    }
}
