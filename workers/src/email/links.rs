//! The link with which somebody shows that an address is theirs.

use events::ids::AccountId;
use uuid::Uuid;

use super::letter::Envelope;
use super::{EmailSender, messages, source};
use crate::effects::Verdict;
use crate::intents::Claimed;

impl EmailSender {
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
        if request.expires_at <= self.shop.clock.now() {
            return Ok(Verdict::done("the link had expired before it could be sent"));
        }
        if source::pending_verification(&self.shop, claimed, account_id).await? != Some(verification_id) {
            return Ok(Verdict::done("the link was no longer wanted"));
        }
        let token = source::open(&self.vault, account_id.0, &request.token).await?;
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
            message: format!("email-verification.{verification_id}"),
        };
        let content = messages::verification(&self.identity, &profile.username, &token, request.expires_at);
        self.send(&envelope, &content).await
    }
}
