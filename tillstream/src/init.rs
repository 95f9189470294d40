//! `tillstream init`: makes the secrets and the admin's login of a shop whose roles are processes of their own. The
//! embedded shop does so by itself at its first start.

use std::process::ExitCode;

use crate::data_dir::DataDir;
use crate::secrets::{Credentials, Secrets};
use crate::settings::Settings;

pub fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let dir = DataDir::create(&settings.data_dir)?;
    let is_new = !dir.secrets().exists();
    Secrets::load_or_make(&dir.secrets())?;
    let credentials = Credentials::load_or_make(&dir.credentials())?;
    let (secrets, logins) = (dir.secrets(), dir.credentials());
    say!(
        "{}  keys of the shop: give it to every role, and lose it never",
        secrets.display()
    );
    say!(
        "{}  the admin's login: for the command API's first start, and for you",
        logins.display()
    );
    if is_new {
        say!(
            "admin: {} / {}",
            credentials.admin.username,
            credentials.admin.password
        );
    }
    Ok(ExitCode::SUCCESS)
}
