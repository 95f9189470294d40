//! `PATCH /api/users/me`: the owner changes names or address.

use std::sync::Arc;

use axum::extract::State;
use domain::account::Account;
use domain::accounts::{ChangeProfile, USERNAME_SCOPE, change_profile};
use domain::email_verification::{RequestEmailVerification, request as request_verification};
use domain::{Decision, DomainError, Halt, UnitOfWork};
use events::account::Profile;
use events::ids::AccountId;
use executor::{CommandContext, ExecuteError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::etag::IfMatch;
use web::position::Accepted;
use web::problem::FieldError;
use web::{Caller, Problem};

use crate::accounts;
use crate::answer;
use crate::commands::Commands;
use crate::email_verification;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::problems::{CommandHeaders, Conflict, EditHeaders, Outdated, Rejected, TooMany, Unauthenticated};
use crate::throttle::Throttles;
use crate::validation::{Checks, NAME_MAX_CHARS, claimed};

/// The profile is opened and sealed outside the decision; this often it may change in between.
const RACES_MAX: u32 = 5;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditProfileBody {
    username: Option<String>,
    /// Another one takes the password, too.
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// The account's, which isn't changed by this.
    password: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct EditedProfileAnswer {
    #[schema(value_type = Uuid)]
    account_id: AccountId,
}

/// Changes the caller's own profile
///
/// What is missing stays. Another address takes the account's password (401 `credentials_wrong` if it is wrong), is to be
/// verified anew, and gets an email with a link for it. 409 `username_taken`, `email_taken`.
#[utoipa::path(
    patch, path = "/api/users/me", tag = "users", security(("bearer" = [])),
    params(CommandHeaders, EditHeaders), request_body = EditProfileBody,
    responses((status = 200, body = EditedProfileAnswer), Rejected, Unauthenticated, Conflict, Outdated,
        TooMany)
)]
#[tracing::instrument(name = "command.edit_profile", skip_all)]
pub async fn edit_profile(
    caller: Caller,
    if_match: IfMatch,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(passwords): State<Passwords>,
    State(throttles): State<Arc<Throttles>>,
    incoming: Incoming<EditProfileBody>,
) -> Result<Accepted<EditedProfileAnswer>, ApiError> {
    let context = commands.context(Some(caller.account), &incoming);
    let mut edit = incoming.body.check()?;
    if edit.email.is_some() {
        // Asking again for what was done needs no proof again, nor room under the brake.
        if let Some(before) = commands.answered(&context).await? {
            return Ok(answer::ok(before));
        }
        let (account, before) = accounts::read(&commands, &personal_data, &context, caller.account).await?;
        if edit.moves(&before).is_some() {
            let password = edit.password.take().ok_or_else(password_missing)?;
            let proved = (caller.account, &*account);
            accounts::prove_password(
                &personal_data,
                &passwords,
                &throttles,
                proved,
                password,
                context.now,
            )
            .await?;
        }
    }
    let mut races = 0;
    loop {
        let (account_id, expected) = (caller.account, if_match.expected_version());
        let command = prepare(&commands, &personal_data, &context, account_id, &edit, expected).await?;
        match commands.execute(&context, |work| command.decide(work)).await {
            Err(ExecuteError::Refused(DomainError::Outdated { .. }))
                if expected.is_none() && races < RACES_MAX =>
            {
                races += 1;
            }
            result => return Ok(answer::ok(result?)),
        }
    }
}

fn password_missing() -> Problem {
    let message = "another address takes the account's password";
    Problem::unprocessable(vec![FieldError::new("password", "password_missing", message)])
}

impl EditProfileBody {
    fn check(self) -> Result<Self, Problem> {
        let mut checks = Checks::default();
        let edit = Self {
            username: self.username.map(|name| checks.username("username", &name)),
            email: self.email.map(|email| checks.email("email", &email)),
            first_name: self
                .first_name
                .map(|name| checks.line("first_name", &name, NAME_MAX_CHARS)),
            last_name: self
                .last_name
                .map(|name| checks.line("last_name", &name, NAME_MAX_CHARS)),
            password: self.password,
        };
        checks.done()?;
        Ok(edit)
    }

    /// The address as it was claimed and as it is to be, if it becomes another.
    fn moves(&self, before: &Profile) -> Option<(Option<String>, String)> {
        let old = before.email.as_deref().map(claimed);
        let new = claimed(self.email.as_deref()?);
        (old.as_ref() != Some(&new)).then_some((old, new))
    }

    fn apply(&self, before: &Profile) -> Profile {
        let edited = |after: &Option<String>, before: &String| after.as_ref().unwrap_or(before).clone();
        Profile {
            username: edited(&self.username, &before.username),
            email: self.email.clone().or_else(|| before.email.clone()),
            first_name: edited(&self.first_name, &before.first_name),
            last_name: edited(&self.last_name, &before.last_name),
        }
    }
}

struct Prepared {
    /// What the change is based on.
    account: Arc<Account>,
    change: ChangeProfile,
    /// Before and after.
    username: Option<(String, String)>,
    changes: bool,
    /// Of another address.
    verification: Option<RequestEmailVerification>,
}

async fn prepare(
    commands: &Commands,
    personal_data: &PersonalData,
    context: &CommandContext,
    account_id: AccountId,
    edit: &EditProfileBody,
    expected_version: Option<u64>,
) -> Result<Prepared, ApiError> {
    let (account, before) = accounts::read(commands, personal_data, context, account_id).await?;
    let after = edit.apply(&before);
    let email = edit.moves(&before);
    let verification = match &email {
        Some(_) => Some(email_verification::prepare(personal_data, account_id, context.now).await?),
        None => None,
    };
    Ok(Prepared {
        account,
        verification,
        change: ChangeProfile {
            account_id,
            profile: personal_data.seal_profile(account_id, &after).await?,
            email,
            expected_version,
        },
        changes: before != after,
        username: (before.username != after.username).then_some((before.username, after.username)),
    })
}

impl Prepared {
    /// Refuses as outdated if the profile has changed since it was read.
    fn decide(&self, work: &mut UnitOfWork) -> Decision<EditedProfileAnswer> {
        let account_id = self.change.account_id;
        work.expect_version::<Account>(account_id, self.change.expected_version)?;
        if work.read::<Account>(account_id)?.profile() != self.account.profile() {
            return Err(Halt::Refused(DomainError::Outdated {
                expected: 0,
                actual: 0,
            }));
        }
        if self.changes {
            change_profile(work, &self.change)?;
        }
        if let Some(verification) = &self.verification {
            request_verification(work, verification)?;
        }
        if let Some((before, after)) = &self.username {
            work.release(USERNAME_SCOPE, before, account_id);
            work.claim(USERNAME_SCOPE, after, account_id);
        }
        Ok(EditedProfileAnswer { account_id })
    }
}
