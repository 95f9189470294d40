//! Whether an API key is good, by the log itself: one that is revoked is refused from that moment on, by every process.
//!
//! That it was used is noted here too, once a day; where it may be used is `web::scopes`' to say.

use domain::DomainError;
use domain::api_key::ApiKeyError;
use domain::api_keys::{self, PresentedKey};
use events::envelope::Actor;
use executor::ExecuteError;
use web::api_keys::{ApiKey, Holder, KeyHolder, KeyRing};
use web::position::MinPosition;

use crate::commands::Commands;
use crate::errors::ApiError;

/// See the module.
pub struct LogKeyRing(pub Commands);

impl KeyRing for LogKeyRing {
    /// What the log says is never older than a position that anyone knows.
    fn holder<'a>(&'a self, key: &'a ApiKey, _: MinPosition) -> Holder<'a> {
        Box::pin(async move {
            let commands = &self.0;
            let mut context = commands.system_context();
            let presented = PresentedKey {
                account_id: key.account,
                key_id: key.id,
                key_hash: key.hash(),
                at: context.now,
            };
            let found = commands
                .inspect(&context, |work| api_keys::identify(work, &presented))
                .await;
            let holder = match found {
                Ok(holder) => holder,
                Err(ExecuteError::Refused(DomainError::ApiKey(ApiKeyError::NotGood))) => return Ok(None),
                Err(error) => return Err(ApiError::from(error).problem().clone()),
            };
            if holder.is_news {
                context.actor = Actor::Account(key.account);
                let note = |work: &mut domain::UnitOfWork| api_keys::note_use(work, &presented);
                // Whoever calls isn't to suffer for it; the next call notes it.
                if let Err(error) = commands.execute(&context, note).await {
                    tracing::warn!(%error, "the use of an API key can't be noted");
                }
            }
            Ok(Some(KeyHolder {
                roles: holder.roles,
                scopes: holder.scopes,
            }))
        })
    }
}
