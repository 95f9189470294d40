//! One story per system of the product, played over HTTP as its users would.

mod marketplace;
mod product_service;
mod reviews;
