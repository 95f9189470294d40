//! One story per system of the product, played over HTTP as its users would.

mod chain;
mod marketplace;
mod reviews;
