//! The shop's REST API, as far as a shopper needs it.
//!
//! It keeps the session, and the position of the last command, so that what is asked afterwards shows what was done.

pub mod documents;
mod http;

use documents::{Cart, Order, Page, Placed, Product};
use reqwest::Method;
use serde_json::json;

pub use http::{Api, ApiError};

/// How many items a page has: more than a screen, so that going down seldom waits.
const PAGE_SIZE: &str = "50";

/// A question or a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    LogIn {
        login: String,
        password: String,
    },
    Register {
        username: String,
        email: String,
        password: String,
    },
    Search {
        words: String,
        cursor: Option<String>,
    },
    Product(String),
    Cart,
    /// So many more of it.
    AddToCart {
        sku: String,
        more: u32,
    },
    /// Exactly so many; none takes it out.
    SetInCart {
        sku: String,
        quantity: u32,
    },
    Purchase {
        product: String,
        sku: String,
        quantity: u32,
        terms: Terms,
    },
    OrderCart(Terms),
    Orders {
        cursor: Option<String>,
    },
    Order(String),
    CancelOrder {
        id: String,
        reason: String,
    },
}

/// Where an order goes, and how it is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub country: String,
    /// Out of the wallet if missing.
    pub card: Option<String>,
}

#[derive(Debug)]
pub enum Answer {
    LoggedIn(String),
    Products(Page<Product>),
    Product(Product),
    Cart(Cart),
    Placed(Placed),
    Orders(Page<Order>),
    Order(Box<Order>),
}

impl Terms {
    fn payment(&self) -> serde_json::Value {
        match &self.card {
            Some(token) => json!({"method": "card", "token": token}),
            None => json!({"method": "wallet"}),
        }
    }
}

/// Asks the shop.
pub async fn ask(api: &Api, ask: Ask) -> Result<Answer, ApiError> {
    Ok(match ask {
        Ask::LogIn { login, password } => {
            api.log_in(&login, &password).await?;
            Answer::LoggedIn(login)
        }
        Ask::Register {
            username,
            email,
            password,
        } => {
            let body = json!({"username": username, "email": email, "password": password});
            api.command(Method::POST, &["auth", "register"], &body).await?;
            api.log_in(&username, &password).await?;
            Answer::LoggedIn(username)
        }
        Ask::Search { words, cursor } => {
            let query = [("q", Some(words)), ("cursor", cursor)];
            Answer::Products(list(api, "products", query).await?)
        }
        Ask::Product(id) => Answer::Product(api.query(&["products", &id], &[]).await?),
        Ask::Cart => Answer::Cart(cart(api).await?),
        Ask::AddToCart { sku, more } => {
            let before = cart(api).await?.items;
            let before = before.iter().find(|item| item.sku == sku);
            let quantity = before.map_or(0, |item| item.quantity).saturating_add(more);
            set_in_cart(api, &sku, quantity).await?
        }
        Ask::SetInCart { sku, quantity } => set_in_cart(api, &sku, quantity).await?,
        Ask::Purchase {
            product,
            sku,
            quantity,
            terms,
        } => {
            let body = json!({
                "sku": sku, "quantity": quantity, "country": terms.country, "payment": terms.payment(),
            });
            placed(
                api.command(Method::POST, &["products", &product, "purchase"], &body)
                    .await?,
            )?
        }
        Ask::OrderCart(terms) => {
            let body = json!({"country": terms.country, "payment": terms.payment()});
            placed(api.command(Method::POST, &["orders"], &body).await?)?
        }
        Ask::Orders { cursor } => Answer::Orders(list(api, "orders", [("cursor", cursor)]).await?),
        Ask::Order(id) => order(api, &id).await?,
        Ask::CancelOrder { id, reason } => {
            let body = json!({"reason": reason});
            api.command(Method::POST, &["orders", &id, "cancel"], &body)
                .await?;
            order(api, &id).await?
        }
    })
}

async fn list<T: serde::de::DeserializeOwned>(
    api: &Api,
    of: &str,
    query: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Result<Page<T>, ApiError> {
    let given = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut query: Vec<_> = given.filter(|(_, value)| !value.is_empty()).collect();
    query.push(("limit", PAGE_SIZE.to_owned()));
    api.query(&[of], &query).await
}

async fn cart(api: &Api) -> Result<Cart, ApiError> {
    api.query(&["cart"], &[]).await
}

async fn set_in_cart(api: &Api, sku: &str, quantity: u32) -> Result<Answer, ApiError> {
    let path = ["cart", "items", sku];
    if quantity == 0 {
        api.command(Method::DELETE, &path, &json!({})).await?;
    } else {
        api.command(Method::PUT, &path, &json!({"quantity": quantity}))
            .await?;
    }
    Ok(Answer::Cart(cart(api).await?))
}

async fn order(api: &Api, id: &str) -> Result<Answer, ApiError> {
    Ok(Answer::Order(Box::new(api.query(&["orders", id], &[]).await?)))
}

fn placed(answer: serde_json::Value) -> Result<Answer, ApiError> {
    let placed = serde_json::from_value(answer).map_err(ApiError::unreadable)?;
    Ok(Answer::Placed(placed))
}
