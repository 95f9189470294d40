//! The fault harness: everything that can die does, under load, and an outside journal says what must be there
//! afterwards. That it would notice is proven by planting bugs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use test_servers::{Cluster, ClusterSettings, ClusterSize, Durability, Folder, RoleKind, Servers};
use tokio::task::block_in_place;

use super::careful::{Doors, PASSWORD};
use super::fault::Fault;
use super::load::Load;
use crate::client::order;
use crate::process::login_made_in;
use crate::random::Random;
use crate::size;

const SIZE: ClusterSize = ClusterSize {
    relays: 2,
    projectors: 2,
    command_apis: 3,
    query_apis: 2,
    workers: 2,
};
/// Orders before the first fault: enough to sell out what is scarce, and to send some twice.
const ORDERS_FIRST: u64 = 300;
/// Orders between two faults, at least: each strikes a shop that is busy.
const ORDERS_BETWEEN: u64 = 20;
/// A fault has struck by then; what is ordered later has to live with it.
const STRUCK_BY: Duration = Duration::from_millis(50);
/// How long that may take: the longest recovery, and then some.
const BUSY_AGAIN_MAX: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn nothing_is_lost_and_nothing_happens_twice_whatever_dies() {
    let seed = seed();
    let mut random = Random::new(seed);
    let kills = size::of("TILLSTREAM_FAULTS_KILLS", 4);
    let nats_stopped = Duration::from_secs(size::of("TILLSTREAM_FAULTS_NATS_STOPPED_S", 3));
    let mut faults = vec![
        Fault::NatsStopped(nats_stopped),
        Fault::NatsStorageDeleted,
        Fault::RedisFlushed,
        Fault::RedisRestarted,
        Fault::PostgresRestarted,
        Fault::LeaderHung(RoleKind::Relay),
        Fault::LeaderHung(RoleKind::Projectors),
        Fault::LeaderHung(RoleKind::Workers),
        Fault::LeaseLost(RoleKind::Relay),
        Fault::LeaseLost(RoleKind::Projectors),
        Fault::LeaseLost(RoleKind::Workers),
    ];
    faults.extend((0..kills).map(|_| Fault::any_kill(&mut random)));
    println!("{} faults, seed {seed}", faults.len());
    let report = run(&faults, None, &mut random).await;
    println!("{report}");
    assert!(report.violations.is_empty(), "seed {seed}");
}

/// Without the check, a command that is sent twice runs twice.
#[cfg(feature = "planted-bugs")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn a_missing_idempotency_check_is_found() {
    goes_red("idempotency-check", &[]).await;
}

/// Without the check, more is sold than there is.
#[cfg(feature = "planted-bugs")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn a_missing_stock_check_is_found() {
    goes_red("stock-check", &[]).await;
}

/// Without the check, events are applied twice while two projectors believe that they lead.
#[cfg(feature = "planted-bugs")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn a_missing_position_check_is_found() {
    // Now and then the one that has lost its lease learns of it before the other begins.
    goes_red("position-check", &[Fault::LeaseLost(RoleKind::Projectors); 12]).await;
}

#[cfg(feature = "planted-bugs")]
async fn goes_red(bug: &str, faults: &[Fault]) {
    let report = run(faults, Some(bug), &mut Random::new(1)).await;
    println!("{report}");
    assert!(
        !report.violations.is_empty(),
        "{bug} is planted, and nobody noticed"
    );
}

fn seed() -> u64 {
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    size::of(
        "TILLSTREAM_FAULTS_SEED",
        u64::try_from(clock & 0xFFFF_FFFF).unwrap(),
    )
}

/// What a run came to.
struct Report {
    orders: usize,
    /// By kind of fault: how long it took until a new order was answered and could be read.
    recoveries: BTreeMap<String, Vec<Duration>>,
    violations: Vec<String>,
}

async fn run(faults: &[Fault], bug: Option<&str>, random: &mut Random) -> Report {
    let mut servers =
        block_in_place(|| Servers::start(Folder::temporary().unwrap(), Durability::Full)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = ClusterSettings::new(env!("CARGO_BIN_EXE_tillstream"), folder.path(), SIZE)
        .with("TILLSTREAM_DEMO", "false")
        .with("TILLSTREAM_LOG__FORMAT", "json");
    if let Some(bug) = bug {
        settings = settings.with("TILLSTREAM_PLANT", bug);
    }
    let mut cluster = block_in_place(|| Cluster::start(&servers, settings)).unwrap();
    let doors = Doors::new(
        cluster.urls(RoleKind::CommandApi),
        cluster.urls(RoleKind::QueryApi),
    );
    let admin = login_made_in(&cluster.data_dir());
    let load = Load::start(doors.clone(), (&admin.username, &admin.password), random.next()).await;
    let probe = Probe::new(doors).await;

    busy(&load, ORDERS_FIRST).await;
    let mut recoveries: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for (number, fault) in faults.iter().enumerate() {
        let recovered = tokio::spawn(probe.clone().recover(number));
        block_in_place(|| fault.strike(&mut servers, &mut cluster, random));
        let took = recovered.await.unwrap();
        println!("{fault}: an order goes through and can be read after {took:.1?}");
        recoveries.entry(fault.kind()).or_default().push(took);
        block_in_place(|| cluster.wait_until_ready()).unwrap();
        busy(&load, ORDERS_BETWEEN).await;
    }

    let mut outcome = load.stop().await;
    let mailbox = cluster.data_dir().join("mailbox");
    let mut violations = outcome.violations(&mailbox, faults.len()).await;
    violations.extend(probe.violations(faults.len()).await);
    violations.extend(panics(&cluster.logs()));
    let verified = block_in_place(|| cluster.run(&["verify", "--views"]));
    violations.extend(verified.err().map(|error| error.to_string()));
    block_in_place(|| cluster.stop()).unwrap();
    block_in_place(|| servers.stop()).unwrap();
    Report {
        orders: outcome.accepted(),
        recoveries,
        violations,
    }
}

/// Until so many more orders have been answered.
async fn busy(load: &Load, orders: u64) {
    let (wanted, began) = (load.answered() + orders, Instant::now());
    while load.answered() < wanted {
        assert!(
            began.elapsed() < BUSY_AGAIN_MAX,
            "no orders are answered any more"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A buyer who finds out when the shop works again.
#[derive(Clone)]
struct Probe {
    doors: Doors,
    token: String,
}

impl Probe {
    const NAME: &str = "probe";

    async fn new(doors: Doors) -> Self {
        doors.register(Self::NAME).await;
        let token = doors.login(Self::NAME, PASSWORD).await;
        Self { doors, token }
    }

    /// Orders, and reads the order; how long that takes while something is broken.
    async fn recover(mut self, number: usize) -> Duration {
        let began = Instant::now();
        tokio::time::sleep(STRUCK_BY).await;
        // Tokens live for minutes, a long run doesn't.
        self.token = self.doors.login(Self::NAME, PASSWORD).await;
        let (key, body) = (format!("probe-{number}"), order("SKU-0", 1));
        let token = Some(self.token.as_str());
        let placed = self.doors.command(token, "/api/orders", &key, &body).await;
        let position = placed.position();
        let order = placed.expect(201);
        let path = format!("/api/orders/{}", order["order_id"].as_str().unwrap());
        self.doors.query(token, &path, position).await.expect(200);
        began.elapsed()
    }

    /// Whether its orders are those that it placed, one after each fault.
    async fn violations(&self, placed: usize) -> Option<String> {
        let token = self.doors.login(Self::NAME, PASSWORD).await;
        let listed = self.doors.all(&token, "/api/orders", 0).await.len();
        (listed != placed).then(|| format!("{listed} orders are listed for the {placed} of the probe"))
    }
}

/// Processes that panicked.
fn panics(logs: &Path) -> Vec<String> {
    let files = fs::read_dir(logs).unwrap().flatten();
    let panicked = files.filter_map(|file| {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        let line = text.lines().find(|line| line.contains("panicked"))?;
        Some(format!("{}: {line}", file.file_name().to_string_lossy()))
    });
    panicked.collect()
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} orders accepted.", self.orders)?;
        writeln!(f, "Until a new order was answered and could be read:")?;
        for (kind, times) in &self.recoveries {
            let mut times = times.clone();
            times.sort();
            let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
            writeln!(
                f,
                "  {kind}: {} times, median {median:.1?}, longest {longest:.1?}",
                times.len()
            )?;
        }
        if self.violations.is_empty() {
            return write!(f, "Nothing lost, nothing twice, read models equal to a rebuild.");
        }
        writeln!(f, "{} violations:", self.violations.len())?;
        for violation in self.violations.iter().take(20) {
            writeln!(f, "  {violation}")?;
        }
        Ok(())
    }
}
