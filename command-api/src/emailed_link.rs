//! Who is sent a link when somebody asks for one by an address: so that no answer tells whether the address has an
//! account, whatever the link is for. Which link, and how long it works, is the endpoint's.

use domain::accounts::EMAIL_SCOPE;
use events::ids::AccountId;
use executor::CommandContext;
use web::Problem;

use crate::accounts;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::personal_data::PersonalData;
use crate::throttle::Throttle;
use crate::validation::claimed;

/// The account that has this address, if any has it.
///
/// 429 if the address was given too often, with an account or without.
pub async fn addressee(
    commands: &Commands,
    personal_data: &PersonalData,
    context: &CommandContext,
    throttle: &Throttle,
    email: &str,
) -> Result<Option<AccountId>, ApiError> {
    let email = claimed(email.trim());
    throttle
        .attempt(&email, context.now)
        .map_err(Problem::too_many_requests)?;
    let Some(account_id) = commands.claiming_account(EMAIL_SCOPE, &email).await? else {
        return Ok(None);
    };
    let account = accounts::find(commands, context, account_id).await?;
    let profile = accounts::find_profile(personal_data, account_id, &account).await?;
    // Who was erased is as if they had never been.
    Ok(profile.map(|_| account_id))
}
