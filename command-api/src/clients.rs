//! How much one client may begin without saying who it is: carts, accounts, emails to others, wrong passwords. A brake by
//! network address and for this process, beside those by name in `throttle`; a flood is the proxy's to keep off.
//!
//! A client is the address that connects, or, behind as many proxies of the shop's own as the settings say, the one that the
//! outermost of them has put into `X-Forwarded-For`; what clients put there themselves is never looked at. Of an IPv6 address it is the network
//! of 64 bits, which is what one customer of a provider gets. This machine itself is no client: a proxy on it that isn't in
//! the settings would make everybody one.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use web::Problem;

use crate::throttle::{Throttle, Throttles};

/// In which a client has its number of tries, from the first on.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// The header to which each proxy adds who has connected to it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The bounds of one client in a quarter of an hour; 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// Proxies of the shop's own between its clients and this process, each of which adds to `X-Forwarded-For`.
    pub trusted_proxies: u8,
    /// Carts of guests that are begun.
    pub carts: u32,
    /// Accounts that are opened.
    pub registrations: u32,
    /// Emails that are asked for: to reset a password, or to verify an address.
    pub mails: u32,
    /// Logins with a wrong name or password.
    pub failed_logins: u32,
}

/// What an office behind one address comes to on a busy day, and far less than what would fill a database.
impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            trusted_proxies: 0,
            carts: 120,
            registrations: 30,
            mails: 30,
            failed_logins: 60,
        }
    }
}

/// What clients have begun of late. Clones are the same.
#[derive(Clone)]
pub struct Clients(Arc<Brakes>);

struct Brakes {
    trusted_proxies: u8,
    carts: Option<Throttle>,
    registrations: Option<Throttle>,
    mails: Option<Throttle>,
    failed_logins: Option<Throttle>,
}

impl Clients {
    pub fn new(limits: ClientLimits) -> Self {
        let brake = |tries_max: u32| (tries_max > 0).then(|| Throttle::new(tries_max, WINDOW));
        Self(Arc::new(Brakes {
            trusted_proxies: limits.trusted_proxies,
            carts: brake(limits.carts),
            registrations: brake(limits.registrations),
            mails: brake(limits.mails),
            failed_logins: brake(limits.failed_logins),
        }))
    }
}

/// Who sends a request, as far as the network tells.
pub struct Client {
    /// None on this machine, and where a request came over no network.
    name: Option<String>,
    clients: Clients,
    /// Those by name, for who needs both.
    pub throttles: Arc<Throttles>,
}

impl Client {
    /// A guest's cart is about to be begun.
    ///
    /// # Errors
    /// 429 `too_many_requests`, as of all that follow.
    pub fn begins_cart(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.attempt(
            self.clients.0.carts.as_ref(),
            now,
            "Too many carts were begun from this address.",
        )
    }

    /// An account is about to be opened.
    pub fn registers(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        let brake = self.clients.0.registrations.as_ref();
        self.attempt(brake, now, "Too many accounts were opened from this address.")
    }

    /// An email is about to be sent to an address that anybody may have typed.
    pub fn asks_for_mail(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.attempt(
            self.clients.0.mails.as_ref(),
            now,
            "Too many emails were asked for from this address.",
        )
    }

    /// A password is about to be looked at: it counts until it [was right](Self::knew_password), so that many at once are no
    /// way around.
    pub fn tries_password(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        let brake = self.clients.0.failed_logins.as_ref();
        self.attempt(brake, now, "Too many logins from this address have failed.")
    }

    /// This one try is forgotten; others, which may be at other people's passwords, aren't.
    pub fn knew_password(&self) {
        if let (Some(brake), Some(name)) = (&self.clients.0.failed_logins, &self.name) {
            brake.take_back(name);
        }
    }

    fn attempt(
        &self,
        brake: Option<&Throttle>,
        now: DateTime<Utc>,
        detail: &'static str,
    ) -> Result<(), Problem> {
        let (Some(brake), Some(name)) = (brake, &self.name) else {
            return Ok(());
        };
        brake
            .attempt(name, now)
            .map_err(|wait| Problem::too_many_requests(wait).with_detail(detail))
    }
}

impl<S> FromRequestParts<S> for Client
where
    S: Sync,
    Clients: FromRef<S>,
    Arc<Throttles>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let clients = Clients::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        let address = address(peer, &parts.headers, clients.0.trusted_proxies);
        Ok(Self {
            name: address.and_then(name),
            clients,
            throttles: FromRef::from_ref(state),
        })
    }
}

/// The address that the outermost of our proxies has seen; of one who has come around them, its own.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted_proxies: u8) -> Option<IpAddr> {
    let Some(before) = usize::from(trusted_proxies).checked_sub(1) else {
        return peer;
    };
    let lines = headers.get_all(FORWARDED_FOR).into_iter();
    let listed: Vec<&str> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    let told = listed.iter().rev().nth(before);
    told.and_then(|told| told.trim().parse().ok()).or(peer)
}

/// Under which a client's tries are counted.
fn name(address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn named(peer: &str, forwarded_for: &[&'static str], trusted_proxies: u8) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in forwarded_for {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        address(Some(peer.parse().unwrap()), &headers, trusted_proxies).and_then(name)
    }

    #[test]
    fn what_a_client_says_of_itself_counts_for_nothing() {
        let said = ["203.0.113.9, 198.51.100.7"];
        assert_eq!(named("192.0.2.1", &said, 0).as_deref(), Some("192.0.2.1"));
        assert_eq!(named("10.0.0.2", &said, 1).as_deref(), Some("198.51.100.7"));
        assert_eq!(named("10.0.0.2", &said, 2).as_deref(), Some("203.0.113.9"));
        assert_eq!(
            named("10.0.0.2", &["203.0.113.9", "198.51.100.7"], 1).as_deref(),
            Some("198.51.100.7")
        );
        // Around the proxy, or through one that doesn't say.
        assert_eq!(named("192.0.2.1", &[], 1).as_deref(), Some("192.0.2.1"));
        assert_eq!(named("192.0.2.1", &["unknown"], 1).as_deref(), Some("192.0.2.1"));
        assert_eq!(named("192.0.2.1", &said, 3).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn a_network_is_one_client_and_this_machine_none() {
        let network = Some("2001:db8:1:2::/64");
        assert_eq!(named("2001:db8:1:2:3:4:5:6", &[], 0).as_deref(), network);
        assert_eq!(named("2001:db8:1:2:ffff::1", &[], 0).as_deref(), network);
        assert_eq!(named("::ffff:192.0.2.1", &[], 0).as_deref(), Some("192.0.2.1"));
        for here in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(named(here, &[], 0), None, "{here}");
        }
        assert_eq!(
            named("127.0.0.1", &["192.0.2.1"], 1).as_deref(),
            Some("192.0.2.1")
        );
    }
}
