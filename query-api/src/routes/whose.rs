//! Whose things are asked for, where everybody has their own and admins see anybody's. Where staff see everybody's at
//! once, as orders, each list has a filter of its own.

use events::account::Role;
use events::ids::AccountId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::paging::Limit;
use web::{Caller, Problem};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhoseParams {
    /// For admins: whose; the caller's, if missing.
    #[param(value_type = Option<Uuid>)]
    pub account: Option<AccountId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhosePageParams {
    /// For admins: whose; the caller's, if missing.
    #[param(value_type = Option<Uuid>)]
    pub account: Option<AccountId>,
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    pub limit: Limit,
    pub cursor: Option<String>,
}

/// The account that is asked about; 403 if it's another's and the caller is no admin.
pub fn owner(caller: &Caller, asked: Option<AccountId>) -> Result<AccountId, Problem> {
    match asked {
        Some(account) if account != caller.account => {
            caller.require(Role::Admin)?;
            Ok(account)
        }
        _ => Ok(caller.account),
    }
}
