//! A shop in the terminal: search, info, cart, purchase and orders, over the REST API.
//!
//! The data's way: a key changes the [`app`] and makes it ask; a question goes out over the [`api`]; its answer changes the app again; the
//! [`screen`] draws what the app is. Only [`session`] touches the terminal. It knows nothing of the server's inside; what can be bought,
//! at what price and by whom is decided there.

mod api;
mod app;
mod screen;
mod session;
mod theme;

/// Where the shop is, and what is known of who uses it.
pub struct Options {
    /// The shop's address, such as `http://127.0.0.1:8080`.
    pub server: String,
    /// Logged in with at once; without, when something needs it.
    pub login: Option<Login>,
    /// Filled in where an order needs a country.
    pub country: Option<String>,
    /// What the payment provider knows a card by, filled in where one pays by card.
    pub card: Option<String>,
}

pub struct Login {
    pub username: String,
    pub password: String,
}

/// Runs until the user leaves. The terminal is then as it was, also after a panic.
///
/// # Errors
///
/// When the address is none, when there is no terminal, or when it can't be read.
pub async fn run(options: Options) -> anyhow::Result<()> {
    session::run(options).await
}
