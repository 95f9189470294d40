//! Ports and names that nobody else has.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// Below what Linux and macOS give to outgoing connections: a server that restarts must find its port free, and while it
/// is down, thousands of connections are made that would otherwise take it sooner or later.
const PORTS: Range<u16> = 12_000..32_000;
/// More than enough on a machine that isn't out of ports.
const TRIES: u32 = 200;

/// What this process has given out, so that it never gives it out again while the first taker is down.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of 127.0.0.1 that nobody listens on, and that this process gives out only once.
pub fn free_port() -> Result<u16, Error> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..TRIES {
        let offset = random_u64()? % u64::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(offset).map_err(|_| Error::NoPort)?;
        let is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if is_free && taken.insert(port) {
            return Ok(port);
        }
    }
    Err(Error::NoPort)
}

/// A name of letters and digits after this beginning, as good as unique.
///
/// # Panics
/// If the operating system has no randomness, which it has from its start on.
pub fn random_name(beginning: &str) -> String {
    let [high, low] = [(); 2].map(|()| getrandom::u64().expect("the system has randomness"));
    format!("{beginning}{high:016x}{low:016x}")
}

fn random_u64() -> Result<u64, Error> {
    getrandom::u64().map_err(|error| Error::Io {
        what: "asking the system for randomness".to_owned(),
        source: error.into(),
    })
}
