//! The header with which a payload is believed: when it was sent, and signatures over both.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::WebhookError;

/// While a secret is rolled two signatures are sent; more than a few are an attempt to make us work.
pub const MAX_SIGNATURES: usize = 8;

/// `t=1700000000,v1=<hex>,v1=<hex>`; other schemes (`v0`) are test signatures and are ignored.
pub struct SignatureHeader<'a> {
    seconds: &'a str,
    sent: DateTime<Utc>,
    signatures: Vec<Vec<u8>>,
}

impl<'a> SignatureHeader<'a> {
    pub fn parse(header: &'a str) -> Result<Self, WebhookError> {
        let mut seconds = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=').ok_or(WebhookError::MalformedHeader)? {
                ("t", text) => seconds = Some(text),
                ("v1", _) if signatures.len() == MAX_SIGNATURES => return Err(WebhookError::MalformedHeader),
                ("v1", text) => {
                    signatures.push(hex::decode(text).map_err(|_| WebhookError::MalformedHeader)?);
                }
                _ => {}
            }
        }
        let seconds = seconds.ok_or(WebhookError::MalformedHeader)?;
        let sent = seconds
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or(WebhookError::MalformedHeader)?;
        if signatures.is_empty() {
            return Err(WebhookError::MalformedHeader);
        }
        Ok(Self {
            seconds,
            sent,
            signatures,
        })
    }

    pub fn check_signature(&self, payload: &[u8], secret: &str) -> Result<(), WebhookError> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            return Err(WebhookError::WrongSignature);
        };
        mac.update(self.seconds.as_bytes());
        mac.update(b".");
        mac.update(payload);
        let fits = |signature: &Vec<u8>| mac.clone().verify_slice(signature).is_ok();
        if self.signatures.iter().any(fits) {
            Ok(())
        } else {
            Err(WebhookError::WrongSignature)
        }
    }

    pub fn check_time(&self, now: DateTime<Utc>, tolerance: Duration) -> Result<(), WebhookError> {
        if (now - self.sent)
            .abs()
            .to_std()
            .is_ok_and(|apart| apart <= tolerance)
        {
            Ok(())
        } else {
            Err(WebhookError::OutsideTolerance {
                sent: self.sent,
                now,
                tolerance,
            })
        }
    }
}
