//! The cache in Redis on a real server: what readers in other processes see while the projector keeps it, and while
//! things go wrong. A process is a cache of its own here, on the same server and prefix.

mod faults;
mod fencing;
mod keeping;
mod racing;
mod server;
mod shop;
mod tls;
