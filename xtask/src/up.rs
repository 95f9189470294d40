//! The distributed form on this machine, to be looked at: real servers, several of each role, a proxy in front.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use test_servers::{Cluster, ClusterSettings, ClusterSize, Durability, Folder, RoleKind, Servers};

use crate::install::{self, SERVERS};
use crate::process::{Interrupt, release_build};

/// More than one of each, so that one can be killed.
const SIZE: ClusterSize = ClusterSize {
    relays: 2,
    projectors: 2,
    command_apis: 3,
    query_apis: 2,
    workers: 2,
};
/// What splits reads from writes.
const PROXY: &str = "haproxy";

/// Runs the distributed form on this machine until Ctrl-C: `PostgreSQL`, NATS and Redis of its own, several processes per
/// role, a proxy in front.
#[derive(Args)]
pub struct Up {
    /// Keep data and logs in this new folder [default: a temporary one that is removed in the end]
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

impl Up {
    pub fn run(&self) -> anyhow::Result<()> {
        install::install(&[SERVERS])?;
        let folder = self.folder()?;
        let executable = release_build()?;
        let interrupt = Interrupt::listen()?;
        println!("starting PostgreSQL, NATS and Redis");
        let servers = Servers::start(folder, Durability::Full)?;
        let has_proxy = test_servers::installed(PROXY).is_some();
        let mut settings = ClusterSettings::new(executable, servers.folder(), SIZE);
        if has_proxy {
            settings = settings.behind_proxy();
        }
        println!("starting the roles");
        let cluster = Cluster::start(&servers, settings)?;
        let proxy = has_proxy.then(|| cluster.haproxy()).transpose()?;
        welcome(&servers, &cluster, has_proxy)?;

        interrupt.wait();
        println!("\nstopping: what was accepted is finished first; Ctrl-C again stops at once");
        drop(proxy);
        cluster.stop()?;
        servers.stop()?;
        Ok(())
    }

    fn folder(&self) -> anyhow::Result<Folder> {
        let Some(path) = &self.keep else {
            return Ok(Folder::temporary()?);
        };
        let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
        ensure!(
            is_empty,
            "{} isn't empty: it would be mixed with what is in it",
            path.display()
        );
        Ok(Folder::kept(path)?)
    }
}

/// Where everything is, how to get in, and what to try first.
fn welcome(servers: &Servers, cluster: &Cluster, has_proxy: bool) -> anyhow::Result<()> {
    println!("\nTillstream is open, as {} processes\n", cluster.roles.len());
    if has_proxy {
        line("shop", &cluster.public_url());
        line("API docs", &format!("{}/api/docs/", cluster.public_url()));
    } else {
        println!(
            "  There is no proxy, since {PROXY} isn't installed (apt-get install {PROXY}): the command and query APIs"
        );
        println!("  have addresses of their own.");
    }
    for role in &cluster.roles {
        let process = &role.program;
        let id = role.id().context("a role has ended")?;
        let name = format!("{} {}", process.kind.as_str(), process.number);
        println!("  {name:<18} {:<26} process {id}", process.url());
    }
    line("PostgreSQL", &servers.postgres.program.url_of(cluster.database()));
    line("NATS", &servers.nats.program.url());
    line("Redis", &servers.redis.program.url());
    line(
        "credentials",
        &cluster.data_dir().join("credentials.json").display().to_string(),
    );
    line("logs", &cluster.logs().display().to_string());
    println!("\nTry it: look around, register, log in, buy a mug, see the order.\n");
    for command in tour(cluster) {
        println!("  $ {command}");
    }
    println!(
        "\nKill any of these processes (kill -9 or kill -STOP): the shop stays open.\nCtrl-C stops all of it."
    );
    Ok(())
}

fn line(what: &str, value: &str) {
    println!("  {what:<18} {value}");
}

/// Commands to paste, each on a line of its own.
fn tour(cluster: &Cluster) -> Vec<String> {
    let first = |kind| cluster.urls(kind).into_iter().next().unwrap_or_default();
    let is_behind_proxy = cluster.is_behind_proxy();
    let url = |kind| {
        if is_behind_proxy {
            cluster.public_url()
        } else {
            first(kind)
        }
    };
    let (reads, writes) = (url(RoleKind::QueryApi), url(RoleKind::CommandApi));
    let json = "-H 'content-type: application/json'";
    let person = r#"{"username":"ann","email":"ann@example.com","password":"correct horse battery"}"#;
    let login = r#"{"login":"ann","password":"correct horse battery"}"#;
    let order = r#"{"lines":[{"sku":"MUG-BLUE","quantity":1}],"country":"GB","payment":{"method":"card","token":"pm_card_visa"}}"#;
    let token = r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#;
    let bearer = r#"-H "authorization: Bearer $TOKEN""#;
    vec![
        format!("curl -sf '{reads}/api/products?q=mug'"),
        format!("curl -sf {writes}/api/auth/register {json} -d '{person}'"),
        format!("TOKEN=$(curl -sf {writes}/api/auth/login {json} -d '{login}' | {token})"),
        format!(
            "curl -sf {writes}/api/orders {bearer} {json} -H 'idempotency-key: my-first-mug' -d '{order}'"
        ),
        format!("curl -sf {reads}/api/orders {bearer}"),
    ]
}
