//! The shop as its users meet it: the real executable, over real connections, really killed.
//!
//! The long runs (`cargo xtask crash`, `flash-sale`, `import-all`) are these tests at full size,
//! which they take from the environment.

mod architecture;
mod chain_walkthrough;
mod client;
mod command_line;
mod crash;
mod distributed;
mod flash_sale;
mod forms;
mod import;
mod line;
mod memory;
mod permissions;
mod process;
mod proxy;
mod random;
mod random_clients;
mod schemathesis;
mod size;
mod systems;
mod terminal;
mod walkthrough;
