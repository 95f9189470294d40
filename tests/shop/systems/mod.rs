//! The systems that Tillstream unites, each played as its users would.

mod marketplace;
