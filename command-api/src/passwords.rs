//! Hashing passwords, and checking them: argon2id, off the threads that answer requests, and only
//! as many at once as there are cores.
//!
//! Where hashes are kept, and how often somebody may guess, is left to others.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// OWASP's first choice for argon2id, with `ITERATIONS` and `LANES`.
const MEMORY_KIB: u32 = 19 * 1024;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// How many may wait for a core. One hash takes some 20 ms, so on four cores the last waits for
/// little more than a second; whoever comes after that had better come again.
const WAITING_MAX: usize = 256;

/// How costly a hash is, and how many are made at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordSettings {
    pub memory_kib: u32,
    pub iterations: u32,
    pub lanes: u32,
    pub concurrency: NonZeroUsize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            memory_kib: MEMORY_KIB,
            iterations: ITERATIONS,
            lanes: LANES,
            concurrency: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords are being hashed")]
    Busy,
    #[error("the settings of the password hash are wrong: {0}")]
    Settings(argon2::Error),
    #[error("a password can't be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    #[error("a stored password hash can't be read: {0}")]
    Unreadable(argon2::password_hash::phc::Error),
    #[error("a password's hashing was broken off")]
    BrokenOff,
}

/// Hashes and checks. Cheap to clone; all clones share the bounds.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// What is checked where there's nothing to check, so that the time taken tells nothing.
    dummy: Arc<str>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(…)")
    }
}

impl Passwords {
    /// Fails if argon2 can't work with these settings.
    pub fn new(settings: PasswordSettings) -> Result<Self, PasswordError> {
        let PasswordSettings {
            memory_kib,
            iterations,
            lanes,
            concurrency,
        } = settings;
        let params = Params::new(memory_kib, iterations, lanes, None).map_err(PasswordError::Settings)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash(&argon2, "nobody's password")?.into();
        let concurrency = concurrency.get();
        Ok(Self {
            argon2,
            running: Arc::new(Semaphore::new(concurrency)),
            places: Arc::new(Semaphore::new(concurrency + WAITING_MAX)),
            dummy,
        })
    }

    /// The password's hash with a new salt, in PHC form.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.run(move |argon2| hash(argon2, &password)).await
    }

    /// Whether the password fits the hash; never, if there is no hash.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, PasswordError> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.dummy.to_string());
        let fits = self.run(move |argon2| verify(argon2, &password, &phc)).await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.try_acquire().map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| PasswordError::BrokenOff)?;
        let argon2 = self.argon2.clone();
        let working = tokio::task::spawn_blocking(move || {
            // Held by the work, which goes on also when the request that wanted it is gone.
            let _running = running;
            work(&argon2)
        });
        working.await.map_err(|_| PasswordError::BrokenOff)?
    }
}

fn hash(argon2: &Argon2, password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2
        .hash_password(password.as_bytes())
        .map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify(argon2: &Argon2, password: &str, phc: &str) -> Result<bool, PasswordError> {
    let hash = PasswordHash::new(phc).map_err(PasswordError::Unreadable)?;
    match argon2.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(concurrency: usize) -> Passwords {
        let settings = PasswordSettings {
            memory_kib: 8,
            iterations: 1,
            lanes: 1,
            concurrency: NonZeroUsize::new(concurrency).unwrap(),
        };
        Passwords::new(settings).unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = passwords(2);
        let phc = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
        for (password, hash, fits) in [
            ("correct horse", Some(phc.clone()), true),
            ("correct horsf", Some(phc), false),
            ("nobody's password", None, false),
        ] {
            let found = passwords.verify(password.to_owned(), hash).await.unwrap();
            assert_eq!(found, fits, "{password}");
        }
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_sent_away() {
        let passwords = passwords(1);
        let _all_places = passwords
            .places
            .try_acquire_many(1 + u32::try_from(WAITING_MAX).unwrap());
        let busy = passwords.hash("correct horse".to_owned()).await;
        assert!(matches!(busy, Err(PasswordError::Busy)), "{busy:?}");
    }

    #[test]
    fn settings_that_argon2_refuses_are_refused() {
        let settings = PasswordSettings {
            memory_kib: 1,
            ..PasswordSettings::default()
        };
        assert!(matches!(
            Passwords::new(settings),
            Err(PasswordError::Settings(_))
        ));
    }

    #[test]
    fn the_default_is_what_owasp_recommends() {
        let PasswordSettings {
            memory_kib,
            iterations,
            lanes,
            ..
        } = PasswordSettings::default();
        assert_eq!((memory_kib, iterations, lanes), (19_456, 2, 1));
    }
}
