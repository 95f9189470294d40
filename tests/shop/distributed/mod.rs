//! The distributed form as its users meet it: every role a process of its own, on real servers.
//!
//! The fault harness (`cargo xtask faults`) is `faults` at its full size.

mod careful;
mod fault;
mod faults;
mod import;
mod load;
mod observability;
