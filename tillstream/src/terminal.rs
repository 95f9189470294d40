//! `tillstream shop`: reads the command line; the rest is `terminal`'s.

use std::process::ExitCode;

use terminal::{Login, Options};

use crate::arguments::Shop;
use crate::settings::Settings;

pub fn run(settings: &Settings, arguments: Shop) -> anyhow::Result<ExitCode> {
    let Shop {
        url,
        username,
        password,
        country,
        card,
    } = arguments;
    let login = username.zip(password);
    let options = Options {
        server: url.unwrap_or_else(|| format!("http://{}", settings.listen)),
        login: login.map(|(username, password)| Login { username, password }),
        country,
        card,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(terminal::run(options))?;
    // A thread may still wait for a key that nobody presses.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}
