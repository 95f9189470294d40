//! Links for the holder of an account: to set a new password, and to show that an address is theirs.
//!
//! Which event asked for one, and which one works, is each kind's own; the way to the person is the same.

use chrono::{DateTime, Utc};
use domain::account::Account;
use events::ids::AccountId;
use events::sealed::Sealed;
use uuid::Uuid;

use super::letter::Envelope;
use super::messages::Content;
use super::settings::ShopIdentity;
use super::{EmailSender, messages, source};
use crate::effects::Verdict;
use crate::intents::Claimed;

/// A link that was asked for, and the email that brings it.
struct Link {
    /// The first part of the `Message-ID`.
    kind: &'static str,
    /// Of the request for it; the second part.
    id: Uuid,
    token: Sealed,
    expires_at: DateTime<Utc>,
    /// Which link of this kind works now: another may have taken its place, it may have been used, or it died with the
    /// address that it was meant for.
    working: fn(&Account) -> Option<Uuid>,
    /// What to say to this user name, with this token, until the link expires.
    words: fn(&ShopIdentity, &str, &str, DateTime<Utc>) -> Content,
}

impl EmailSender {
    /// Sends the link with which somebody sets a new password, if it still works.
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
        let link = Link {
            kind: "password-reset",
            id: reset_id,
            token: reset.token,
            expires_at: reset.expires_at,
            working: Account::pending_password_reset,
            words: messages::password_reset,
        };
        self.send_link(claimed, account_id, &link).await
    }

    /// Sends the link with which somebody shows that an address is theirs, if it still works.
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
        let link = Link {
            kind: "email-verification",
            id: verification_id,
            token: request.token,
            expires_at: request.expires_at,
            working: Account::pending_verification,
            words: messages::verification,
        };
        self.send_link(claimed, account_id, &link).await
    }

    /// Opens the token and the address, and sends the one to the other.
    async fn send_link(
        &self,
        claimed: &Claimed,
        account_id: AccountId,
        link: &Link,
    ) -> Result<Verdict, Verdict> {
        if link.expires_at <= self.shop.clock.now() {
            return Ok(Verdict::done("the link had expired before it could be sent"));
        }
        if source::working_link(&self.shop, claimed, account_id, link.working).await? != Some(link.id) {
            return Ok(Verdict::done("the link no longer worked"));
        }
        let token = source::open(&self.vault, account_id.0, &link.token).await?;
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
