//! A line between two shops that a test can cut and mend: an address that stays, whoever answers behind it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::process::Shop;

/// Goes when it is dropped, with all that is on it.
pub struct Line {
    address: SocketAddr,
    /// Where it leads; nowhere while it is cut.
    to: Arc<watch::Sender<Option<SocketAddr>>>,
    forwarding: tokio::task::JoinHandle<()>,
}

impl Line {
    pub async fn to(shop: &Shop) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let to = Arc::new(watch::Sender::new(Some(address_of(shop))));
        let forwarding = tokio::spawn(forward(listener, Arc::clone(&to)));
        Self {
            address,
            to,
            forwarding,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Drops what is on it, and everything that comes.
    pub fn cut(&self) {
        self.to.send_replace(None);
    }

    pub fn mend(&self, shop: &Shop) {
        self.to.send_replace(Some(address_of(shop)));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

fn address_of(shop: &Shop) -> SocketAddr {
    shop.url.trim_start_matches("http://").parse().unwrap()
}

async fn forward(listener: TcpListener, to: Arc<watch::Sender<Option<SocketAddr>>>) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut leads = to.subscribe();
        tokio::spawn(async move {
            let Some(target) = *leads.borrow_and_update() else {
                return;
            };
            let Ok(mut far) = TcpStream::connect(target).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = leads.changed() => {}
            }
        });
    }
}
