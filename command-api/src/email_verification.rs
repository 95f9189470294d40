//! The link that proves an address, as a registration, a change of address and a request for another link need it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::email_verification::RequestEmailVerification;
use events::ids::AccountId;
use uuid::Uuid;
use web::Problem;

use crate::errors::ApiError;
use crate::personal_data::PersonalData;
use crate::secret_token::SecretToken;

/// How long the link works: until somebody who registers in the evening reads their mail the next day.
const VERIFICATION_TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A new token, hashed for the log and sealed for the email.
pub async fn prepare(
    personal_data: &PersonalData,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<RequestEmailVerification, ApiError> {
    let token = SecretToken::generate(account_id).map_err(Problem::internal)?;
    Ok(RequestEmailVerification {
        account_id,
        verification_id: Uuid::now_v7(),
        token_hash: token.hash(),
        token: personal_data.seal_text(account_id, token.reveal()).await?,
        expires_at: now + VERIFICATION_TOKEN_LIFETIME,
    })
}
