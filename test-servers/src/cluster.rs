//! The shop's distributed form on this machine: real processes of the real executable on [`Servers`].
//!
//! Each cluster has a database, a stream and keys of its own, so that several share the same servers. What its roles are
//! told is [`environment`](crate::environment)'s.

use std::fs;
use std::path::{Path, PathBuf};

use crate::daemon::Daemon;
use crate::environment::{Environment, Settings};
use crate::port::{free_port, random_name};
use crate::process::Recipe;
use crate::proxy::{HaProxy, Nginx};
use crate::role::{Role, RoleKind};
use crate::{Error, Servers};

/// Where the payment provider reports to.
const WEBHOOK_PATH: &str = "/api/payments/webhooks/stripe";

/// How many of each role; always one sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterSize {
    pub relays: usize,
    pub projectors: usize,
    pub command_apis: usize,
    pub query_apis: usize,
    pub workers: usize,
}

impl ClusterSize {
    /// The least that works.
    pub const ONE_OF_EACH: Self = Self {
        relays: 1,
        projectors: 1,
        command_apis: 1,
        query_apis: 1,
        workers: 1,
    };

    fn counts(self) -> [(RoleKind, usize); 6] {
        [
            (RoleKind::PaymentSandbox, 1),
            (RoleKind::Relay, self.relays),
            (RoleKind::Projectors, self.projectors),
            (RoleKind::CommandApi, self.command_apis),
            (RoleKind::QueryApi, self.query_apis),
            (RoleKind::Workers, self.workers),
        ]
    }
}

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// `tillstream`.
    pub executable: PathBuf,
    /// Where its secrets, mailbox and logs go: a folder that is there, and not in use by another.
    pub folder: PathBuf,
    pub size: ClusterSize,
    /// More settings for every role: `TILLSTREAM_…`. They win over those that a cluster gives by itself.
    pub environment: Vec<(String, String)>,
    /// Whether clients, and the sandbox's reports, come through a proxy, which is still to be started.
    pub behind_proxy: bool,
}

impl ClusterSettings {
    pub fn new(executable: impl Into<PathBuf>, folder: impl Into<PathBuf>, size: ClusterSize) -> Self {
        Self {
            executable: executable.into(),
            folder: folder.into(),
            size,
            environment: vec![],
            behind_proxy: false,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn behind_proxy(self) -> Self {
        Self {
            behind_proxy: true,
            ..self
        }
    }
}

/// Roles under way; killed, not left over, when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    /// In the order in which they are started.
    pub roles: Vec<Daemon<Role>>,
    settings: ClusterSettings,
    environment: Environment,
    public_port: u16,
    database: String,
}

/// A new database, and who reads it.
struct Corner {
    name: String,
    url: String,
    reader: String,
    reader_url: String,
}

impl Cluster {
    /// Makes a shop, starts its roles, and waits until all are ready.
    pub fn start(servers: &Servers, settings: ClusterSettings) -> Result<Self, Error> {
        let mut cluster = Self::prepare(servers, settings)?;
        for role in &mut cluster.roles {
            role.launch()?;
        }
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// A shop whose secrets are made and whose database is migrated; no role runs yet.
    pub fn prepare(servers: &Servers, settings: ClusterSettings) -> Result<Self, Error> {
        let corner = Corner::new(servers)?;
        let roles = plan(&settings)?;
        let public_port = free_port()?;
        let given = given_settings(servers, &settings, &corner, &roles, public_port)?;
        let environment = Environment::new(given, corner.reader_url, &settings.environment);
        let logs = settings.folder.join("logs");
        fs::create_dir_all(&logs).map_err(Error::io(format!("making the folder {}", logs.display())))?;
        let roles = roles
            .into_iter()
            .map(|role| {
                let settings = environment.of(role.kind);
                Daemon::new(role.with_environment(settings), &logs)
            })
            .collect();
        let cluster = Self {
            roles,
            settings,
            environment,
            public_port,
            database: corner.name,
        };
        cluster.run(&["init"])?;
        cluster.run(&["migrate"])?;
        Ok(cluster)
    }

    /// Runs `tillstream` with these arguments and this shop's settings to its end, and gives back what it printed, if it
    /// succeeded.
    pub fn run(&self, arguments: &[&str]) -> Result<String, Error> {
        Recipe {
            environment: self.environment.shared().to_vec(),
            ..Recipe::new(&self.settings.executable)
        }
        .args(arguments)
        .run()
    }

    /// The settings of every role but the query API.
    pub fn environment(&self) -> &[(String, String)] {
        self.environment.shared()
    }

    /// Other settings in place of [`ClusterSettings::environment`]. A role that runs has them from its next start on.
    pub fn replace_settings(&mut self, own: Settings) {
        self.environment.replace_own(&own);
        for role in &mut self.roles {
            let settings = self.environment.of(role.program.kind);
            role.program = role.program.clone().with_environment(settings);
        }
        self.settings.environment = own;
    }

    /// Starts what doesn't run, and waits until every role is ready.
    pub fn wait_until_ready(&mut self) -> Result<(), Error> {
        for role in &mut self.roles {
            role.start()?;
        }
        Ok(())
    }

    pub fn of(&self, kind: RoleKind) -> impl Iterator<Item = &Daemon<Role>> {
        self.roles.iter().filter(move |role| role.program.kind == kind)
    }

    /// The how-many-th of its kind, from 1.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn role(&mut self, kind: RoleKind, number: usize) -> &mut Daemon<Role> {
        let mut roles = self.roles.iter_mut();
        let found = roles.find(|role| role.program.kind == kind && role.program.number == number);
        found.unwrap_or_else(|| panic!("the cluster has no {} {number}", kind.as_str()))
    }

    /// Where each of them answers.
    pub fn urls(&self, kind: RoleKind) -> Vec<String> {
        self.of(kind).map(|role| role.program.url()).collect()
    }

    /// Where links in emails lead: to the proxy, which splits reads from writes, if it is behind one; else to a query API.
    pub fn public_url(&self) -> String {
        self.environment.setting("TILLSTREAM_PUBLIC_URL")
    }

    /// Whether [`public_url`](Self::public_url) is a proxy's.
    pub fn is_behind_proxy(&self) -> bool {
        self.settings.behind_proxy
    }

    /// The database's name at the servers' `PostgreSQL`.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// With `secrets.json` and `credentials.json`.
    pub fn data_dir(&self) -> PathBuf {
        data_dir(&self.settings)
    }

    /// A file per process.
    pub fn logs(&self) -> PathBuf {
        self.settings.folder.join("logs")
    }

    /// `HAProxy` with our configuration, at [`public_url`](Self::public_url).
    pub fn haproxy(&self) -> Result<Daemon<HaProxy>, Error> {
        let proxy = HaProxy::new(self, self.public_port, &self.settings.folder)?;
        Daemon::started(proxy, &self.logs())
    }

    /// nginx with our configuration, at [`public_url`](Self::public_url).
    pub fn nginx(&self) -> Result<Daemon<Nginx>, Error> {
        let proxy = Nginx::new(self, self.public_port, &self.settings.folder)?;
        Daemon::started(proxy, &self.logs())
    }

    /// Stops all of them gracefully: first who takes work, last who is told of it. Says who didn't.
    pub fn stop(mut self) -> Result<(), Error> {
        let mut first_failure = Ok(());
        for role in self.roles.iter_mut().rev() {
            role.ask_to_stop()?;
        }
        for role in self.roles.iter_mut().rev() {
            first_failure = first_failure.and(role.stop());
        }
        first_failure
    }
}

impl Corner {
    fn new(servers: &Servers) -> Result<Self, Error> {
        let postgres = &servers.postgres.program;
        let (name, reader, password) = (random_name("shop_"), random_name("reader_"), random_name(""));
        postgres.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        postgres.sql(
            "postgres",
            &format!("CREATE ROLE {reader} LOGIN PASSWORD '{password}'"),
        )?;
        Ok(Self {
            url: postgres.url_of(&name),
            reader_url: postgres.url_as(&reader, &password, &name),
            name,
            reader,
        })
    }
}

/// Every role with a port of its own.
fn plan(settings: &ClusterSettings) -> Result<Vec<Role>, Error> {
    let mut roles = vec![];
    for (kind, count) in settings.size.counts() {
        for number in 1..=count {
            roles.push(Role::new(kind, number, settings.executable.clone())?);
        }
    }
    Ok(roles)
}

/// What every role is told if the operator says nothing else.
fn given_settings(
    servers: &Servers,
    settings: &ClusterSettings,
    corner: &Corner,
    roles: &[Role],
    public_port: u16,
) -> Result<Settings, Error> {
    let first = |kind| roles.iter().find(|role| role.kind == kind).map(Role::url);
    let proxy = settings
        .behind_proxy
        .then(|| format!("http://127.0.0.1:{public_port}"));
    let public_url = proxy
        .clone()
        .or_else(|| first(RoleKind::QueryApi))
        .unwrap_or_default();
    let reports_to = proxy.or_else(|| first(RoleKind::CommandApi)).unwrap_or_default();
    let sandbox = format!("127.0.0.1:{}", free_port()?);
    let data_dir = data_dir(settings);
    let given = [
        ("TILLSTREAM_DATA_DIR", data_dir.display().to_string()),
        ("TILLSTREAM_POSTGRES__URL", corner.url.clone()),
        ("TILLSTREAM_POSTGRES__READER_ROLE", corner.reader.clone()),
        ("TILLSTREAM_NATS__URL", servers.nats.program.url()),
        ("TILLSTREAM_NATS__PREFIX", corner.name.clone()),
        ("TILLSTREAM_REDIS__URL", servers.redis.program.url()),
        ("TILLSTREAM_REDIS__PREFIX", corner.name.clone()),
        ("TILLSTREAM_PUBLIC_URL", public_url),
        ("TILLSTREAM_PAYMENTS__SANDBOX_LISTEN", sandbox.clone()),
        ("TILLSTREAM_PAYMENTS__SANDBOX_URL", format!("http://{sandbox}")),
        (
            "TILLSTREAM_PAYMENTS__WEBHOOK_URL",
            format!("{reports_to}{WEBHOOK_PATH}"),
        ),
    ];
    Ok(given.map(|(name, value)| (name.to_owned(), value)).into())
}

fn data_dir(settings: &ClusterSettings) -> PathBuf {
    Path::new(&settings.folder).join("shop")
}
