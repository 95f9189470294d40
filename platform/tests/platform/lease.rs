//! Leases, on a real server: who holds one, who takes over, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use platform::lease::{Lease, LeaseOptions, POSTGRES_SCHEMA};
use platform::postgres::{self, PostgresTarget};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::corner::Database;
use crate::proxy::Proxy;

/// Short, as the tests wait for it to run out; long enough for a crowded machine to renew in time.
const SHORT: LeaseOptions = LeaseOptions {
    ttl: Duration::from_millis(1_500),
};

/// So long that nothing in a test can be due to its running out.
const ENDLESS: LeaseOptions = LeaseOptions {
    ttl: Duration::from_hours(24),
};

/// A process that wants the lease, until it is shut down or killed.
struct Contender {
    /// How often its work has begun.
    terms: watch::Receiver<usize>,
    held: watch::Receiver<bool>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Contender {
    /// `working` counts who works at this moment; it must never be more than one.
    fn start(lease: Lease, working: Arc<AtomicUsize>) -> Self {
        let (begun, terms) = watch::channel(0);
        let (held, shutdown) = (lease.is_held(), CancellationToken::new());
        let task = tokio::spawn({
            let shutdown = shutdown.clone();
            async move {
                let work = |token: CancellationToken| {
                    let (begun, working) = (begun.clone(), Arc::clone(&working));
                    async move {
                        let working = Working::begin(&working);
                        begun.send_modify(|terms| *terms += 1);
                        token.cancelled().await;
                        drop(working);
                    }
                };
                lease.hold(shutdown, work).await;
            }
        });
        Self {
            terms,
            held,
            shutdown,
            task,
        }
    }

    async fn open(database: &Database, working: &Arc<AtomicUsize>, options: LeaseOptions) -> Self {
        let target = database.target().await;
        let lease = Lease::open_postgres(&target, "relay", options).await.unwrap();
        Self::start(lease, Arc::clone(working))
    }

    async fn works(&mut self, term: usize) {
        self.terms.wait_for(|terms| *terms == term).await.unwrap();
        assert!(*self.held.borrow());
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
        assert!(!*self.held.borrow());
    }

    /// As a crash does: nothing is released.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Somebody at work.
struct Working(Arc<AtomicUsize>);

impl Working {
    fn begin(working: &Arc<AtomicUsize>) -> Self {
        assert_eq!(working.fetch_add(1, Ordering::SeqCst), 0, "two work at once");
        Self(Arc::clone(working))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn execute(connection: &mut PgConnection, statement: &'static str) -> u64 {
    let done = sqlx::query(statement).execute(connection).await.unwrap();
    done.rows_affected()
}

#[tokio::test]
async fn where_one_process_does_everything_it_always_holds() {
    let working = Arc::default();
    let mut contender = Contender::start(Lease::always(), Arc::clone(&working));
    contender.works(1).await;
    contender.stop().await;
    assert_eq!(working.load(Ordering::SeqCst), 0);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn one_works_and_a_shutdown_hands_over_at_once() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::default());
    // Were it not released, the next would wait for a day. It looks seldom, too, so it is opened after the release.
    for _ in 0..3 {
        let mut contender = Contender::open(&database, &working, ENDLESS).await;
        contender.works(1).await;
        contender.stop().await;
    }
    let mut connection = database.connect().await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM leases.leases")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 0);
    connection.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn who_waits_takes_over_from_who_stops() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::default());
    let mut first = Contender::open(&database, &working, SHORT).await;
    first.works(1).await;
    let mut second = Contender::open(&database, &working, SHORT).await;
    // The lease is renewed while the other looks on.
    let mut connection = database.connect().await;
    let read = "SELECT held_until::text FROM leases.leases WHERE name = 'relay'";
    let before: String = sqlx::query_scalar(read).fetch_one(&mut connection).await.unwrap();
    while before
        == sqlx::query_scalar::<_, String>(read)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!((*first.terms.borrow(), *second.terms.borrow()), (1, 0));
    first.stop().await;
    second.works(1).await;
    second.stop().await;
    connection.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn who_waits_takes_over_from_who_dies() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::default());
    let mut first = Contender::open(&database, &working, SHORT).await;
    first.works(1).await;
    let mut second = Contender::open(&database, &working, SHORT).await;
    first.kill().await;
    second.works(1).await;
    second.stop().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn work_stops_when_the_lease_is_somebody_elses() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::default());
    let mut contender = Contender::open(&database, &working, SHORT).await;
    contender.works(1).await;
    let mut connection = database.connect().await;
    let taken = "UPDATE leases.leases SET holder = gen_random_uuid(), held_until = now() + interval '1 day'";
    assert_eq!(execute(&mut connection, taken).await, 1);
    contender.held.wait_for(|held| !held).await.unwrap();
    while working.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*contender.terms.borrow(), 1);

    // It waits, and begins anew when the other is gone.
    assert_eq!(execute(&mut connection, "DELETE FROM leases.leases").await, 1);
    contender.works(2).await;
    contender.stop().await;
    connection.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_lost_connection_alone_loses_nothing() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::default());
    let target = database.target_named("holder").await;
    // Long enough for a new connection on the slowest machine before the lease runs out.
    let long = LeaseOptions {
        ttl: Duration::from_secs(9),
    };
    let lease = Lease::open_postgres(&target, "relay", long).await.unwrap();
    let mut contender = Contender::start(lease, Arc::clone(&working));
    contender.works(1).await;
    let mut connection = database.connect().await;
    let until = "SELECT held_until::text FROM leases.leases";
    let before: String = sqlx::query_scalar(until)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'holder'";
    assert!(execute(&mut connection, kill).await > 0);
    while before
        == sqlx::query_scalar::<_, String>(until)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        *contender.terms.borrow(),
        1,
        "it was renewed over a new connection"
    );
    contender.stop().await;
    connection.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn who_cannot_renew_stops_before_another_begins() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::default());
    let url = database.url().await;
    let proxy = Proxy::start(url).await;
    let target = PostgresTarget::parse(&proxy.url(url), "cut off").unwrap();
    let lease = Lease::open_postgres(&target, "relay", SHORT).await.unwrap();
    let mut first = Contender::start(lease, Arc::clone(&working));
    first.works(1).await;
    let mut second = Contender::open(&database, &working, SHORT).await;

    let proxy = proxy.stop().await;
    second.works(1).await;
    assert!(
        !*first.held.borrow(),
        "and the work itself tells if two work at once"
    );

    // Back on the network, it waits its turn.
    let proxy = proxy.start_again().await;
    second.stop().await;
    first.works(2).await;
    first.stop().await;
    drop(proxy);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn two_holds_on_one_lease_take_turns_too() {
    let (database, working) = (Database::new(POSTGRES_SCHEMA), Arc::new(AtomicUsize::new(0)));
    let target = database.target().await;
    let lease = Lease::open_postgres(&target, "relay", SHORT).await.unwrap();
    // Each ends by itself, which releases the lease.
    let work = |_| async {
        let working = Working::begin(&working);
        tokio::task::yield_now().await;
        drop(working);
    };
    tokio::join!(
        lease.hold(CancellationToken::new(), work),
        lease.hold(CancellationToken::new(), work),
    );
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn leases_of_different_names_have_nothing_to_do_with_each_other() {
    let database = Database::new(POSTGRES_SCHEMA);
    let target = database.target().await;
    let mut contenders = Vec::new();
    for name in ["relay", "projector"] {
        let lease = Lease::open_postgres(&target, name, ENDLESS).await.unwrap();
        let mut contender = Contender::start(lease, Arc::default());
        contender.works(1).await;
        contenders.push(contender);
    }
    for contender in contenders {
        contender.stop().await;
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_database_without_the_table_is_refused() {
    let target = PostgresTarget::parse(&test_servers::new_database().await, "test").unwrap();
    let opened = Lease::open_postgres(&target, "relay", SHORT).await;
    assert!(matches!(
        opened,
        Err(postgres::OpenError::OlderSchema {
            schema: "leases",
            found: 0,
            ..
        })
    ));
}
