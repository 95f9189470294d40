//! The token of a guest's cart on its way: for programs a header, for browsers a cookie that no script can read and that
//! no other site can send.
//!
//! What a token opens is the domain's to decide; the log and the views know its hash only.

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use chrono::TimeDelta;
use events::ids::GuestCartId;
use sha2::{Digest, Sha256};

/// In a request the token that a client was given, in an answer one that it is given now.
pub const CART_TOKEN: HeaderName = HeaderName::from_static("tillstream-cart-token");

/// The cookie's name.
pub const CART_COOKIE: &str = "tillstream_cart";

/// Longer than any token of ours, so that what is hashed is bounded.
const TOKEN_MAX_BYTES: usize = 128;

/// A token that somebody presented.
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken {
    pub cart_id: GuestCartId,
    /// SHA-256 of the token, in hex.
    pub hash: String,
}

impl fmt::Debug for CartToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CartToken({})", self.cart_id)
    }
}

impl CartToken {
    /// What has the form of a token; whether it is one, its hash tells.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, _) = text.split_once('.').filter(|_| text.len() <= TOKEN_MAX_BYTES)?;
        Some(Self {
            cart_id: id.parse().ok()?,
            hash: hex::encode(Sha256::digest(text.as_bytes())),
        })
    }

    /// The header's; the cookie's if there is no header.
    fn of(headers: &HeaderMap) -> Option<Self> {
        if let Some(header) = headers.get(CART_TOKEN) {
            return Self::parse(header.to_str().ok()?);
        }
        let mut cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        cookies.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            Self::parse(value).filter(|_| name == CART_COOKIE)
        })
    }
}

/// The token that came along, if one did. What has no token's form counts as none: an old cookie keeps nobody from
/// filling a new cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalCartToken(pub Option<CartToken>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalCartToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(CartToken::of(&parts.headers)))
    }
}

/// What an answer says about the client's token, besides its body.
#[derive(Clone, PartialEq, Eq)]
pub enum CartTokenNews {
    Issued {
        token: String,
        /// How long it is good.
        lifetime: TimeDelta,
        /// Whether the cookie goes over TLS only.
        secure: bool,
    },
    /// The cart is the account's now; the cookie is taken back.
    Spent,
}

impl IntoResponseParts for CartTokenNews {
    type Error = Infallible;

    fn into_response_parts(self, mut answer: ResponseParts) -> Result<ResponseParts, Infallible> {
        let headers = answer.headers_mut();
        let cookie = match self {
            Self::Issued {
                token,
                lifetime,
                secure,
            } => {
                let seconds = lifetime.num_seconds();
                let secure = if secure { "; Secure" } else { "" };
                headers.extend(secret(&token).map(|value| (CART_TOKEN, value)));
                format!(
                    "{CART_COOKIE}={token}; Path=/api; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
                )
            }
            Self::Spent => format!("{CART_COOKIE}=; Path=/api; Max-Age=0; HttpOnly; SameSite=Strict"),
        };
        headers.extend(secret(&cookie).map(|value| (SET_COOKIE, value)));
        Ok(answer)
    }
}

/// Marked, so that it is left out where headers are logged. Always one: tokens are letters, digits, dashes and points.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        lines
            .iter()
            .map(|(name, text)| (name.clone(), value(text)))
            .collect()
    }

    #[test]
    fn the_header_goes_before_the_cookie() {
        let (one, other) = (GuestCartId::generate(), GuestCartId::generate());
        let cookie = format!("theme=dark; {CART_COOKIE}={other}.b; x=y");
        let both = headers(&[(CART_TOKEN, &format!("{one}.a")), (COOKIE, &cookie)]);
        assert_eq!(CartToken::of(&both), CartToken::parse(&format!("{one}.a")));
        let alone = headers(&[(COOKIE, &cookie)]);
        assert_eq!(CartToken::of(&alone), CartToken::parse(&format!("{other}.b")));
        let foreign = headers(&[(COOKIE, &format!("other={one}.a"))]);
        assert_eq!(CartToken::of(&foreign), None);
    }

    #[test]
    fn what_has_another_form_is_none() {
        let id = GuestCartId::generate();
        for wrong in [
            "",
            ".",
            "x.y",
            &id.to_string(),
            &format!("{id}.{}", "a".repeat(200)),
        ] {
            assert_eq!(CartToken::parse(wrong), None, "{wrong}");
        }
        let debugged = format!("{:?}", CartToken::parse(&format!("{id}.secret")));
        assert_eq!(debugged, format!("Some(CartToken({id}))"), "no hash in the log");
    }

    #[test]
    fn a_token_is_given_to_programs_and_to_browsers() {
        let issued = |secure| CartTokenNews::Issued {
            token: "id.secret".to_owned(),
            lifetime: TimeDelta::days(1),
            secure,
        };
        let answer = (issued(true), ()).into_response();
        assert_eq!(answer.headers()[CART_TOKEN], "id.secret");
        let cookie = "tillstream_cart=id.secret; Path=/api; Max-Age=86400; HttpOnly; SameSite=Strict";
        assert_eq!(answer.headers()[SET_COOKIE], format!("{cookie}; Secure"));
        assert_eq!((issued(false), ()).into_response().headers()[SET_COOKIE], cookie);
        let spent = (CartTokenNews::Spent, ()).into_response();
        assert!(!spent.headers().contains_key(CART_TOKEN));
        assert!(
            spent.headers()[SET_COOKIE]
                .to_str()
                .unwrap()
                .contains("Max-Age=0")
        );
    }
}
