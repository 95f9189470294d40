//! Carts of those who aren't logged in, as several endpoints need them: which one a token opens, a new one, and its merger
//! with an account's.

use chrono::{DateTime, TimeDelta, Utc};
use domain::guest_cart::Presented;
use domain::guest_carts::{self, Guest};
use domain::{Decision, UnitOfWork};
use events::guest_cart::GuestCartStarted;
use events::ids::{AccountId, GuestCartId};
use utoipa::IntoParams;
use web::Problem;
use web::cart_token::{CartToken, CartTokenNews};

use crate::deps::Cookies;
use crate::errors::ApiError;
use crate::secret_token::SecretToken;

/// How long a guest's cart waits for its owner, counted from the first thing in it: as long as a device stays logged in
/// that isn't used.
pub const GUEST_CART_LIFETIME: TimeDelta = TimeDelta::days(30);

/// Who has this token, now.
pub fn guest(token: CartToken, now: DateTime<Utc>) -> Guest {
    Guest {
        cart_id: token.cart_id,
        presented: Presented {
            token_hash: token.hash,
            at: now,
        },
    }
}

/// A new cart that is to be started, and what its owner is told.
pub fn issue(cookies: Cookies, now: DateTime<Utc>) -> Result<(GuestCartStarted, CartTokenNews), ApiError> {
    let token = SecretToken::generate(GuestCartId::generate()).map_err(Problem::internal)?;
    let started = GuestCartStarted {
        cart_id: token.id,
        token_hash: token.hash(),
        started_at: now,
        expires_at: now + GUEST_CART_LIFETIME,
    };
    let news = CartTokenNews::Issued {
        token: token.reveal().to_owned(),
        lifetime: GUEST_CART_LIFETIME,
        secure: cookies.secure,
    };
    Ok((started, news))
}

/// Puts what the guest has into the account's cart, if there is a guest with a cart: whether it did.
pub fn merge(work: &mut UnitOfWork, guest: Option<&Guest>, account_id: AccountId) -> Decision<bool> {
    match guest {
        Some(guest) => guest_carts::merge(work, guest, account_id),
        None => Ok(false),
    }
}

/// The header by which a guest's cart is found, where there is no cookie.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation; the header is read in `web::cart_token`")]
pub struct CartTokenHeader {
    /// A guest's: the token that an answer had in the header of this name. Browsers have it in the cookie
    /// `tillstream_cart`.
    #[param(rename = "Tillstream-Cart-Token")]
    cart_token: Option<String>,
}
