//! `POST /api/auth/register`: somebody joins, or staff enter a customer of the past.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::accounts::{EMAIL_SCOPE, USERNAME_SCOPE, register as register_account};
use domain::email_verification::request as request_verification;
use events::account::{Profile, Role};
use events::ids::AccountId;
use executor::ExecuteError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cart_token::{CartTokenNews, OptionalCartToken};
use web::position::Accepted;
use web::{Caller, OptionalCaller, Problem};

use crate::accounts::Person;
use crate::answer;
use crate::clients::Client;
use crate::commands::Commands;
use crate::email_verification;
use crate::errors::ApiError;
use crate::guest_cart::{self, CartTokenHeader};
use crate::incoming::Incoming;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::problems::{CommandHeaders, Conflict, Rejected, TooMany, Unauthenticated};
use crate::validation::{Checks, NAME_MAX_CHARS, claimed};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    /// 3 to 40 of `a-z`, `0-9`, `.`, `_` and `-`; capitals are lowered.
    username: String,
    /// Only staff may leave it out, for a customer whose address isn't known.
    email: Option<String>,
    /// 10 to 128 characters. Only staff may leave it out; the customer then claims the account by
    /// `POST /api/auth/password/forgot`.
    password: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RegisteredAnswer {
    #[schema(value_type = Uuid)]
    account_id: AccountId,
}

/// Opens an account
///
/// Who registers may buy and sell, and gets an email with a link to verify the address; whom staff enter may buy. A
/// guest's cart becomes the account's, and its token is spent.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth",
    params(CommandHeaders, CartTokenHeader), request_body = RegisterBody,
    responses((status = 201, body = RegisteredAnswer), Rejected, Unauthenticated, Conflict, TooMany)
)]
#[tracing::instrument(name = "command.register", skip_all)]
pub async fn register(
    OptionalCaller(caller): OptionalCaller,
    OptionalCartToken(token): OptionalCartToken,
    client: Client,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(passwords): State<Passwords>,
    incoming: Incoming<RegisterBody>,
) -> Result<(Option<CartTokenNews>, Accepted<RegisteredAnswer>), ApiError> {
    let context = commands.context(caller.as_ref().map(|caller| caller.account), &incoming);
    let location = |_: &RegisteredAnswer| "/api/users/me".to_owned();
    if let Some(before) = commands.answered(&context).await? {
        return Ok((None, answer::created(before, location)));
    }
    let by_staff = caller.as_ref().is_some_and(Caller::is_staff);
    let person = incoming.body.check(by_staff)?;
    if !by_staff {
        client.registers(context.now)?;
    }
    refuse_taken(&commands, &person.profile).await?;
    let command = person
        .into_command(&personal_data, &passwords, context.now)
        .await?;
    let account_id = command.registered.account_id;
    // Whom staff enter is asked nothing, and the cart at hand is not theirs.
    let (verification, guest) = if by_staff {
        (None, None)
    } else {
        let verification = email_verification::prepare(&personal_data, account_id, context.now).await?;
        let guest = token.map(|token| guest_cart::guest(token, context.now));
        (Some(verification), guest)
    };
    let decide = |work: &mut domain::UnitOfWork| {
        register_account(work, &command)?;
        if let Some(verification) = &verification {
            request_verification(work, verification)?;
        }
        guest_cart::merge(work, guest.as_ref(), account_id)?;
        Ok(RegisteredAnswer { account_id })
    };
    let accepted = commands.execute(&context, decide).await?;
    let news = guest.is_some().then_some(CartTokenNews::Spent);
    Ok((news, answer::created(accepted, location)))
}

impl RegisterBody {
    fn check(self, by_staff: bool) -> Result<Person, Problem> {
        let mut checks = Checks::default();
        let username = checks.username("username", &self.username);
        let email = self.email.map(|email| checks.email("email", &email));
        if !by_staff {
            checks.require(email.is_some(), "email", "missing", "an email address is needed");
            checks.require(
                self.password.is_some(),
                "password",
                "missing",
                "a password is needed",
            );
        }
        if let Some(password) = &self.password {
            checks.password("password", password, &username, email.as_deref());
        }
        let first_name = checks.line("first_name", &self.first_name.unwrap_or_default(), NAME_MAX_CHARS);
        let last_name = checks.line("last_name", &self.last_name.unwrap_or_default(), NAME_MAX_CHARS);
        checks.done()?;
        let roles = if by_staff {
            BTreeSet::from([Role::Customer])
        } else {
            BTreeSet::from([Role::Customer, Role::Seller])
        };
        let profile = Profile {
            username,
            email,
            first_name,
            last_name,
        };
        Ok(Person {
            profile,
            password: self.password,
            roles,
        })
    }
}

/// Before a core is kept busy with the password. That nobody comes in between is the log's to see.
async fn refuse_taken(commands: &Commands, profile: &Profile) -> Result<(), ExecuteError> {
    let email = profile.email.as_deref().map(claimed);
    let claims = [
        (USERNAME_SCOPE, Some(profile.username.clone())),
        (EMAIL_SCOPE, email),
    ];
    for (scope, value) in claims {
        let Some(value) = value else { continue };
        if let Some(owner) = commands.claiming_account(scope, &value).await? {
            let owner = owner.to_string();
            return Err(ExecuteError::Taken { scope, value, owner });
        }
    }
    Ok(())
}
