//! Personal data on its way into events, sealed with the person's own key, and back.

use events::account::Profile;
use events::ids::AccountId;
use events::order::Contact;
use events::review::ReviewContent;
use events::sealed::Sealed;
use platform::vault::Vault;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use web::Problem;

use crate::errors::ApiError;

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct PersonalData {
    vault: Vault,
}

impl PersonalData {
    pub fn new(vault: Vault) -> Self {
        Self { vault }
    }

    pub async fn seal_profile(&self, account: AccountId, profile: &Profile) -> Result<Sealed, ApiError> {
        self.seal_json(account.0, profile).await
    }

    /// `None` if the person was erased.
    pub async fn open_profile(
        &self,
        account: AccountId,
        sealed: &Sealed,
    ) -> Result<Option<Profile>, ApiError> {
        self.open_json(account.0, sealed).await
    }

    pub async fn seal_review(&self, author: AccountId, content: &ReviewContent) -> Result<Sealed, ApiError> {
        self.seal_json(author.0, content).await
    }

    /// `None` if the person was erased.
    pub async fn open_review(
        &self,
        author: AccountId,
        sealed: &Sealed,
    ) -> Result<Option<ReviewContent>, ApiError> {
        self.open_json(author.0, sealed).await
    }

    /// `subject` is the customer, or the order if there is none.
    pub async fn seal_contact(&self, subject: Uuid, contact: &Contact) -> Result<Sealed, ApiError> {
        self.seal_json(subject, contact).await
    }

    /// For a password's hash, or a token.
    pub async fn seal_text(&self, account: AccountId, text: &str) -> Result<Sealed, ApiError> {
        Ok(self.vault.seal(account.0, text).await?)
    }

    /// `None` if the person was erased.
    pub async fn open_text(&self, account: AccountId, sealed: &Sealed) -> Result<Option<String>, ApiError> {
        Ok(self.vault.open(account.0, sealed).await?)
    }

    async fn open_json<T: DeserializeOwned>(
        &self,
        subject: Uuid,
        sealed: &Sealed,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.vault.open(subject, sealed).await? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| unreadable(&error))
    }

    async fn seal_json(&self, subject: Uuid, value: &impl Serialize) -> Result<Sealed, ApiError> {
        let text = serde_json::to_string(value).map_err(|error| unreadable(&error))?;
        Ok(self.vault.seal(subject, &text).await?)
    }
}

/// Says where it went wrong and not with what: the text is personal.
fn unreadable(error: &serde_json::Error) -> ApiError {
    Problem::internal(format_args!(
        "personal data has no or another form: {:?}",
        error.classify()
    ))
    .into()
}
