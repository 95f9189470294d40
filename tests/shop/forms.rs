//! Stories on both forms of the shop: written once against [`Shop`](crate::process::Shop), played against one process
//! on SQLite, and against a process per role on `PostgreSQL`, NATS and Redis behind a proxy.
//!
//! A story joins with one line, in place of its `#[tokio::test]`:
//!
//! ```ignore
//! on_each_form!(opinions_and_wishes);
//! async fn opinions_and_wishes() {
//!     let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
//!     …
//!     assert!(shop.stop().success());
//!     run(&data_dir, &["verify", "--views"]);
//! }
//! ```
//!
//! That makes `opinions_and_wishes::embedded`, which runs everywhere, and `opinions_and_wishes::distributed`, which needs
//! the servers' programs. In the latter every shop that the story starts is a cluster of its own on the same private
//! servers: its folder holds credentials and mailbox where the embedded form has them, [`run`](crate::process::run)
//! runs with its settings, and a kill or stop and a start in the same folder, with the same settings or with others, hit all
//! of its roles. What the story starts in tasks of its own (`tokio::spawn`) is outside of this: shops are started, and
//! commands run, by the story itself.
//!
//! What only one form has (a backup of the SQLite file, a role that dies alone) is no story for this.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use test_servers::{
    Cluster, ClusterSettings, ClusterSize, Daemon, Durability, Folder, HaProxy, RoleKind, Servers,
};

/// Makes two tests of each story, one per form.
macro_rules! on_each_form {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn embedded() {
                super::$story().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs servers: cargo xtask test"]
            async fn distributed() {
                crate::forms::on_servers(super::$story()).await;
            }
        }
    )+};
}
pub(crate) use on_each_form;

tokio::task_local! {
    /// Where shops are started while a story is played on the distributed form.
    static STAGE: Arc<Stage>;
}

/// The servers of a story, and its shops by their folders.
pub struct Stage {
    servers: Servers,
    shops: Mutex<BTreeMap<PathBuf, Roles>>,
}

/// One shop: the processes of all its roles, and the proxy that makes one origin of them.
struct Roles {
    cluster: Cluster,
    proxy: Daemon<HaProxy>,
}

/// Plays the story on the distributed form.
pub async fn on_servers(story: impl Future<Output = ()>) {
    let servers = Servers::start(Folder::temporary().unwrap(), Durability::None).unwrap();
    let stage = Arc::new(Stage {
        servers,
        shops: Mutex::default(),
    });
    Box::pin(STAGE.scope(Arc::clone(&stage), story)).await;
    let Some(stage) = Arc::into_inner(stage) else {
        panic!("a shop is left over when its story ends");
    };
    drop(stage.shops);
    stage.servers.stop().unwrap();
}

/// Where to start shops if the story is played on the distributed form.
pub fn stage() -> Option<Arc<Stage>> {
    STAGE.try_with(Arc::clone).ok()
}

impl Stage {
    /// Starts the shop of this folder, or starts it again, with these settings; where it answers.
    pub fn start(&self, data_dir: &Path, environment: &[(&str, &str)]) -> String {
        let mut shops = self.shops();
        if let Some(shop) = shops.get_mut(data_dir) {
            shop.start_again(data_dir, environment);
            return shop.cluster.public_url();
        }
        let shop = Roles::start(&self.servers, data_dir, environment);
        let url = shop.cluster.public_url();
        shops.insert(data_dir.to_owned(), shop);
        url
    }

    /// `kill -9` of every process.
    pub fn kill(&self, data_dir: &Path) {
        let mut shops = self.shops();
        let shop = known(&mut shops, data_dir);
        let _ = shop.proxy.kill_9();
        for role in &mut shop.cluster.roles {
            // One that has ended by itself is dead, too.
            let _ = role.kill_9();
        }
    }

    /// Stops every process gracefully: first the proxy, then who takes work, last who is told of it.
    pub fn stop(&self, data_dir: &Path) {
        let mut shops = self.shops();
        let shop = known(&mut shops, data_dir);
        shop.proxy.stop().unwrap();
        for role in shop.cluster.roles.iter_mut().rev() {
            role.ask_to_stop().unwrap();
        }
        for role in shop.cluster.roles.iter_mut().rev() {
            role.stop().unwrap();
        }
    }

    /// Runs `tillstream` with these arguments and the shop's settings, and gives back what it printed if it succeeded;
    /// none if no shop has this folder.
    pub fn run(&self, data_dir: &Path, arguments: &[&str]) -> Option<String> {
        let mut shops = self.shops();
        let shop = shops.get_mut(data_dir)?;
        // What the shop in one process does when it stops: the read models reach the log's end.
        let projectors = shop.cluster.role(RoleKind::Projectors, 1);
        let had_stopped = !projectors.is_running();
        if had_stopped {
            projectors.start().unwrap();
        }
        let printed = shop.cluster.run(arguments).unwrap();
        if had_stopped {
            shop.cluster.role(RoleKind::Projectors, 1).stop().unwrap();
        }
        Some(printed)
    }

    /// Everything that its processes have logged.
    pub fn log(&self, data_dir: &Path) -> String {
        let mut shops = self.shops();
        let roles = known(&mut shops, data_dir).cluster.roles.iter();
        roles
            .map(|role| std::fs::read_to_string(role.log()).unwrap_or_default())
            .collect()
    }

    /// The ids of its processes, without the proxy's.
    pub fn processes(&self, data_dir: &Path) -> Vec<u32> {
        let mut shops = self.shops();
        let roles = known(&mut shops, data_dir).cluster.roles.iter();
        roles.filter_map(Daemon::id).collect()
    }

    /// Where its APIs answer by themselves, without the proxy.
    pub fn doors(&self, data_dir: &Path) -> Vec<String> {
        let mut shops = self.shops();
        let cluster = &known(&mut shops, data_dir).cluster;
        let kinds = [RoleKind::CommandApi, RoleKind::QueryApi];
        kinds.into_iter().flat_map(|kind| cluster.urls(kind)).collect()
    }

    /// What its database answers: a row per line, fields separated by `|`.
    pub fn sql(&self, data_dir: &Path, sql: &str) -> String {
        let mut shops = self.shops();
        let database = known(&mut shops, data_dir).cluster.database();
        self.servers.postgres.program.sql(database, sql).unwrap()
    }

    fn shops(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Roles>> {
        // A poisoned lock is a failed test, whose shops are still to be killed.
        self.shops
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn known<'s>(shops: &'s mut BTreeMap<PathBuf, Roles>, data_dir: &Path) -> &'s mut Roles {
    shops
        .get_mut(data_dir)
        .unwrap_or_else(|| panic!("no shop in {}", data_dir.display()))
}

impl Roles {
    fn start(servers: &Servers, data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        // Logs and the proxy's configuration stay out of what the shop keeps.
        let folder = data_dir.with_extension("roles");
        let executable = env!("CARGO_BIN_EXE_tillstream");
        let mut settings = ClusterSettings::new(executable, folder, ClusterSize::ONE_OF_EACH).behind_proxy();
        settings.environment = settings_of(data_dir, environment);
        let cluster = Cluster::start(servers, settings).unwrap();
        let proxy = cluster.haproxy().unwrap();
        Self { cluster, proxy }
    }

    /// After all of it has been killed or stopped.
    fn start_again(&mut self, data_dir: &Path, environment: &[(&str, &str)]) {
        for role in &mut self.cluster.roles {
            assert!(!role.is_running(), "the shop in {} runs", data_dir.display());
        }
        self.cluster.replace_settings(settings_of(data_dir, environment));
        for role in &mut self.cluster.roles {
            role.launch().unwrap();
        }
        self.cluster.wait_until_ready().unwrap();
        self.proxy.start().unwrap();
    }
}

fn settings_of(data_dir: &Path, environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let data_dir = data_dir.to_str().unwrap();
    let settings = environment
        .iter()
        .copied()
        .chain([("TILLSTREAM_DATA_DIR", data_dir)]);
    settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
