//! One story per system of the product, played over HTTP as its users would.

mod bookstore;
mod marketplace;
mod reviews;
