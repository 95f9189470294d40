//! Accounts as several endpoints need them: finding one by its name, opening its profile, preparing
//! a registration. The shop's first admin is made here, by the executable.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::account::{Account, AccountError};
use domain::accounts::{EMAIL_SCOPE, Register, USERNAME_SCOPE};
use domain::{DomainError, accounts};
use events::account::{AccountRegistered, Profile, Role};
use events::ids::AccountId;
use executor::{CommandContext, ExecuteError};
use web::Problem;

use crate::commands::Commands;
use crate::deps::CommandDeps;
use crate::errors::ApiError;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::throttle::Throttles;
use crate::validation::{Checks, claimed};

/// Makes the account that runs the shop, unless its user name is taken: then whose it is.
///
/// Fails like a registration does: a password that is too short, an email that has an account.
pub async fn create_admin(
    deps: &CommandDeps,
    username: &str,
    email: &str,
    password: &str,
) -> Result<AccountId, ApiError> {
    let commands = deps.commands();
    let mut checks = Checks::default();
    let username = checks.username("username", username);
    let email = checks.email("email", email);
    checks.password("password", password, &username, Some(&email));
    checks.done()?;
    if let Some(account_id) = commands.claiming_account(USERNAME_SCOPE, &username).await? {
        return Ok(account_id);
    }
    let person = Person {
        profile: Profile {
            username,
            email: Some(email),
            first_name: String::new(),
            last_name: String::new(),
        },
        password: Some(password.to_owned()),
        roles: BTreeSet::from([Role::Customer, Role::Staff, Role::Admin]),
    };
    let context = commands.system_context();
    let command = person
        .into_command(&deps.personal_data(), &deps.passwords, context.now)
        .await?;
    match commands
        .execute(&context, |work| accounts::register(work, &command))
        .await
    {
        Ok(_) => Ok(command.registered.account_id),
        // Another process was faster.
        Err(ExecuteError::Taken {
            scope: USERNAME_SCOPE,
            owner,
            ..
        }) => owner
            .parse()
            .map_err(|_| Problem::internal("a user name's owner is no account").into()),
        Err(error) => Err(error.into()),
    }
}

/// Somebody who is to have an account.
pub(crate) struct Person {
    pub profile: Profile,
    pub password: Option<String>,
    pub roles: BTreeSet<Role>,
}

impl Person {
    /// Hashes and seals.
    pub async fn into_command(
        self,
        personal_data: &PersonalData,
        passwords: &Passwords,
        now: DateTime<Utc>,
    ) -> Result<Register, ApiError> {
        let account_id = AccountId::generate();
        let password = match self.password {
            Some(password) => {
                let hash = passwords.hash(password).await?;
                Some(personal_data.seal_text(account_id, &hash).await?)
            }
            None => None,
        };
        let registered = AccountRegistered {
            account_id,
            profile: personal_data.seal_profile(account_id, &self.profile).await?,
            password,
            roles: self.roles,
            registered_at: now,
        };
        Ok(Register {
            registered,
            username: self.profile.username,
            email: self.profile.email.as_deref().map(claimed),
        })
    }
}

/// Whose user name or email address this is.
pub(crate) async fn find_by_login(
    commands: &Commands,
    login: &str,
) -> Result<Option<AccountId>, ExecuteError> {
    let scope = if login.contains('@') {
        EMAIL_SCOPE
    } else {
        USERNAME_SCOPE
    };
    commands.claiming_account(scope, login).await
}

/// The account, whether it exists or not.
pub(crate) async fn find(
    commands: &Commands,
    context: &CommandContext,
    account_id: AccountId,
) -> Result<Arc<Account>, ExecuteError> {
    commands
        .inspect(context, |work| work.read::<Account>(account_id))
        .await
}

/// The account's profile; `None` if it was never there or was erased.
pub(crate) async fn find_profile(
    personal_data: &PersonalData,
    account_id: AccountId,
    account: &Account,
) -> Result<Option<Profile>, ApiError> {
    match account.profile() {
        Some(sealed) => personal_data.open_profile(account_id, sealed).await,
        None => Ok(None),
    }
}

/// The account and its profile; 404 if it was never there or was erased.
pub(crate) async fn read(
    commands: &Commands,
    personal_data: &PersonalData,
    context: &CommandContext,
    account_id: AccountId,
) -> Result<(Arc<Account>, Profile), ApiError> {
    let account = find(commands, context, account_id).await?;
    let profile = find_profile(personal_data, account_id, &account).await?;
    let profile = profile.ok_or(DomainError::from(AccountError::NotFound))?;
    Ok((account, profile))
}

/// Whether this is the account's password; never, if it has none. Takes as long for no account.
pub(crate) async fn check_password(
    personal_data: &PersonalData,
    passwords: &Passwords,
    account: Option<(AccountId, &Account)>,
    password: String,
) -> Result<bool, ApiError> {
    let sealed = account.and_then(|(account_id, account)| Some((account_id, account.password()?)));
    let phc = match sealed {
        Some((account_id, sealed)) => personal_data.open_text(account_id, sealed).await?,
        None => None,
    };
    Ok(passwords.verify(password, phc).await?)
}

/// Refuses a caller who doesn't know the password of their account: a stolen session shall not become a stolen account.
/// 401 `credentials_wrong`; 429 after too many tries, which count as tries to log in.
pub(crate) async fn prove_password(
    personal_data: &PersonalData,
    passwords: &Passwords,
    throttles: &Throttles,
    account: (AccountId, &Account),
    password: String,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let name = account.0.to_string();
    throttles
        .logins
        .attempt(&name, now)
        .map_err(Problem::too_many_requests)?;
    if !check_password(personal_data, passwords, Some(account), password).await? {
        return Err(Problem::unauthorized("credentials_wrong")
            .with_detail("This isn't the account's password.")
            .into());
    }
    throttles.logins.forgive(&name);
    Ok(())
}
