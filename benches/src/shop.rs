//! The shop that is measured: the release executable on a folder of its own, and a catalogue to sell from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, bail};
use hyper::http::HeaderValue;
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connection::{Answer, Connection};
use crate::process::Process;
use crate::work::{self, Work};

/// So many that clients seldom meet at one SKU, and far more than a page of the list.
const PRODUCTS: usize = 200;

/// Units of each SKU: more than can be sold in the longest run.
const UNITS: u32 = 1_000_000;

/// Buyers; clients share them.
const BUYERS: usize = 8;

/// Of a page of the list; what a shop's front page shows.
const PAGE: usize = 20;

/// In the last line of the shop's welcome.
const READY_MARK: &str = "Ctrl-C";

pub struct Shop {
    process: Process,
    pub url: String,
    data_dir: PathBuf,
}

/// What there is to ask for and to buy.
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

impl Shop {
    /// Starts the executable on a folder inside this one, with the settings that a newcomer gets.
    pub async fn start(executable: &Path, folder: &Path) -> anyhow::Result<Self> {
        let data_dir = folder.join("shop");
        let told_in = folder.join("shop.stderr");
        let mut command = Command::new(executable);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TILLSTREAM_"))
        {
            command.env_remove(name);
        }
        command
            .current_dir(folder)
            .arg("--data-dir")
            .arg(&data_dir)
            .args(["--no-demo", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::from(fs::File::create(&told_in)?));
        let mut process = Process::start(command, false)?;
        let welcome = match process.read_until(READY_MARK).await {
            Ok(welcome) => welcome,
            Err(error) => bail!(
                "the shop doesn't start: {error:#}\n{}",
                fs::read_to_string(told_in)?
            ),
        };
        let url = welcome
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .with_context(|| format!("the shop's welcome names no address: {welcome}"))?
            .to_owned();
        Ok(Self {
            process,
            url,
            data_dir,
        })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The event log's database.
    pub fn log(&self) -> PathBuf {
        self.data_dir.join("log.db")
    }

    /// The workers' database.
    pub fn work(&self) -> PathBuf {
        self.data_dir.join("work.db")
    }

    /// Puts products on sale and registers buyers.
    pub async fn stock(&self) -> anyhow::Result<Catalogue> {
        let mut connection = Connection::open(&self.url).await?;
        let credentials = fs::read(self.data_dir.join("credentials.json")).context("no credentials.json")?;
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
        Ok(Catalogue {
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

fn json(answer: &Answer) -> anyhow::Result<Value> {
    serde_json::from_slice(&answer.body).context("an answer isn't JSON")
}

/// Builds the executable in release mode; its path.
pub fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "tillstream",
            "--bin",
            "tillstream",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo can't be started")?;
    if !output.status.success() {
        bail!("tillstream can't be built");
    }
    executable(&String::from_utf8_lossy(&output.stdout)).context("cargo built no executable tillstream")
}

/// The last executable that cargo's messages tell of.
fn executable(messages: &str) -> Option<PathBuf> {
    let mut messages = messages
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_that_cargo_names() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"web"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"tillstream"},"executable":"/t/release/tillstream"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some("/t/release/tillstream".into()));
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn all_products_are_of_one_size() {
        let size = |number| product(number, &format!("BENCH-{number:04}")).to_string().len();
        assert!((1..PRODUCTS).all(|number| size(number) == size(0)));
    }
}
