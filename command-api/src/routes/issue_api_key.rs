//! `POST /api/api-keys`: a program of somebody's gets a key of its own.

use std::collections::BTreeSet;

use axum::extract::State;
use chrono::{DateTime, SubsecRound, Utc};
use domain::api_key::NAME_MAX_CHARS;
use domain::api_keys;
use events::api_key::{ApiKeyIssued, Scope};
use events::ids::ApiKeyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::api_keys::{ApiKey, SECRET_BYTES};
use web::position::Accepted;
use web::{Caller, Problem};

use crate::answer;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{Conflict, Rejected, Unauthenticated};
use crate::secret_token::NoRandomness;
use crate::validation::Checks;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueApiKeyBody {
    /// What its owner calls it, such as the program's name.
    #[schema(max_length = 100)]
    name: String,
    /// Of `catalogue:read`, `catalogue:write`, `orders:read`, `orders:write`, `reports:read`.
    scopes: BTreeSet<String>,
    /// For ever if missing.
    expires_at: Option<DateTime<Utc>>,
}

// Deserialized never: an answer with a secret isn't kept.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct IssuedApiKeyAnswer {
    #[schema(value_type = Uuid)]
    api_key_id: ApiKeyId,
    /// For the `Authorization: Bearer` header. It is shown this once.
    #[schema(example = "tsk_…")]
    key: String,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: BTreeSet<Scope>,
    expires_at: Option<DateTime<Utc>>,
}

/// Issues an API key
///
/// The key is shown once and kept by nobody but its holder. It never has more rights than its account has at the moment,
/// and of these only those of its scopes: each operation that takes a key names the scope that it needs. An account has
/// at most 20 (409 `api_key_count`). Without idempotency: an answer with a secret isn't kept.
#[utoipa::path(
    post, path = "/api/api-keys", tag = "api keys", security(("bearer" = [])),
    request_body = IssueApiKeyBody,
    responses((status = 201, body = IssuedApiKeyAnswer), Rejected, Unauthenticated, Conflict)
)]
#[tracing::instrument(name = "command.issue_api_key", skip_all)]
pub async fn issue_api_key(
    caller: Caller,
    State(commands): State<Commands>,
    incoming: Incoming<IssueApiKeyBody>,
) -> Result<Accepted<IssuedApiKeyAnswer>, ApiError> {
    let incoming = incoming.keyless();
    let context = commands.context(Some(caller.account), &incoming);
    let IssueApiKeyBody {
        name,
        scopes,
        expires_at,
    } = incoming.body;
    // To the microsecond, as the log and the views keep it.
    let expires_at = expires_at.map(|end| end.trunc_subsecs(6));
    let mut checks = Checks::default();
    let name = checks.line("name", &name, NAME_MAX_CHARS);
    let scopes = check_scopes(&mut checks, &scopes);
    checks.done()?;
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(|_| Problem::internal(NoRandomness))?;
    let key = ApiKey::new(caller.account, ApiKeyId::generate(), secret);
    let issued = ApiKeyIssued {
        key_id: key.id,
        account_id: caller.account,
        name,
        scopes,
        key_hash: key.hash(),
        issued_at: context.now,
        expires_at,
    };
    let issue = |work: &mut domain::UnitOfWork| {
        api_keys::issue_api_key(work, &issued)?;
        Ok(IssuedApiKeyAnswer {
            api_key_id: key.id,
            key: key.reveal().to_owned(),
            name: issued.name.clone(),
            scopes: issued.scopes.clone(),
            expires_at,
        })
    };
    let accepted = commands.execute(&context, issue).await?;
    Ok(answer::created(accepted, |_| "/api/api-keys".to_owned()))
}

fn check_scopes(checks: &mut Checks, texts: &BTreeSet<String>) -> BTreeSet<Scope> {
    let mut scopes = BTreeSet::new();
    for text in texts {
        match text.parse() {
            Ok(scope) => {
                scopes.insert(scope);
            }
            Err(error) => checks.refuse("scopes", "scope_unknown", error),
        }
    }
    scopes
}
