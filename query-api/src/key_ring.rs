//! Whether an API key is good, by the read models: as of the position that the client names, or else of now. The query
//! API knows no log, so that a key which was revoked a moment ago may still pass without a position.

use read_models::ViewName;
use read_models::query::{accounts, api_keys};
use web::api_keys::{ApiKey, Holder, KeyHolder, KeyRing};
use web::position::MinPosition;
use web::tokens::AccessTokens;

use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::ApiKeys, ViewName::Accounts];

/// See the module.
pub struct ViewKeyRing {
    pub reads: Reads,
    /// For their clock.
    pub tokens: AccessTokens,
}

impl KeyRing for ViewKeyRing {
    fn holder<'a>(&'a self, key: &'a ApiKey, min: MinPosition) -> Holder<'a> {
        Box::pin(async move {
            let Picture { mut snapshot, .. } = self.reads.picture(VIEWS, min).await?;
            let known = api_keys::api_key(snapshot.conn(), key.id)
                .await
                .map_err(store_failed)?;
            let good = known.filter(|known| {
                known.account == key.account && known.is_good(&key.hash(), self.tokens.now())
            });
            let Some(good) = good else { return Ok(None) };
            let account = accounts::account(snapshot.conn(), good.account)
                .await
                .map_err(store_failed)?;
            Ok(account.map(|account| KeyHolder {
                roles: account.roles,
                scopes: good.scopes,
            }))
        })
    }
}
