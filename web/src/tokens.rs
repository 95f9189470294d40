//! Access tokens: short-lived JSON Web Tokens that say who calls, as whom, without a look at a database.
//!
//! A session that ends doesn't end its access tokens, it ends their renewal: hence the short life.
//! Refresh tokens are the account's business, not this module's.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use events::account::Role;
use events::ids::{AccountId, SessionId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// How long a token is good: short, since nothing takes it back.
pub const ACCESS_TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// How far the clocks of two of our machines may differ. NTP keeps them closer than this.
pub const CLOCK_LEEWAY: TimeDelta = TimeDelta::seconds(5);

/// HMAC-SHA-256 wants a key of its own length (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

const ISSUER: &str = "tillstream";
const AUDIENCE: &str = "tillstream-api";

/// The secret is too short to sign with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the token secret has {found} bytes and needs {MIN_SECRET_BYTES}")]
pub struct WeakSecret {
    found: usize,
}

/// Why a token isn't good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the access token has expired")]
    Expired,
    #[error("the access token is not one of ours")]
    Invalid,
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub account: AccountId,
    pub session: SessionId,
    pub roles: BTreeSet<Role>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    sid: SessionId,
    roles: BTreeSet<Role>,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
}

/// Issues and checks access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    keys: Arc<Keys>,
    clock: fn() -> DateTime<Utc>,
}

struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokens(…)")
    }
}

impl AccessTokens {
    /// `secret` is shared by every process of the shop, and at least [`MIN_SECRET_BYTES`] long.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(WeakSecret { found: secret.len() });
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library looks at the system's clock; `verify` is given the time.
        validation.validate_exp = false;
        let keys = Keys {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        };
        Ok(Self {
            keys: Arc::new(keys),
            clock: Utc::now,
        })
    }

    /// The clock that requests are checked by, where it isn't the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> DateTime<Utc>) -> Self {
        self.clock = clock;
        self
    }

    /// A token that is good for [`ACCESS_TOKEN_LIFETIME`] from `now` on.
    ///
    /// # Panics
    /// Never: the claims are a plain struct, and an HMAC key signs anything.
    pub fn issue(
        &self,
        account: AccountId,
        session: SessionId,
        roles: &BTreeSet<Role>,
        now: DateTime<Utc>,
    ) -> String {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account,
            sid: session,
            roles: roles.clone(),
            iat: now.timestamp(),
            exp: (now + ACCESS_TOKEN_LIFETIME).timestamp(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.keys.encoding)
            .expect("a plain struct has a JSON form, and an HMAC key signs anything")
    }

    /// Who the token speaks for, if it is ours and still good at `now`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Identity, TokenError> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.keys.decoding, &self.keys.validation)
            .map_err(|_| TokenError::Invalid)?
            .claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Invalid)?;
        if now >= expires_at + CLOCK_LEEWAY {
            return Err(TokenError::Expired);
        }
        Ok(Identity {
            account: claims.sub,
            session: claims.sid,
            roles: claims.roles,
            expires_at,
        })
    }

    /// The time by which requests are checked.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// [`verify`](Self::verify) at this moment, by the clock given.
    pub fn verify_now(&self, token: &str) -> Result<Identity, TokenError> {
        self.verify(token, (self.clock)())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn tokens() -> AccessTokens {
        AccessTokens::new(&[7; MIN_SECRET_BYTES]).unwrap()
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn a_token_says_who_calls_until_it_expires() {
        let (account, session) = (AccountId::generate(), SessionId::generate());
        let roles = BTreeSet::from([Role::Customer, Role::Seller]);
        let token = tokens().issue(account, session, &roles, noon());
        let expires_at = noon() + ACCESS_TOKEN_LIFETIME;
        let identity = Identity {
            account,
            session,
            roles,
            expires_at,
        };
        let last_moment = expires_at + CLOCK_LEEWAY - TimeDelta::milliseconds(1);
        assert_eq!(tokens().verify(&token, last_moment), Ok(identity));
        assert_eq!(
            tokens().verify(&token, expires_at + CLOCK_LEEWAY),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn what_we_did_not_sign_is_invalid() {
        let token = tokens().issue(
            AccountId::default(),
            SessionId::default(),
            &BTreeSet::new(),
            noon(),
        );
        let other = AccessTokens::new(&[8; MIN_SECRET_BYTES]).unwrap();
        assert_eq!(other.verify(&token, noon()), Err(TokenError::Invalid));

        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        parts[0] = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        parts[2].clear();
        assert_eq!(
            tokens().verify(&parts.join("."), noon()),
            Err(TokenError::Invalid)
        );

        let claims =
            String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
        let raised = claims.replace("\"roles\":[]", "\"roles\":[\"admin\"]");
        assert_ne!(claims, raised);
        let forged = token.replace(&URL_SAFE_NO_PAD.encode(claims), &URL_SAFE_NO_PAD.encode(raised));
        assert_eq!(tokens().verify(&forged, noon()), Err(TokenError::Invalid));
        assert_eq!(tokens().verify("", noon()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(AccessTokens::new(b"secret").unwrap_err(), WeakSecret { found: 6 });
    }
}
