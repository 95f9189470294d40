//! Links for the holder of an account: to set a new password, and to show that an address is theirs.
//!
//! Which event asked for one, and whether it is still wanted, is each link's own; the way to the person is the same.

use chrono::{DateTime, Utc};
use events::ids::AccountId;
use events::sealed::Sealed;
use uuid::Uuid;

use super::letter::Envelope;
use super::messages::Content;
use super::settings::ShopIdentity;
use super::{EmailSender, messages, source};
use crate::effects::Verdict;
use crate::intents::Claimed;

const TOO_LATE: &str = "the link had expired before it could be sent";

/// A link that was asked for, and the email that brings it.
struct Link<'a> {
    /// The first part of the `Message-ID`.
    kind: &'static str,
    /// Of the request for it; the second part.
    id: Uuid,
    token: &'a Sealed,
    expires_at: DateTime<Utc>,
    /// What to say to this user name, with this token, until the link expires.
    words: fn(&ShopIdentity, &str, &str, DateTime<Utc>) -> Content,
}

impl EmailSender {
    /// Sends the link with which somebody sets a new password.
    pub async fn password_reset(
        &self,
        claimed: &Claimed,
        account_id: AccountId,
        reset_id: Uuid,
    ) -> Result<Verdict, Verdict> {
        let Some(reset) = source::password_reset(&self.shop, account_id, reset_id).await? else {
            return Err(Verdict::Fail {
                reason: "the reset isn't in the account's stream".to_owned(),
            });
        };
        if self.is_over(reset.expires_at) {
            return Ok(Verdict::done(TOO_LATE));
        }
        let link = Link {
            kind: "password-reset",
            id: reset_id,
            token: &reset.token,
            expires_at: reset.expires_at,
            words: messages::password_reset,
        };
        self.send_link(claimed, account_id, &link).await
    }

    /// Sends the link to the account's address, unless another link has taken its place or the address is verified.
    pub async fn verification(
        &self,
        claimed: &Claimed,
        account_id: AccountId,
        verification_id: Uuid,
    ) -> Result<Verdict, Verdict> {
        let Some(request) = source::verification(&self.shop, account_id, verification_id).await? else {
            return Err(Verdict::Fail {
                reason: "the verification isn't in the account's stream".to_owned(),
            });
        };
        if self.is_over(request.expires_at) {
            return Ok(Verdict::done(TOO_LATE));
        }
        if source::pending_verification(&self.shop, claimed, account_id).await? != Some(verification_id) {
            return Ok(Verdict::done("the link was no longer wanted"));
        }
        let link = Link {
            kind: "email-verification",
            id: verification_id,
            token: &request.token,
            expires_at: request.expires_at,
            words: messages::verification,
        };
        self.send_link(claimed, account_id, &link).await
    }

    fn is_over(&self, expires_at: DateTime<Utc>) -> bool {
        expires_at <= self.shop.clock.now()
    }

    /// Opens the token and the address, and sends the one to the other.
    async fn send_link(
        &self,
        claimed: &Claimed,
        account_id: AccountId,
        link: &Link<'_>,
    ) -> Result<Verdict, Verdict> {
        let token = source::open(&self.vault, account_id.0, link.token).await?;
        let profile = source::profile(&self.shop, &self.vault, claimed, account_id).await?;
        let (Some(token), Some(profile)) = (token, profile) else {
            return Ok(Verdict::done("the person was erased: no address"));
        };
        let Some(email) = profile.email else {
            return Ok(Verdict::done("no address"));
        };
        let envelope = Envelope {
            to: email,
            name: format!("{} {}", profile.first_name, profile.last_name),
            message: format!("{}.{}", link.kind, link.id),
        };
        let content = (link.words)(&self.identity, &profile.username, &token, link.expires_at);
        self.send(&envelope, &content).await
    }
}
