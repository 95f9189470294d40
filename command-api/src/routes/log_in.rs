//! `POST /api/auth/login`: a name and a password become a session.

use axum::extract::State;
use domain::accounts::start_session;
use events::ids::SessionId;
use events::session::SessionStarted;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::cart_token::{CartTokenNews, OptionalCartToken};
use web::position::Accepted;
use web::tokens::AccessTokens;

use crate::accounts;
use crate::clients::Client;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::guest_cart::{self, CartTokenHeader};
use crate::incoming::Incoming;
use crate::passwords::Passwords;
use crate::personal_data::PersonalData;
use crate::problems::{Rejected, TooMany, Unauthenticated};
use crate::secret_token::SecretToken;
use crate::sessions::{REFRESH_TOKEN_LIFETIME, SessionAnswer};

/// Doesn't say which: who guesses names learns nothing.
const WRONG: &str = "The name or the password is wrong.";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInBody {
    /// A user name or an email address.
    login: String,
    password: String,
}

/// Begins a session
///
/// Wrong name and wrong password are one error, `credentials_wrong`. No idempotency key: the answer
/// is a secret and isn't kept; logging in again begins another session.
///
/// A guest's cart becomes the account's: quantities of the same SKU are added up, to 100,000 at most, and what the
/// account's cart has no room for is left out. The token is spent.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", params(CartTokenHeader), request_body = LogInBody,
    responses((status = 200, body = SessionAnswer), Rejected, Unauthenticated, TooMany)
)]
#[tracing::instrument(name = "command.log_in", skip_all)]
pub async fn log_in(
    OptionalCartToken(token): OptionalCartToken,
    State(commands): State<Commands>,
    State(personal_data): State<PersonalData>,
    State(passwords): State<Passwords>,
    State(tokens): State<AccessTokens>,
    client: Client,
    incoming: Incoming<LogInBody>,
) -> Result<(Option<CartTokenNews>, Accepted<SessionAnswer>), ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(None, &incoming);
    let LogInBody { login, password } = incoming.body;
    let login = login.trim().to_lowercase();
    client.tries_password(context.now)?;
    client
        .throttles
        .logins
        .attempt(&login, context.now)
        .map_err(Problem::too_many_requests)?;
    let account_id = accounts::find_by_login(&commands, &login).await?;
    let account = match account_id {
        Some(account_id) => Some((account_id, accounts::find(&commands, &context, account_id).await?)),
        None => None,
    };
    let found = account
        .as_ref()
        .map(|(account_id, account)| (*account_id, &**account));
    let fits = accounts::check_password(&personal_data, &passwords, found, password).await?;
    let Some((account_id, account)) = account.filter(|_| fits) else {
        return Err(Problem::unauthorized("credentials_wrong")
            .with_detail(WRONG)
            .into());
    };
    client.throttles.logins.forgive(&login);
    client.knew_password();
    let refresh_token = SecretToken::generate(SessionId::generate()).map_err(Problem::internal)?;
    let started = SessionStarted {
        session_id: refresh_token.id,
        account_id,
        token_hash: refresh_token.hash(),
        expires_at: context.now + REFRESH_TOKEN_LIFETIME,
        // Of the account whose password was checked, not of now: a reset in between ends the session.
        password_resets: account.password_resets(),
    };
    let guest = token.map(|token| guest_cart::guest(token, context.now));
    let decide = |work: &mut domain::UnitOfWork| {
        let roles = start_session(work, &started)?;
        let merged = guest_cart::merge(work, guest.as_ref(), account_id)?;
        Ok((roles, merged))
    };
    let accepted = commands.execute(&context, decide).await?;
    let (roles, merged) = accepted.value;
    let answer = SessionAnswer::new(&tokens, &refresh_token, account_id, roles, context.now);
    let news = merged.then_some(CartTokenNews::Spent);
    Ok((news, Accepted::ok(accepted.position, answer)))
}
