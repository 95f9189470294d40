//! The readers' connection. It is there or it isn't: nobody waits for it. When Redis fails or is slow, it is taken down
//! for a while, in which nobody loses time over it, and comes back by itself.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError};
use tokio::runtime::Handle;

/// How long a read may take. A healthy one takes well under a millisecond; the query that it is for would
/// take a few from SQL, so waiting longer costs more than going there.
pub const READ_TIMEOUT: Duration = Duration::from_millis(50);
/// How long connecting may take, TLS included. Nobody waits for it.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// After this, a connection that failed is tried again: seldom enough that a dead server costs nothing.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Lookups that may wait in line for the connection: as many queries as a process has under way at once.
const LOOKUPS_IN_LINE: usize = 512;
/// Slow answers in a row that take the connection down: one alone may be a hiccup of ours.
const SLOW_ANSWERS: u32 = 3;

/// See the module.
pub struct Link {
    client: Client,
    state: Mutex<State>,
    /// Slow answers since the last good one.
    slow: AtomicU32,
}

/// A connection, and which one it is.
pub struct Lent {
    pub connection: MultiplexedConnection,
    number: u64,
}

struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that what was said on an old one isn't held against a new one.
    number: u64,
    connecting: bool,
    /// When to try again.
    due: Instant,
    /// Whether the last thing that was logged is that Redis can't be used.
    complained: bool,
}

impl Link {
    pub fn new(client: Client) -> Self {
        let state = State {
            connection: None,
            number: 0,
            connecting: false,
            due: Instant::now(),
            complained: false,
        };
        Self {
            client,
            state: Mutex::new(state),
            slow: AtomicU32::new(0),
        }
    }

    /// The connection, if there is one now. If there is none, it is being made from here on, unless that was tried
    /// just now.
    pub fn lend(self: &Arc<Self>) -> Option<Lent> {
        let mut state = self.state();
        if let Some(connection) = &state.connection {
            return Some(Lent {
                connection: connection.clone(),
                number: state.number,
            });
        }
        if !state.connecting
            && Instant::now() >= state.due
            && let Ok(runtime) = Handle::try_current()
        {
            state.connecting = true;
            runtime.spawn(Arc::clone(self).connect());
        }
        None
    }

    /// The lent connection has answered.
    pub fn good(&self) {
        if self.slow.load(Ordering::Relaxed) != 0 {
            self.slow.store(0, Ordering::Relaxed);
        }
    }

    /// The lent connection hasn't answered well. Only slowness is given another chance.
    pub fn failed(&self, lent: &Lent, error: &RedisError) {
        if error.is_timeout() && self.slow.fetch_add(1, Ordering::Relaxed) + 1 < SLOW_ANSWERS {
            return;
        }
        let mut state = self.state();
        if state.number == lent.number {
            self.slow.store(0, Ordering::Relaxed);
            state.connection = None;
            state.complain(error);
        }
    }

    async fn connect(self: Arc<Self>) {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(READ_TIMEOUT))
            .set_pipeline_buffer_size(LOOKUPS_IN_LINE);
        let connected = connect(&self.client, &config).await;
        let mut state = self.state();
        state.connecting = false;
        match connected {
            Ok(connection) => {
                state.connection = Some(connection);
                state.number += 1;
                if std::mem::take(&mut state.complained) {
                    tracing::info!("the cache in Redis can be read again");
                }
            }
            Err(error) => state.complain(&error),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic can't leave it half changed: each change is a few assignments.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Once per trouble, not once per try.
    fn complain(&mut self, error: &RedisError) {
        self.due = Instant::now() + RETRY_AFTER;
        if !std::mem::replace(&mut self.complained, true) {
            tracing::warn!(error = %error, "the cache in Redis can't be read; queries are answered from SQL meanwhile");
        }
    }
}

/// A new connection that has been heard from: a server that loads its data accepts connections, too.
pub async fn connect(
    client: &Client,
    config: &AsyncConnectionConfig,
) -> Result<MultiplexedConnection, RedisError> {
    let connecting = async {
        let mut connection = client
            .get_multiplexed_async_connection_with_config(config)
            .await?;
        redis::cmd("PING").exec_async(&mut connection).await?;
        Ok(connection)
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err((ErrorKind::Io, "the server doesn't answer").into()),
    }
}
