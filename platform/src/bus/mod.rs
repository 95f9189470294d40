//! The bus: events on their way from the log to their readers in other processes, over NATS JetStream; and nudges, which
//! say that it's worth looking.
//!
//! The log is the truth, the bus a fast and lossy road beside it: whoever reads from it checks positions and fetches from
//! the log what the bus has lost (`reader`). Who publishes, and when, is the relay's business.

mod connection;
mod error;
mod incoming;
mod nudges;
mod publish;
mod reader;
mod settings;
mod stream;
mod tls;
mod wire;

pub use connection::Bus;
pub use error::BusError;
pub use nudges::ViewsNudges;
pub use publish::Publishing;
pub(crate) use reader::BusReader;
pub use settings::{BusCredentials, BusSettings, BusTls, ClientCertificate};
pub use stream::{EventStream, Mismatch, Standing};
