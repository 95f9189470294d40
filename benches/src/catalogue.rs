//! What there is to ask for and to buy: products on sale and buyers with an account, brought in over HTTP.
//!
//! Which form of the shop answers is left to `embedded` and `distributed`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use hyper::http::HeaderValue;
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connection::{Answer, Connection};
use crate::work::{self, Work};

/// So many that clients seldom meet at one SKU, and far more than a page of the list.
const PRODUCTS: usize = 200;

/// Units of each SKU: more than can be sold in the longest run.
const UNITS: u32 = 1_000_000;

/// Buyers; clients share them.
const BUYERS: usize = 8;

/// Of a page of the list; what a shop's front page shows.
const PAGE: usize = 20;

pub struct Catalogue {
    pub detail: Work,
    pub list: Work,
    pub orders: Work,
}

#[derive(Deserialize)]
struct Credentials {
    admin: Login,
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

impl Catalogue {
    /// Puts products on sale and registers buyers, at the server that takes commands. `data_dir` has the admin's login.
    pub async fn stock(commands: &str, data_dir: &Path) -> anyhow::Result<Self> {
        let mut connection = Connection::open(commands).await?;
        let credentials = fs::read(data_dir.join("credentials.json")).context("no credentials.json")?;
        let admin = serde_json::from_slice::<Credentials>(&credentials)?.admin;
        let admin = log_in(&mut connection, &admin.username, &admin.password).await?;
        let mut paths = vec![];
        let mut skus = vec![];
        for number in 0..PRODUCTS {
            let sku = format!("BENCH-{number:04}");
            let product = product(number, &sku);
            let request = work::post("/api/products", &product, Some(admin.clone()));
            let added = json(&connection.send(request, StatusCode::CREATED).await?)?;
            let id = added["product_id"]
                .as_str()
                .context("an added product has no id")?;
            paths.push(format!("/api/products/{id}").parse::<Uri>()?);
            skus.push(sku);
        }
        let mut tokens = vec![];
        for number in 0..BUYERS {
            tokens.push(buyer(&mut connection, number).await?);
        }
        Ok(Self {
            detail: Work::Get(paths.into()),
            list: Work::Get(Arc::new([format!("/api/products?limit={PAGE}").parse()?])),
            orders: Work::Order {
                skus: skus.into(),
                tokens: tokens.into(),
            },
        })
    }
}

/// All of one size, so that every product's answer is a sample of every other's.
fn product(number: usize, sku: &str) -> Value {
    json!({
        "name": format!("White hanging heart T-light holder {number:04}"),
        "description": "A porcelain heart on a ribbon that holds one tea light. 13 cm high, boxed; not for outdoors.",
        "sku": sku,
        "price": {"amount": format!("{}.55", 10 + number % 90), "currency": "GBP"},
        "quantity": UNITS,
    })
}

async fn buyer(connection: &mut Connection, number: usize) -> anyhow::Result<HeaderValue> {
    let (username, password) = (format!("bench-buyer-{number}"), "a password of a benchmark");
    let body = json!({
        "username": username,
        "email": format!("{username}@example.com"),
        "password": password,
        "first_name": "Ada",
        "last_name": "Buyer",
    });
    connection
        .send(work::post("/api/auth/register", &body, None), StatusCode::CREATED)
        .await?;
    log_in(connection, &username, password).await
}

/// The header that acts for this account.
async fn log_in(connection: &mut Connection, username: &str, password: &str) -> anyhow::Result<HeaderValue> {
    let body = json!({"login": username, "password": password});
    let tokens = json(
        &connection
            .send(work::post("/api/auth/login", &body, None), StatusCode::OK)
            .await?,
    )?;
    let token = tokens["access_token"]
        .as_str()
        .context("a login brought no token")?;
    let mut header = HeaderValue::from_str(&format!("Bearer {token}"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The body of an answer as JSON.
pub fn json(answer: &Answer) -> anyhow::Result<Value> {
    serde_json::from_slice(&answer.body).context("an answer isn't JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_products_are_of_one_size() {
        let size = |number| product(number, &format!("BENCH-{number:04}")).to_string().len();
        assert!((1..PRODUCTS).all(|number| size(number) == size(0)));
    }
}
