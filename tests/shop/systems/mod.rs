//! One story per system of the product, played over HTTP as its users would.

mod analytics;
mod marketplace;
mod reviews;
