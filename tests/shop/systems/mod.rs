//! One story per system of the product, played over HTTP as its users would.

mod integration;
mod marketplace;
mod reviews;
