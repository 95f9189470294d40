//! `PUT /api/users/me/password`: the owner changes the password, proving that they know the old one.

use std::sync::Arc;

use axum::extract::State;
use domain::account::{Account, AccountCommand};
use domain::{DomainError, Halt};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Caller;
use web::position::Accepted;

use crate::accounts;
use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::problems::{CommandHeaders, Outdated, Rejected, TooMany, Unauthenticated};
use crate::throttle::Throttles;
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordBody {
    old_password: String,
    /// 10 to 128 characters.
    new_password: String,
}

/// Changes the caller's password
///
/// 401 `credentials_wrong` if the old one is wrong. Sessions on other devices go on.
#[utoipa::path(
    put, path = "/api/users/me/password", tag = "users", security(("bearer" = [])),
    params(CommandHeaders), request_body = ChangePasswordBody,
    responses((status = 204), Rejected, Unauthenticated, Outdated, TooMany)
)]
#[tracing::instrument(name = "command.change_password", skip_all)]
pub async fn change_password(
    caller: Caller,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(passwords): State<Passwords>,
    State(throttles): State<Arc<Throttles>>,
    incoming: Incoming<ChangePasswordBody>,
) -> Result<Accepted<()>, ApiError> {
    let account_id = caller.account;
    let context = commands.context(Some(account_id), &incoming);
    // The old password is the new one's by now, if this was done before.
    if let Some(before) = commands.answered(&context).await? {
        return Ok(answer::no_content(before));
    }
    let ChangePasswordBody {
        old_password,
        new_password,
    } = incoming.body;
    let (account, profile) = accounts::read(&commands, &personal_data, &context, account_id).await?;
    let mut checks = Checks::default();
    checks.password(
        "new_password",
        &new_password,
        &profile.username,
        profile.email.as_deref(),
    );
    checks.done()?;
    let proved = (account_id, &*account);
    accounts::prove_password(
        &personal_data,
        &passwords,
        &throttles,
        proved,
        old_password,
        context.now,
    )
    .await?;
    let hash = passwords.hash(new_password).await?;
    let password = personal_data.seal_text(account_id, &hash).await?;
    let change = |work: &mut domain::UnitOfWork| {
        // What was proved is knowledge of the password of then.
        if work.read::<Account>(account_id)?.password() != account.password() {
            return Err(Halt::Refused(DomainError::Outdated {
                expected: 0,
                actual: 0,
            }));
        }
        let password = password.clone();
        work.handle::<Account>(account_id, AccountCommand::ChangePassword { password })
    };
    Ok(answer::no_content(commands.execute(&context, change).await?))
}
