//! A TCP proxy in front of `PostgreSQL` that can go away and come back, as a server does.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Forwards connections to the server until it is stopped.
pub struct Proxy {
    address: SocketAddr,
    server: String,
    forwarding: JoinHandle<()>,
}

/// A proxy that refuses connections, having cut those it had.
pub struct StoppedProxy {
    address: SocketAddr,
    server: String,
}

impl Proxy {
    /// In front of the server that the URL names.
    pub async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::forward(listener, host_of(url).to_owned())
    }

    fn forward(listener: TcpListener, server: String) -> Self {
        let address = listener.local_addr().unwrap();
        let forwarding = tokio::spawn(forward_all(listener, server.clone()));
        Self {
            address,
            server,
            forwarding,
        }
    }

    /// The URL by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        url.replacen(host_of(url), &self.address.to_string(), 1)
    }

    pub async fn stop(self) -> StoppedProxy {
        self.forwarding.abort();
        assert!(self.forwarding.await.unwrap_err().is_cancelled());
        StoppedProxy {
            address: self.address,
            server: self.server,
        }
    }
}

impl StoppedProxy {
    pub async fn start_again(self) -> Proxy {
        let listener = TcpListener::bind(self.address).await.unwrap();
        Proxy::forward(listener, self.server)
    }
}

async fn forward_all(listener: TcpListener, server: String) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let server = server.clone();
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(server).await {
                // Either side may hang up as it likes.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

/// `host:port` of `postgres://user@host:port/database`.
fn host_of(url: &str) -> &str {
    let (_, place) = url.split_once('@').expect("the URL has a user");
    let (host, _) = place.split_once('/').expect("the URL has a database");
    host
}
