//! Opening what is sealed, for those who may see it. What was sealed with a key that has been erased is nobody's any more.

use std::sync::Arc;

use events::account::Profile;
use events::ids::{AccountId, OrderId};
use events::order::Contact;
use events::review::ReviewContent;
use events::sealed::Sealed;
use platform::vault::Vault;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use web::Problem;

use crate::errors::vault_failed;

/// The vault, as queries use it. Cheap to clone.
#[derive(Clone)]
pub struct PersonalData(Arc<Vault>);

impl PersonalData {
    pub fn new(vault: Vault) -> Self {
        Self(Arc::new(vault))
    }

    /// The profiles of these accounts, in their order.
    pub async fn profiles(&self, sealed: &[(AccountId, &Sealed)]) -> Result<Vec<Option<Profile>>, Problem> {
        let texts: Vec<_> = sealed
            .iter()
            .map(|(account, sealed)| (account.0, *sealed))
            .collect();
        self.open(&texts).await
    }

    /// What these authors wrote, in their order.
    pub async fn reviews(
        &self,
        sealed: &[(AccountId, &Sealed)],
    ) -> Result<Vec<Option<ReviewContent>>, Problem> {
        let texts: Vec<_> = sealed
            .iter()
            .map(|(author, sealed)| (author.0, *sealed))
            .collect();
        self.open(&texts).await
    }

    /// An order's contact, which is sealed with the customer's key, or the order's own if it has no customer.
    pub async fn contact(
        &self,
        order: OrderId,
        customer: Option<AccountId>,
        sealed: &Sealed,
    ) -> Result<Option<Contact>, Problem> {
        let subject = customer.map_or(order.0, |customer| customer.0);
        Ok(self
            .open(&[(subject, sealed)])
            .await?
            .into_iter()
            .next()
            .flatten())
    }

    async fn open<T: DeserializeOwned>(&self, texts: &[(Uuid, &Sealed)]) -> Result<Vec<Option<T>>, Problem> {
        let opened = self.0.open_many(texts).await.map_err(vault_failed)?;
        let read = |text: Option<String>| match text {
            Some(text) => serde_json::from_str(&text).map(Some).map_err(Problem::internal),
            None => Ok(None),
        };
        opened.into_iter().map(read).collect()
    }
}
