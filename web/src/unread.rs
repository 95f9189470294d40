//! Bodies that nobody read to their end: an upload that is refused by its head alone, for want of a token or for its length.
//!
//! A connection that is closed while its client still sends takes the answer with it: the client is told of a reset, or a
//! proxy's 502, and never learns what was wrong. So the rest is taken in and thrown away, within bounds, while the answer
//! is on its way. A client that asked beforehand (`Expect: 100-continue`) sends nothing more, and is left alone.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use futures::{Stream, StreamExt};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// More than the longest upload, so that one which is a little too long still gets its answer.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Nobody holds a connection for longer with what isn't wanted.
const TIME_MAX: Duration = Duration::from_secs(5);

/// The request, whose body is taken in to its end whoever drops it. Queries, which have none, cost nothing.
pub fn read_to_end(request: Request) -> Request {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| {
        Body::from_stream(Unread {
            rest: Some(body.into_data_stream()),
        })
    })
}

struct Unread {
    /// None after the end.
    rest: Option<BodyDataStream>,
}

impl Stream for Unread {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let piece = ready!(rest.poll_next_unpin(cx));
        if !matches!(piece, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(piece)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let Some(rest) = self.rest.take() else {
            return;
        };
        // Outside a runtime there is no connection either.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(TIME_MAX, throw_away(rest)));
        }
    }
}

async fn throw_away(mut rest: BodyDataStream) {
    let mut taken = 0;
    while taken < BYTES_MAX
        && let Some(Ok(piece)) = rest.next().await
    {
        taken += piece.len();
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use crate::layers::{Limits, wrap};

    const MEBIBYTE: usize = 1024 * 1024;

    async fn start() -> SocketAddr {
        let routes = Router::new()
            .route("/closed", post(async || StatusCode::UNAUTHORIZED))
            .route("/open", post(async |body: String| body));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, wrap(routes, Limits::default())).await });
        address
    }

    fn head(path: &str, length: usize) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nhost: shop\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
        )
    }

    /// Reads until this text has come, or the connection ends; all that came.
    async fn until(connection: &mut TcpStream, text: &str) -> String {
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        while !seen.contains(text) {
            match connection.read(&mut buffer).await.unwrap() {
                0 => break,
                some => seen.push_str(&String::from_utf8_lossy(&buffer[..some])),
            }
        }
        seen
    }

    #[tokio::test]
    async fn who_is_refused_while_sending_gets_the_answer_and_keeps_the_connection() {
        let mut connection = TcpStream::connect(start().await).await.unwrap();
        connection
            .write_all(head("/closed", 8 * MEBIBYTE).as_bytes())
            .await
            .unwrap();
        let refused = until(&mut connection, "\r\n\r\n").await;
        assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");

        let piece = vec![b'x'; MEBIBYTE];
        for _ in 0..8 {
            connection.write_all(&piece).await.unwrap();
        }
        connection
            .write_all(format!("{}heard", head("/open", 5)).as_bytes())
            .await
            .unwrap();
        let heard = until(&mut connection, "heard").await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    }

    #[tokio::test]
    async fn who_never_ends_is_cut_off() {
        let mut connection = TcpStream::connect(start().await).await.unwrap();
        connection
            .write_all(head("/closed", usize::MAX >> 1).as_bytes())
            .await
            .unwrap();
        let piece = vec![b'x'; MEBIBYTE];
        let mut sent = 0;
        while connection.write_all(&piece).await.is_ok() {
            sent += piece.len();
            assert!(sent < 64 * super::BYTES_MAX, "it takes everything");
        }
    }
}
