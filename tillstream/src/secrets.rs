//! Secrets and logins that are made at the first start and kept in files for their owner only.
//! There is no default password anywhere.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// As many as a 256-bit key has.
const KEY_BYTES: usize = 32;
/// Enough of 32 letters to hold 100 bits.
const PASSWORD_CHARS: usize = 20;
/// Letters and digits that aren't mistaken for each other.
const PASSWORD_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What the process keeps to itself.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// Signs access tokens; hex.
    access_tokens: String,
    /// Wraps the personal keys; hex.
    vault: String,
    /// Keys the fingerprints of requests that are kept with their idempotency keys; hex.
    fingerprints: String,
    /// Between the shop and its payment sandbox.
    pub sandbox_key: String,
    /// Signs the sandbox's webhooks.
    pub sandbox_webhook: String,
    /// Opens the mailbox page.
    pub mailbox: String,
}

impl Secrets {
    /// Reads the secrets, or makes them if this is the first start.
    pub fn load_or_make(path: &Path) -> anyhow::Result<Self> {
        load_or_make(path, || {
            Ok(Self {
                access_tokens: random_hex()?,
                vault: random_hex()?,
                fingerprints: random_hex()?,
                sandbox_key: format!("sk_test_{}", random_hex()?),
                sandbox_webhook: format!("whsec_{}", random_hex()?),
                mailbox: random_password()?,
            })
        })
    }

    pub fn load(path: &Path) -> anyhow::Result<Self> {
        read(path)
    }

    pub fn access_tokens(&self) -> anyhow::Result<[u8; KEY_BYTES]> {
        key(&self.access_tokens).context("access_tokens in secrets.json is damaged")
    }

    pub fn fingerprints(&self) -> anyhow::Result<[u8; KEY_BYTES]> {
        key(&self.fingerprints).context("fingerprints in secrets.json is damaged")
    }

    pub fn vault(&self) -> anyhow::Result<[u8; KEY_BYTES]> {
        key(&self.vault).context("vault in secrets.json is damaged")
    }
}

/// A login that was made at the first start.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    pub username: String,
    pub email: String,
    pub password: String,
}

/// The logins of a new shop.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub admin: Login,
}

impl Credentials {
    /// Reads the logins, or makes them if this is the first start.
    pub fn load_or_make(path: &Path) -> anyhow::Result<Self> {
        load_or_make(path, || {
            let admin = Login {
                username: "admin".to_owned(),
                email: "admin@tillstream.example".to_owned(),
                password: random_password()?,
            };
            Ok(Self { admin })
        })
    }

    pub fn load(path: &Path) -> anyhow::Result<Self> {
        read(path)
    }
}

fn load_or_make<T: Serialize + DeserializeOwned>(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if path.exists() {
        return read(path);
    }
    let made = make()?;
    write_private(path, &serde_json::to_vec_pretty(&made)?)
        .with_context(|| format!("{} can't be written", path.display()))?;
    Ok(made)
}

pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))
}

/// Writes the file as a whole or not at all, and for its owner only.
pub fn write_private(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent()
        .map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness from the system: {error}"))?;
    Ok(bytes)
}

fn random_hex() -> anyhow::Result<String> {
    Ok(hex::encode(random::<KEY_BYTES>()?))
}

/// Each letter is one of 32, so a byte's low five bits choose without bias.
fn random_password() -> anyhow::Result<String> {
    let letter = |byte: u8| char::from(PASSWORD_ALPHABET[usize::from(byte & 31)]);
    Ok(random::<PASSWORD_CHARS>()?.into_iter().map(letter).collect())
}

fn key(text: &str) -> anyhow::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(text, &mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_made_once_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let first = Secrets::load_or_make(&path).unwrap();
        let second = Secrets::load_or_make(&path).unwrap();
        assert_eq!(first.vault().unwrap(), second.vault().unwrap());
        assert_ne!(first.vault().unwrap(), first.access_tokens().unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        fs::write(&path, "{").unwrap();
        assert!(Credentials::load_or_make(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "{");
    }
}
