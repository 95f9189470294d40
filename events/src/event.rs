//! Every event as one type, and its way into and out of the log's `(type, version, payload)`.

use serde_json::Value;

use crate::account::AccountEvent;
use crate::api_key::ApiKeyEvent;
use crate::branch::{BranchEvent, DailyReportEvent};
use crate::cart::CartEvent;
use crate::category::CategoryEvent;
use crate::chain::{
    FollowedCatalogueEvent, OutgoingReportEvent, SuppliedCategoryEvent, SuppliedProductEvent,
};
use crate::credit_note::CreditNoteEvent;
use crate::envelope::RecordedEvent;
use crate::guest_cart::GuestCartEvent;
use crate::order::OrderEvent;
use crate::order_mail::OrderMailEvent;
use crate::orphan::OrphanEvent;
use crate::payment::PaymentEvent;
use crate::product::ProductEvent;
use crate::review::ReviewEvent;
use crate::session::SessionEvent;
use crate::stock::StockEvent;
use crate::upcast::{UpcastError, Upcasters};
use crate::wallet::WalletEvent;
use crate::wishlist::WishlistEvent;

/// An event's type, schema version and body, as the log stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub event_type: &'static str,
    pub schema_version: u32,
    /// JSON text.
    pub payload: String,
}

/// Why a stored event can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(
        "no event type {event_type:?} is known here; is this an older program than the one that wrote the log?"
    )]
    UnknownType { event_type: String },
    #[error("{event_type} has schema version {found}, and {known} is the newest known here")]
    TooNew {
        event_type: String,
        found: u32,
        known: u32,
    },
    #[error("{event_type} can't be brought from its old schema: {source}")]
    Upcast { event_type: String, source: UpcastError },
    #[error("{event_type} doesn't have the shape of its schema: {source}")]
    Shape {
        event_type: String,
        source: serde_json::Error,
    },
}

/// Defines an aggregate's event enum over its event structs, each with its current schema version.
macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $($event:ident = $version:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $enum {
            $($event($event),)+
        }

        impl $enum {
            /// Every type of this enum with its current schema version.
            pub const TYPES: &[(&'static str, u32)] = &[$((stringify!($event), $version),)+];

            /// The type's name and current schema version.
            pub fn event_type(&self) -> (&'static str, u32) {
                match self {
                    $(Self::$event(_) => (stringify!($event), $version),)+
                }
            }

            pub(crate) fn payload(&self) -> serde_json::Result<String> {
                match self {
                    $(Self::$event(body) => serde_json::to_string(body),)+
                }
            }

            pub(crate) fn from_payload(event_type: &str, payload: &str) -> Option<serde_json::Result<Self>> {
                match event_type {
                    $(stringify!($event) => Some(serde_json::from_str(payload).map(Self::$event)),)+
                    _ => None,
                }
            }

            pub(crate) fn schemas() -> Vec<(&'static str, u32, schemars::Schema)> {
                vec![$((stringify!($event), $version, schemars::schema_for!($event)),)+]
            }
        }

        $(impl From<$event> for $enum {
            fn from(event: $event) -> Self {
                Self::$event(event)
            }
        })+

        impl cqrs_es::DomainEvent for $enum {
            fn event_type(&self) -> String {
                $enum::event_type(self).0.to_owned()
            }

            fn event_version(&self) -> String {
                format!("{}.0.0", $enum::event_type(self).1)
            }
        }
    };
}
pub(crate) use events;

/// Unites the aggregates' enums.
macro_rules! unite {
    ($($variant:ident($enum:ident),)+) => {
        /// Any event of the log.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($variant($enum),)+
        }

        $(impl From<$enum> for Event {
            fn from(event: $enum) -> Self {
                Self::$variant(event)
            }
        }

        impl TryFrom<Event> for $enum {
            type Error = Event;

            /// The event as this aggregate's own, or itself back if it is another's.
            fn try_from(event: Event) -> Result<Self, Event> {
                match event {
                    Event::$variant(event) => Ok(event),
                    other => Err(other),
                }
            }
        })+

        impl Event {
            /// The type's name and current schema version.
            pub fn event_type(&self) -> (&'static str, u32) {
                match self {
                    $(Self::$variant(event) => event.event_type(),)+
                }
            }

            fn payload(&self) -> serde_json::Result<String> {
                match self {
                    $(Self::$variant(event) => event.payload(),)+
                }
            }

            fn from_payload(event_type: &str, payload: &str) -> Option<serde_json::Result<Self>> {
                None
                    $(.or_else(|| Some($enum::from_payload(event_type, payload)?.map(Self::$variant))))+
            }

            fn current_version(event_type: &str) -> Option<u32> {
                Self::types().find(|(name, _)| *name == event_type).map(|(_, version)| version)
            }

            /// Every event type with its current schema version.
            pub fn types() -> impl Iterator<Item = (&'static str, u32)> {
                [$($enum::TYPES,)+].into_iter().flatten().copied()
            }

            /// The JSON schema of every event type at its current version.
            pub fn schemas() -> Vec<(&'static str, u32, schemars::Schema)> {
                [$($enum::schemas(),)+].into_iter().flatten().collect()
            }
        }
    };
}

unite! {
    Stock(StockEvent),
    Order(OrderEvent),
    OrderMail(OrderMailEvent),
    Payment(PaymentEvent),
    Cart(CartEvent),
    GuestCart(GuestCartEvent),
    Product(ProductEvent),
    Account(AccountEvent),
    Session(SessionEvent),
    Category(CategoryEvent),
    Wallet(WalletEvent),
    CreditNote(CreditNoteEvent),
    Review(ReviewEvent),
    Wishlist(WishlistEvent),
    Branch(BranchEvent),
    DailyReport(DailyReportEvent),
    OutgoingReport(OutgoingReportEvent),
    FollowedCatalogue(FollowedCatalogueEvent),
    SuppliedProduct(SuppliedProductEvent),
    SuppliedCategory(SuppliedCategoryEvent),
    Orphan(OrphanEvent),
    ApiKey(ApiKeyEvent),
}

impl Event {
    /// As the log stores it.
    ///
    /// # Panics
    /// Never: the bodies are plain structs with text keys, which always have a JSON form.
    pub fn encode(&self) -> Encoded {
        let (event_type, schema_version) = self.event_type();
        let payload = self
            .payload()
            .expect("event bodies are plain structs with text keys");
        Encoded {
            event_type,
            schema_version,
            payload,
        }
    }

    /// Reads a stored event, brought to the current schema if it is of an older one.
    pub fn decode(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        Self::decode_with(Upcasters::current(), recorded)
    }

    pub(crate) fn decode_with(upcasters: &Upcasters, recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        let event_type = recorded.event_type.as_str();
        let named = || event_type.to_owned();
        let unknown = || DecodeError::UnknownType { event_type: named() };
        let shape = |source| DecodeError::Shape {
            event_type: named(),
            source,
        };
        let known = Self::current_version(event_type).ok_or_else(unknown)?;
        let found = recorded.schema_version;
        if found == known {
            return Self::from_payload(event_type, &recorded.payload)
                .ok_or_else(unknown)?
                .map_err(shape);
        }
        if found > known {
            return Err(DecodeError::TooNew {
                event_type: named(),
                found,
                known,
            });
        }
        let old: Value = serde_json::from_str(&recorded.payload).map_err(shape)?;
        let new = upcasters
            .upcast(event_type, found, known, old)
            .map_err(|source| DecodeError::Upcast {
                event_type: named(),
                source,
            })?;
        Self::from_payload(event_type, &new.to_string())
            .ok_or_else(unknown)?
            .map_err(shape)
    }
}
