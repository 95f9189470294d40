//! One story per system of the product, played over HTTP as its users would.

mod backup;
mod marketplace;
mod reviews;
