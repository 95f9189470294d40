//! A private `PostgreSQL`, with a password, on loopback alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rustix::process::{Signal, geteuid};

use crate::Error;
use crate::daemon::{Daemon, Program};
use crate::port::{free_port, random_name};
use crate::process::{Recipe, signal_id};
use crate::programs::find;

/// Who owns everything in it.
const USER: &str = "tillstream";
/// The system's user that Debian's package makes; `PostgreSQL` refuses to run as root.
const SYSTEM_USER: &str = "postgres";
/// Many tests at once, each with several pools.
const MAX_CONNECTIONS: u32 = 300;

/// What a crash may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed: for faults and for measuring.
    Full,
    /// Anything: nothing waits for the disk, so that tests which don't crash the server are quick.
    None,
}

/// Where and how it runs.
#[derive(Debug)]
pub struct Postgres {
    server: PathBuf,
    psql: PathBuf,
    data: PathBuf,
    port: u16,
    password: String,
    durability: Durability,
    user: Option<&'static str>,
}

impl Postgres {
    /// Makes a new, empty one below `folder`.
    pub fn new(folder: &Path, durability: Durability) -> Result<Self, Error> {
        let postgres = Self {
            server: find("postgres")?,
            psql: find("psql")?,
            data: folder.join("postgres"),
            port: free_port()?,
            password: random_name(""),
            durability,
            user: geteuid().is_root().then_some(SYSTEM_USER),
        };
        postgres.initialise(folder)?;
        Ok(postgres)
    }

    /// Of its first database, as a user who may create others.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    pub fn url_of(&self, database: &str) -> String {
        self.url_as(USER, &self.password, database)
    }

    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL, and gives back what it selects, a row per line, fields separated by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, Error> {
        Recipe::new(&self.psql)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--dbname", &self.address(database)])
            .args(["--command", sql])
            // Not on the command line, where everybody on the machine can read it.
            .env("PGPASSWORD", &self.password)
            .run()
    }

    fn address(&self, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} user={USER} dbname={database} connect_timeout=5",
            self.port
        )
    }

    fn initialise(&self, folder: &Path) -> Result<(), Error> {
        let password_file = folder.join("postgres-password");
        let doing = || format!("preparing {}", self.data.display());
        fs::create_dir_all(&self.data).map_err(Error::io(doing()))?;
        fs::write(&password_file, &self.password).map_err(Error::io(doing()))?;
        fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600)).map_err(Error::io(doing()))?;
        if let Some(user) = self.user {
            for path in [&self.data, &password_file] {
                chown(path, Some(id_of(user)?), None).map_err(Error::io(doing()))?;
            }
        }
        let mut initdb = Recipe::new(find("initdb")?)
            .args([
                "--username",
                USER,
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
            ])
            .args(["--locale", "C.UTF-8", "--no-sync", "--pgdata"])
            .args([&self.data])
            .args(["--pwfile".as_ref(), password_file.as_os_str()]);
        initdb.user = self.user;
        initdb.run()?;
        fs::remove_file(&password_file).map_err(Error::io(doing()))
    }
}

impl Program for Postgres {
    fn name(&self) -> String {
        "postgres".to_owned()
    }

    fn recipe(&self) -> Recipe {
        let mut settings = vec![
            format!("port={}", self.port),
            format!("max_connections={MAX_CONNECTIONS}"),
            "listen_addresses=127.0.0.1".to_owned(),
            // A socket's path may have no more than 107 bytes, and a temporary folder's often has.
            "unix_socket_directories=".to_owned(),
        ];
        if self.durability == Durability::None {
            settings
                .extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
        }
        let mut recipe = Recipe::new(&self.server).args(["-D"]).args([&self.data]);
        for setting in settings {
            recipe = recipe.args(["-c".to_owned(), setting]);
        }
        recipe.user = self.user;
        // An immediate shutdown: its children and its shared memory go, too.
        recipe.death_signal = "QUIT";
        recipe
    }

    fn is_ready(&self) -> bool {
        self.sql("postgres", "SELECT 1").is_ok()
    }

    /// A fast shutdown: it doesn't wait for clients.
    fn stop_signal(&self) -> Signal {
        Signal::INT
    }

    /// After a `kill -9` its orphans need a moment to notice.
    fn may_try_again(&self, told: &str) -> bool {
        let last = told.trim_end().lines().rev().take(4);
        last.into_iter()
            .any(|line| line.contains("pre-existing shared memory block"))
    }
}

impl Daemon<Postgres> {
    /// Hangs all of it: the server, and every process that serves a connection.
    pub fn hang(&self) -> Result<(), Error> {
        self.sigstop()?;
        self.signal_children(Signal::STOP)
    }

    /// The end of [`hang`](Self::hang).
    pub fn resume(&self) -> Result<(), Error> {
        self.signal_children(Signal::CONT)?;
        self.sigcont()
    }

    fn signal_children(&self, signal: Signal) -> Result<(), Error> {
        let Some(id) = self.id() else { return Ok(()) };
        let children = Recipe::new(find("pgrep")?).args(["-P", &id.to_string()]).run()?;
        for child in children.lines().filter_map(|line| line.parse().ok()) {
            // One that has just ended needs no signal.
            let _ = signal_id(child, signal);
        }
        Ok(())
    }
}

fn id_of(user: &'static str) -> Result<u32, Error> {
    let printed = Recipe::new(find("id")?).args(["-u", user]).run()?;
    printed.trim().parse().map_err(|_| Error::Failed {
        command: format!("id -u {user}"),
        told: printed,
    })
}
