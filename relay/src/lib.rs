//! Publishes the log on the bus.
