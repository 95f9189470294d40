//! Whom an order is for, sealed.

use events::ids::{AccountId, OrderId};
use events::order::Contact;
use events::sealed::Sealed;
use executor::CommandContext;

use crate::accounts;
use crate::commands::Commands;
use crate::errors::ApiError;
use crate::personal_data::PersonalData;

/// The contact with the customer's own address, unless it has one, under the customer's key; under
/// the order's, if there is no customer. 404 if the customer has no account.
pub async fn seal(
    commands: &Commands,
    personal_data: &PersonalData,
    context: &CommandContext,
    order_id: OrderId,
    customer: Option<AccountId>,
    mut contact: Contact,
) -> Result<Sealed, ApiError> {
    let Some(customer) = customer else {
        return personal_data.seal_contact(order_id.0, &contact).await;
    };
    if contact.email.is_none() {
        let (_, profile) = accounts::read(commands, personal_data, context, customer).await?;
        contact.email = profile.email;
    }
    personal_data.seal_contact(customer.0, &contact).await
}
