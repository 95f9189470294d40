//! What happens after the fact: the outside world is told, and answers come back as commands.

pub mod gateway;
