//! The names of what is compared in a report: a category's and a product's own, a seller's username.

use std::collections::HashMap;

use events::ids::{AccountId, CategoryId, ProductId};
use read_models::accounts::Account;
use read_models::categories::Category;
use read_models::products::Product;
use read_models::query::{Snapshot, many};
use web::Problem;

use crate::errors::store_failed;
use crate::personal_data::PersonalData;

/// By the text form of the id.
pub type Names = HashMap<String, String>;

pub async fn products(snapshot: &mut Snapshot, ids: &[ProductId]) -> Result<Names, Problem> {
    let found = many::<Product>(snapshot.conn(), ids)
        .await
        .map_err(store_failed)?;
    let named = found
        .into_iter()
        .map(|(id, product)| (id.to_string(), product.document.name));
    // One of which only stock is known has no name yet.
    Ok(named.filter(|(_, name)| !name.is_empty()).collect())
}

pub async fn categories(snapshot: &mut Snapshot, ids: &[CategoryId]) -> Result<Names, Problem> {
    let found = many::<Category>(snapshot.conn(), ids)
        .await
        .map_err(store_failed)?;
    Ok(found
        .into_iter()
        .map(|(id, category)| (id.to_string(), category.name))
        .collect())
}

/// The accounts of sellers, whose names [`usernames`] opens.
pub async fn sellers(snapshot: &mut Snapshot, ids: &[AccountId]) -> Result<Vec<Account>, Problem> {
    let found = many::<Account>(snapshot.conn(), ids)
        .await
        .map_err(store_failed)?;
    Ok(found.into_values().collect())
}

/// None for an account whose data is erased.
pub async fn usernames(accounts: &[Account], personal_data: &PersonalData) -> Result<Names, Problem> {
    let sealed: Vec<_> = accounts
        .iter()
        .map(|account| (account.id, &account.profile))
        .collect();
    let profiles = personal_data.profiles(&sealed).await?;
    let named = accounts.iter().zip(profiles);
    Ok(named
        .filter_map(|(account, profile)| Some((account.id.to_string(), profile?.username)))
        .collect())
}
