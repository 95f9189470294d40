//! The cipher: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), whose 192-bit nonces can be drawn at random for ever. Every
//! ciphertext is bound to what it belongs to by its associated data. Knows nothing of where keys are kept.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use events::sealed::Sealed;
use uuid::Uuid;

use super::VaultError;

/// Leads every sealed text, so that a later format can be told from this one.
const FORMAT: u8 = 1;

const NONCE_BYTES: usize = 24;

/// Associated data of a wrapped key, before the subject's id: a wrapped key never passes for a sealed text.
const WRAPPED_KEY: &[u8] = b"tillstream subject key ";

/// Associated data of the text that tells a wrong master key.
const MASTER_KEY_CHECK: &[u8] = b"tillstream master key check";

/// A 256-bit key, a subject's or the master key.
#[derive(Clone)]
pub(super) struct Key([u8; 32]);

/// A ciphertext doesn't open with this key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DoesNotOpen;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn generate() -> Result<Self, VaultError> {
        let key = chacha20poly1305::Key::try_generate().map_err(|_| VaultError::NoRandomness)?;
        Ok(Self(key.into()))
    }

    /// Seals a subject's text with the subject's own key.
    pub fn seal_text(&self, subject: Uuid, plaintext: &str) -> Result<Sealed, VaultError> {
        let mut sealed = vec![FORMAT];
        sealed.extend(self.encrypt(subject.as_bytes(), plaintext.as_bytes())?);
        Ok(Sealed(URL_SAFE_NO_PAD.encode(sealed)))
    }

    pub fn open_text(&self, subject: Uuid, sealed: &Sealed) -> Result<String, VaultError> {
        let bytes = URL_SAFE_NO_PAD.decode(&sealed.0).ok();
        let plaintext = match bytes.as_deref() {
            Some([FORMAT, encrypted @ ..]) => self.decrypt(subject.as_bytes(), encrypted).ok(),
            _ => None,
        };
        plaintext
            .and_then(|plaintext| String::from_utf8(plaintext).ok())
            .ok_or(VaultError::Broken { subject })
    }

    /// Wraps a subject's key with this one, the master key.
    pub fn wrap(&self, subject: Uuid, key: &Self) -> Result<Vec<u8>, VaultError> {
        self.encrypt(&wrapped_key_of(subject), &key.0)
    }

    pub fn unwrap(&self, subject: Uuid, wrapped: &[u8]) -> Result<Self, DoesNotOpen> {
        let bytes = self.decrypt(&wrapped_key_of(subject), wrapped)?;
        bytes.try_into().map(Self).map_err(|_| DoesNotOpen)
    }

    /// A text that only this master key opens.
    pub fn make_check(&self) -> Result<Vec<u8>, VaultError> {
        self.encrypt(MASTER_KEY_CHECK, b"")
    }

    /// Whether this is the key that [`Key::make_check`] was called on.
    pub fn check(&self, sealed: &[u8]) -> Result<(), DoesNotOpen> {
        self.decrypt(MASTER_KEY_CHECK, sealed).map(drop)
    }

    /// The nonce, then the ciphertext with its tag.
    fn encrypt(&self, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = XNonce::try_generate().map_err(|_| VaultError::NoRandomness)?;
        let payload = Payload {
            msg: plaintext,
            aad: associated,
        };
        let ciphertext = self
            .cipher()
            .encrypt(&nonce, payload)
            .map_err(|_| VaultError::Unavailable {
                reason: format!("a text of {} bytes is too long for the cipher", plaintext.len()),
            })?;
        Ok([nonce.as_slice(), &ciphertext].concat())
    }

    fn decrypt(&self, associated: &[u8], encrypted: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (nonce, ciphertext) = encrypted.split_first_chunk::<NONCE_BYTES>().ok_or(DoesNotOpen)?;
        let payload = Payload {
            msg: ciphertext,
            aad: associated,
        };
        self.cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| DoesNotOpen)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

fn wrapped_key_of(subject: Uuid) -> Vec<u8> {
    [WRAPPED_KEY, subject.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_with_its_key_and_its_subject_alone() {
        let (key, subject) = (Key::generate().unwrap(), Uuid::now_v7());
        let sealed = key.seal_text(subject, "Ada Lovelace").unwrap();
        assert_eq!(key.open_text(subject, &sealed).unwrap(), "Ada Lovelace");
        assert!(key.open_text(Uuid::now_v7(), &sealed).is_err());
        assert!(Key::generate().unwrap().open_text(subject, &sealed).is_err());
        assert_ne!(key.seal_text(subject, "Ada Lovelace").unwrap(), sealed);
    }

    #[test]
    fn every_changed_byte_and_every_truncation_is_noticed() {
        let (key, subject) = (Key::generate().unwrap(), Uuid::now_v7());
        let sealed = URL_SAFE_NO_PAD
            .decode(key.seal_text(subject, "Ada").unwrap().0)
            .unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            for broken in [changed.as_slice(), &sealed[..place]] {
                let broken = Sealed(URL_SAFE_NO_PAD.encode(broken));
                assert!(key.open_text(subject, &broken).is_err(), "byte {place}");
            }
        }
        assert!(key.open_text(subject, &Sealed("not base64!".to_owned())).is_err());
    }

    #[test]
    fn a_wrapped_key_unwraps_for_its_subject_alone() {
        let (master, key, subject) = (Key::generate().unwrap(), Key::generate().unwrap(), Uuid::now_v7());
        let wrapped = master.wrap(subject, &key).unwrap();
        assert_eq!(master.unwrap(subject, &wrapped).unwrap().0, key.0);
        assert!(master.unwrap(Uuid::now_v7(), &wrapped).is_err());
        assert!(key.unwrap(subject, &wrapped).is_err());
    }

    #[test]
    fn a_key_never_shows_itself() {
        assert_eq!(format!("{:?}", Key::from_bytes([7; 32])), "Key(…)");
    }
}
