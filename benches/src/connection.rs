//! A client's connection: HTTP/1.1 on loopback, kept alive, one request at a time.
//!
//! The connection's own work is done in the task that sends, so that a request costs the load generator no switch
//! between tasks.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection as Driver, SendRequest};
use hyper::header::HOST;
use hyper::http::HeaderValue;
use hyper::http::response::Parts;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub type Body = Full<Bytes>;

/// Of an unexpected answer's body: what fits in an error message.
const SHOWN_BYTES: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error("{address} is no address like http://127.0.0.1:8080")]
    Address { address: String },
    #[error("can't connect to {address}")]
    Connect { address: String, source: std::io::Error },
    #[error("the exchange with {address} failed")]
    Exchange { address: String, source: hyper::Error },
    #[error("{address} closed the connection")]
    Closed { address: String },
    #[error("{address} answered {status} where {wanted} was expected: {body}")]
    Status {
        address: String,
        status: StatusCode,
        wanted: StatusCode,
        body: String,
    },
}

pub struct Connection {
    address: String,
    host: HeaderValue,
    sender: SendRequest<Body>,
    driver: Driver<TokioIo<TcpStream>, Body>,
}

/// What came back, read to its end.
pub struct Answer {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Connection {
    /// Connects to a server such as `http://127.0.0.1:8080`.
    pub async fn open(url: &str) -> Result<Self, ConnectionError> {
        let no_address = || ConnectionError::Address {
            address: url.to_owned(),
        };
        let address = url
            .strip_prefix("http://")
            .ok_or_else(no_address)?
            .trim_end_matches('/')
            .to_owned();
        let host = HeaderValue::from_str(&address).map_err(|_| no_address())?;
        let connect = |source| ConnectionError::Connect {
            address: address.clone(),
            source,
        };
        let stream = TcpStream::connect(&address).await.map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream))
                .await
                .map_err(|source| ConnectionError::Exchange {
                    address: address.clone(),
                    source,
                })?;
        Ok(Self {
            address,
            host,
            sender,
            driver,
        })
    }

    /// Sends, and reads the whole answer, which must have this status.
    pub async fn send(
        &mut self,
        mut request: Request<Body>,
        wanted: StatusCode,
    ) -> Result<Answer, ConnectionError> {
        request.headers_mut().insert(HOST, self.host.clone());
        let exchange = async {
            self.sender.ready().await?;
            read(self.sender.send_request(request).await?).await
        };
        let exchanged = tokio::select! {
            biased;
            exchanged = exchange => exchanged,
            ended = &mut self.driver => match ended {
                Ok(()) => return Err(ConnectionError::Closed { address: self.address.clone() }),
                Err(error) => Err(error),
            },
        };
        let (parts, body) = exchanged.map_err(|source| ConnectionError::Exchange {
            address: self.address.clone(),
            source,
        })?;
        if parts.status != wanted {
            let shown = &body[..body.len().min(SHOWN_BYTES)];
            return Err(ConnectionError::Status {
                address: self.address.clone(),
                status: parts.status,
                wanted,
                body: String::from_utf8_lossy(shown).into_owned(),
            });
        }
        Ok(Answer {
            headers: parts.headers,
            body,
        })
    }
}

async fn read(response: Response<Incoming>) -> Result<(Parts, Bytes), hyper::Error> {
    let (parts, body) = response.into_parts();
    Ok((parts, body.collect().await?.to_bytes()))
}
