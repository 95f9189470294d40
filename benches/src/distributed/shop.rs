//! The shop as processes of its own, and the servers below it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use test_servers::{
    Cluster, ClusterSettings, ClusterSize, Daemon, Durability, Folder, Program, Role, RoleKind, Servers,
};
use tokio::task::block_in_place;

use crate::endpoint::{Endpoint, Server};

/// Without it a query API answers from SQL alone.
const REDIS_SETTING: &str = "TILLSTREAM_REDIS__URL";

/// What works behind the answers, in the order in which it is stopped.
const BACKGROUND: [RoleKind; 3] = [RoleKind::Workers, RoleKind::Projectors, RoleKind::Relay];

/// Roles first, so that they end before the servers do.
pub struct Shop {
    query_api_without_redis: Daemon<Role>,
    pub cluster: Cluster,
    pub servers: Servers,
}

impl Shop {
    /// Starts servers and roles with everything of theirs in this folder.
    pub fn start(executable: &Path, size: ClusterSize, folder: &Path) -> anyhow::Result<Self> {
        block_in_place(|| {
            let servers = Servers::start(Folder::kept(folder)?, Durability::Full).with_context(|| {
                format!(
                    "the servers don't start below {}, where PostgreSQL's user must be let in; --folder names another",
                    folder.display()
                )
            })?;
            let home = folder.join("roles");
            fs::create_dir_all(&home)?;
            let cluster = Cluster::start(&servers, ClusterSettings::new(executable, &home, size))?;
            let query_api_without_redis = without_redis(&cluster, executable)?;
            Ok(Self {
                query_api_without_redis,
                cluster,
                servers,
            })
        })
    }

    /// Where one of those answers that take commands.
    pub fn commands_url(&self) -> String {
        self.cluster.urls(RoleKind::CommandApi).swap_remove(0)
    }

    pub fn commands(&self) -> anyhow::Result<Endpoint> {
        self.endpoint(RoleKind::CommandApi)
    }

    pub fn queries(&self) -> anyhow::Result<Endpoint> {
        self.endpoint(RoleKind::QueryApi)
    }

    pub fn queries_without_redis(&self) -> anyhow::Result<Endpoint> {
        let servers = vec![server(&self.query_api_without_redis)?];
        Ok(Endpoint { servers })
    }

    fn endpoint(&self, kind: RoleKind) -> anyhow::Result<Endpoint> {
        let servers = self.cluster.of(kind).map(server).collect::<anyhow::Result<_>>()?;
        Ok(Endpoint { servers })
    }

    /// With the admin's login.
    pub fn data_dir(&self) -> PathBuf {
        self.cluster.data_dir()
    }

    /// Runs SQL in the shop's database; what it selects, a row per line, fields separated by `|`.
    pub fn sql(&self, sql: &str) -> anyhow::Result<String> {
        let postgres = &self.servers.postgres.program;
        Ok(block_in_place(|| postgres.sql(self.cluster.database(), sql))?)
    }

    /// Stops whatever works behind the answers.
    pub fn stop_background(&mut self) -> anyhow::Result<()> {
        block_in_place(|| {
            for kind in BACKGROUND {
                self.background(kind).try_for_each(Daemon::stop)?;
            }
            Ok(())
        })
    }

    /// Starts it again, and waits until it is ready.
    pub fn start_background(&mut self) -> anyhow::Result<()> {
        Ok(block_in_place(|| self.cluster.wait_until_ready())?)
    }

    fn background(&mut self, kind: RoleKind) -> impl Iterator<Item = &mut Daemon<Role>> {
        let roles = self.cluster.roles.iter_mut();
        roles.filter(move |role| role.program.kind == kind)
    }

    /// `tillstream rebuild`, to its end.
    pub fn rebuild(&self) -> anyhow::Result<()> {
        self.cluster.run(&["rebuild"])?;
        Ok(())
    }

    /// What runs, readable.
    pub fn described(&self) -> anyhow::Result<String> {
        let mut kinds: Vec<(RoleKind, usize)> = vec![];
        for role in &self.cluster.roles {
            match kinds.iter_mut().find(|(kind, _)| *kind == role.program.kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((role.program.kind, 1)),
            }
        }
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(kind, count)| format!("{count} {}", kind.as_str()))
            .collect();
        let version = self.sql("SHOW server_version")?;
        Ok(format!(
            "{} on PostgreSQL {}, NATS and Redis",
            kinds.join(", "),
            version.trim()
        ))
    }
}

/// One more query API, like the others but for the cache.
fn without_redis(cluster: &Cluster, executable: &Path) -> anyhow::Result<Daemon<Role>> {
    let other = cluster.of(RoleKind::QueryApi).next();
    let other = other.context("a cluster without a query API")?;
    let mut environment = other.program.recipe().environment;
    environment.retain(|(name, _)| name != REDIS_SETTING);
    let number = cluster.of(RoleKind::QueryApi).count() + 1;
    let role = Role::new(RoleKind::QueryApi, number, executable.to_owned())?.with_environment(environment);
    Ok(Daemon::started(role, &cluster.logs())?)
}

fn server(role: &Daemon<Role>) -> anyhow::Result<Server> {
    let id = role.id();
    Ok(Server {
        url: role.program.url(),
        id: id.with_context(|| format!("{} isn't running", role.program.name()))?,
    })
}
