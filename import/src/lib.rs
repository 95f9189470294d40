//! Bulk data in and out of the shop, as a client of its REST API.
pub mod client;
pub mod error;
pub mod input;
pub mod options;
pub mod records;
pub mod rejection;
pub mod source;
pub use error::ImportError;
pub use options::*;
