//! One story per system of the product, played over HTTP as its users would, on both forms
//! ([`on_each_form`](crate::forms::on_each_form)).

mod analytics;
mod backup;
mod backup_images;
mod bookstore;
mod chain;
mod chain_upkeep;
mod high_load_shop;
mod integration;
mod invoices;
mod marketplace;
mod product_service;
mod reviews;
