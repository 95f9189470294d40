//! How slowly a body may come that takes long for honest reasons: a photograph over a slow line. It is let in as long as it
//! keeps coming, and at some rate over all, so that nobody holds a place for ever.
//!
//! How long a body may be is left to those who read it.

use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::StatusCode;
use futures::StreamExt;
use tokio::time::timeout;

use crate::Problem;

/// Before the rate counts: a line takes a while to be quick.
const HEAD_START: Duration = Duration::from_secs(30);

/// The least that a body must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The longest wait for the next piece.
    pub idle: Duration,
    /// Over all, after a head start of half a minute; at least 1.
    pub min_bytes_per_s: u32,
}

impl Default for Pace {
    /// Twenty seconds of silence, as on a train in a tunnel; and 16 KiB a second, a tenth of the slowest mobile network in
    /// use, which is ten minutes for ten megabytes.
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(20),
            min_bytes_per_s: 16 * 1024,
        }
    }
}

/// What a body that is waited for in vain has done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Silent,
    Slow,
}

impl Pace {
    /// The longest that so many bytes can take.
    pub fn longest(&self, bytes: usize) -> Duration {
        HEAD_START + self.idle + self.at_rate(bytes)
    }

    fn at_rate(&self, bytes: usize) -> Duration {
        Duration::from_secs(bytes as u64 / u64::from(self.min_bytes_per_s.max(1)))
    }

    /// How long to wait for the next piece when so much came in this time, and what is wrong if none comes.
    fn wait(&self, received: usize, elapsed: Duration) -> (Duration, Fault) {
        let left = (HEAD_START + self.at_rate(received)).saturating_sub(elapsed);
        if self.idle <= left {
            (self.idle, Fault::Silent)
        } else {
            (left, Fault::Slow)
        }
    }
}

/// A body that is read at a pace.
pub struct PacedBody {
    pieces: BodyDataStream,
    pace: Pace,
    begun: Instant,
    received: usize,
}

impl PacedBody {
    pub fn new(body: Body, pace: Pace) -> Self {
        Self {
            pieces: body.into_data_stream(),
            pace,
            begun: Instant::now(),
            received: 0,
        }
    }

    /// The next piece; none at the end. 408 `upload_stalled` or `upload_too_slow`, 400 `unreadable_body` if it breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let (patience, fault) = self.pace.wait(self.received, self.begun.elapsed());
        match timeout(patience, self.pieces.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => {
                self.received += piece.len();
                Ok(Some(piece))
            }
            Ok(Some(Err(_))) => Err(Problem::bad_request(
                "unreadable_body",
                "The body ended before it was complete.",
            )),
            Err(_) => Err(self.late(fault)),
        }
    }

    fn late(&self, fault: Fault) -> Problem {
        let received = self.received;
        match fault {
            Fault::Silent => {
                Problem::new(StatusCode::REQUEST_TIMEOUT, "upload_stalled").with_detail(format_args!(
                    "Nothing came for {} s, after {received} bytes.",
                    self.pace.idle.as_secs()
                ))
            }
            Fault::Slow => {
                Problem::new(StatusCode::REQUEST_TIMEOUT, "upload_too_slow").with_detail(format_args!(
                    "{received} bytes came in {} s; at least {} a second are waited for.",
                    self.begun.elapsed().as_secs(),
                    self.pace.min_bytes_per_s
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;

    const PACE: Pace = Pace {
        idle: Duration::from_secs(10),
        min_bytes_per_s: 100,
    };

    #[test]
    fn what_keeps_coming_at_its_rate_is_waited_for() {
        let wait = |received, elapsed| PACE.wait(received, Duration::from_secs(elapsed));
        let patient = (PACE.idle, Fault::Silent);
        assert_eq!(wait(0, 0), patient);
        assert_eq!(wait(0, 20), patient);
        assert_eq!(wait(0, 21), (Duration::from_secs(9), Fault::Slow));
        assert_eq!(wait(100_000, 1_000), patient);
        assert_eq!(wait(99_000, 1_015), (Duration::from_secs(5), Fault::Slow));
        assert_eq!(wait(100, 1_000), (Duration::ZERO, Fault::Slow));
        assert_eq!(PACE.longest(1_000), Duration::from_secs(50));
    }

    /// One piece, and then nothing, for ever.
    async fn half_sent(pace: Pace) -> String {
        let piece = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))]);
        let body = Body::from_stream(piece.chain(stream::pending()));
        let mut body = PacedBody::new(body, pace);
        assert_eq!(body.next().await.unwrap().unwrap(), "half");
        body.next().await.unwrap_err().code().to_owned()
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_refused() {
        let idle = Duration::from_millis(1);
        assert_eq!(half_sent(Pace { idle, ..PACE }).await, "upload_stalled");
    }

    #[tokio::test]
    async fn a_whole_body_ends() {
        let mut body = PacedBody::new(Body::from("all at once"), PACE);
        assert_eq!(body.next().await.unwrap().unwrap(), "all at once");
        assert_eq!(body.next().await.unwrap(), None);
    }
}
