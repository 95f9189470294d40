//! One story per system of the product, played over HTTP as its users would.

mod high_load_shop;
mod marketplace;
mod reviews;
