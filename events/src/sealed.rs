//! Personal data inside events: text encrypted with a key of the person's own.
//!
//! The log can't forget, but the key can: erasing it erases the person. Sealing and opening need
//! the key and so are the vault's (`platform::vault`); to everything else a sealed text is opaque.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An encrypted text; what it says only the vault can tell.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}
