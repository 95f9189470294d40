//! A command that is refused, and why, in words for people and in a code for programs.

use std::convert::Infallible;

use crate::account::AccountError;
use crate::api_key::ApiKeyError;
use crate::branch::BranchError;
use crate::cart::CartError;
use crate::category::CategoryError;
use crate::credit_note::CreditNoteError;
use crate::daily_report::DailyReportError;
use crate::order::OrderError;
use crate::orphan::OrphanError;
use crate::outgoing_report::OutgoingReportError;
use crate::payment::PaymentError;
use crate::product::ProductError;
use crate::review::ReviewError;
use crate::session::SessionError;
use crate::stock::StockError;
use crate::supply::SupplyError;
use crate::wallet::WalletError;
use crate::wishlist::WishlistError;

/// What sort of refusal it is; each API maps it to a status once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The command breaks a rule whatever the state: 422.
    Invalid,
    /// It isn't there, or not for this caller: 404.
    NotFound,
    /// It can't be done as things stand now: 409.
    Conflict,
    /// It was edited since the caller looked: 412.
    Outdated,
    /// The caller isn't who they say: 401.
    Unauthenticated,
}

/// What every refusal tells.
pub trait Refusal: std::error::Error {
    fn kind(&self) -> RefusalKind;
    /// Stable; clients match on it.
    fn code(&self) -> &'static str;
    /// The field at fault, as a path in the request's body.
    fn field(&self) -> Option<String> {
        None
    }
}

macro_rules! domain_errors {
    ($($variant:ident($error:ty),)+) => {
        /// Any refusal of the domain.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum DomainError {
            $(#[error(transparent)] $variant(#[from] $error),)+
            /// The caller's `If-Match` names another version than the newest.
            #[error("it has been changed since: the newest version is {actual}, not {expected}")]
            Outdated { expected: u64, actual: u64 },
        }

        impl DomainError {
            fn inner(&self) -> Option<&dyn Refusal> {
                match self {
                    $(Self::$variant(error) => Some(error),)+
                    Self::Outdated { .. } => None,
                }
            }
        }
    };
}

domain_errors! {
    Account(AccountError),
    Session(SessionError),
    Category(CategoryError),
    Product(ProductError),
    Stock(StockError),
    Cart(CartError),
    Order(OrderError),
    Payment(PaymentError),
    Wallet(WalletError),
    CreditNote(CreditNoteError),
    Review(ReviewError),
    Wishlist(WishlistError),
    ApiKey(ApiKeyError),
    Branch(BranchError),
    DailyReport(DailyReportError),
    OutgoingReport(OutgoingReportError),
    Supply(SupplyError),
    Orphan(OrphanError),
}

impl From<Infallible> for DomainError {
    /// Of an aggregate that refuses nothing.
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Refusal for DomainError {
    fn kind(&self) -> RefusalKind {
        self.inner().map_or(RefusalKind::Outdated, Refusal::kind)
    }

    fn code(&self) -> &'static str {
        self.inner().map_or("version_mismatch", Refusal::code)
    }

    fn field(&self) -> Option<String> {
        self.inner().and_then(Refusal::field)
    }
}
