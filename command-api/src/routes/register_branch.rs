//! `POST /api/branches`: headquarters takes a shop into the chain.

use axum::extract::State;
use domain::branch::{Branch, BranchCommand};
use events::account::Role;
use events::branch::{BranchProfile, BranchRegistered};
use events::ids::BranchId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::position::Accepted;
use web::{Caller, Problem};

use crate::branch_token::BranchToken;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::incoming::Incoming;
use crate::problems::{Forbidden, Rejected, Unauthenticated};
use crate::validation::Checks;

/// By which clock a branch's days end, unless it says otherwise.
const UTC: &str = "UTC";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBranchBody {
    name: String,
    location: String,
    region: String,
    /// Where the branch's shop answers.
    #[schema(example = "https://leeds.example.com")]
    url: String,
    /// By which clock its days end, as the IANA names it; `UTC`, if missing.
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
}

/// A token, for the only time that it can be seen.
#[derive(Serialize, ToSchema)]
pub struct BranchTokenAnswer {
    #[schema(value_type = Uuid)]
    pub branch_id: BranchId,
    /// For the branch's setting `chain.token`. Headquarters keeps its SHA-256 and can't show it again.
    #[schema(example = "tsb_…")]
    pub token: String,
}

/// Registers a branch
///
/// For admins. No idempotency key: the answer is a secret and isn't kept.
#[utoipa::path(
    post, path = "/api/branches", tag = "chain", security(("bearer" = [])), request_body = RegisterBranchBody,
    responses((status = 201, body = BranchTokenAnswer), Rejected, Unauthenticated, Forbidden)
)]
#[tracing::instrument(name = "command.register_branch", skip_all)]
pub async fn register_branch(
    caller: Caller,
    State(commands): State<Commands>,
    incoming: Incoming<RegisterBranchBody>,
) -> Result<Accepted<BranchTokenAnswer>, ApiError> {
    caller.require(Role::Admin)?;
    let incoming = incoming.keyless();
    let context = commands.context(Some(caller.account), &incoming);
    let profile = incoming.body.check()?;
    let branch_id = BranchId::generate();
    let token = BranchToken::generate(branch_id).map_err(Problem::internal)?;
    let registered = BranchRegistered {
        branch_id,
        profile,
        token_hash: token.hash(),
        registered_at: context.now,
    };
    let register = |work: &mut domain::UnitOfWork| {
        work.handle::<Branch>(branch_id, BranchCommand::Register(registered.clone()))
    };
    let accepted = commands.execute(&context, register).await?;
    let token = token.reveal();
    let location = format!("/api/branches/{branch_id}");
    Ok(Accepted::created(
        accepted.position,
        location,
        BranchTokenAnswer { branch_id, token },
    ))
}

impl RegisterBranchBody {
    fn check(self) -> Result<BranchProfile, Problem> {
        let profile = BranchProfile {
            name: self.name.trim().to_owned(),
            location: self.location.trim().to_owned(),
            region: self.region.trim().to_owned(),
            url: self.url.trim().trim_end_matches('/').to_owned(),
            time_zone: self.time_zone.unwrap_or_else(|| UTC.to_owned()),
        };
        check_profile(&profile)?;
        Ok(profile)
    }
}

/// What can be said of a branch's texts beyond their lengths, which are the domain's.
pub fn check_profile(profile: &BranchProfile) -> Result<(), Problem> {
    let mut checks = Checks::default();
    for (field, text) in [
        ("name", &profile.name),
        ("location", &profile.location),
        ("region", &profile.region),
    ] {
        let printable = text.chars().all(|c| !c.is_control());
        checks.require(
            printable,
            field,
            "control_character",
            "this holds a control character",
        );
    }
    checks.require(
        is_http(&profile.url),
        "url",
        "url_invalid",
        "a URL begins with http:// or https:// and has no space",
    );
    checks.require(
        profile.time_zone.parse::<chrono_tz::Tz>().is_ok(),
        "time_zone",
        "time_zone_invalid",
        "a time zone is named as the IANA does, such as Europe/London or UTC",
    );
    checks.done()
}

fn is_http(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_and_a_time_zone_are_told_from_other_texts() {
        for good in ["https://leeds.example.com", "http://127.0.0.1:8080/shop"] {
            assert!(is_http(good), "{good}");
        }
        for wrong in [
            "leeds.example.com",
            "https://",
            "ftp://x",
            "https://a b",
            "https://é",
        ] {
            assert!(!is_http(wrong), "{wrong}");
        }
        let profile = BranchProfile {
            url: "https://a".to_owned(),
            time_zone: "Europe/Leeds".to_owned(),
            ..BranchProfile::default()
        };
        let problem = check_profile(&profile).unwrap_err();
        assert_eq!(problem.errors()[0].code, "time_zone_invalid");
    }
}
