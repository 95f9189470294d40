//! The proxies in front, run with the configuration that `deploy/` ships: only its addresses are replaced.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cluster::Cluster;
use crate::daemon::Program;
use crate::process::Recipe;
use crate::programs::find;
use crate::role::RoleKind;
use crate::{Error, wire};

/// Answered by the proxy itself: 200 while there is someone for reads and someone for writes.
const READY_PATH: &str = "/proxy/ready";

/// `HAProxy` with `deploy/haproxy/haproxy.cfg`.
#[derive(Debug)]
pub struct HaProxy {
    program: PathBuf,
    configuration: PathBuf,
    port: u16,
}

impl HaProxy {
    /// In front of this cluster's APIs, on this port.
    pub fn new(cluster: &Cluster, port: u16, folder: &Path) -> Result<Self, Error> {
        let shipped = read(&deploy().join("haproxy/haproxy.cfg"))?;
        let configuration = folder.join("haproxy.cfg");
        write(&configuration, &haproxy_configuration(&shipped, cluster))?;
        Ok(Self {
            program: find("haproxy")?,
            configuration,
            port,
        })
    }
}

impl Program for HaProxy {
    fn name(&self) -> String {
        "haproxy".to_owned()
    }

    fn recipe(&self) -> Recipe {
        Recipe::new(&self.program)
            .args(["-db", "-f"])
            .args([&self.configuration])
            .env("PROXY_LISTEN", format!("127.0.0.1:{}", self.port))
    }

    fn is_ready(&self) -> bool {
        is_ready(self.port)
    }
}

/// nginx with `deploy/nginx/nginx.conf`.
#[derive(Debug)]
pub struct Nginx {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Nginx {
    /// In front of this cluster's APIs, on this port.
    pub fn new(cluster: &Cluster, port: u16, folder: &Path) -> Result<Self, Error> {
        let shipped = read(&deploy().join("nginx/nginx.conf"))?;
        let folder = folder.join("nginx");
        fs::create_dir_all(&folder).map_err(Error::io(format!("making {}", folder.display())))?;
        write(
            &folder.join("nginx.conf"),
            &nginx_configuration(&shipped, cluster, port, &folder),
        )?;
        Ok(Self {
            program: find("nginx")?,
            folder,
            port,
        })
    }
}

impl Program for Nginx {
    fn name(&self) -> String {
        "nginx".to_owned()
    }

    fn recipe(&self) -> Recipe {
        Recipe::new(&self.program)
            .args(["-e", "stderr", "-g", "daemon off;", "-p"])
            .args([&self.folder])
            .args(["-c"])
            .args([self.folder.join("nginx.conf")])
    }

    fn is_ready(&self) -> bool {
        is_ready(self.port)
    }
}

fn is_ready(port: u16) -> bool {
    matches!(wire::http_get(port, READY_PATH), Ok((200, _)))
}

/// Puts a `server` line per process where the shipped file looks names up, and leaves out how it looks them up.
fn haproxy_configuration(shipped: &str, cluster: &Cluster) -> String {
    let mut lines = vec![];
    for line in shipped.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["server-template", _, _, name, ..] => {
                for (index, address) in addresses(cluster, name).iter().enumerate() {
                    lines.push(format!("    server s{} {address}", index + 1));
                }
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

/// The same for nginx, whose own files go into the folder, too.
fn nginx_configuration(shipped: &str, cluster: &Cluster, port: u16, folder: &Path) -> String {
    let mut lines = vec![];
    for line in shipped.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["server", name, rest @ ..] if name.contains(':') => {
                for address in addresses(cluster, name) {
                    lines.push(format!("        server {address} {}", rest.join(" ")));
                }
            }
            ["listen", _] => lines.push(format!("        listen 127.0.0.1:{port};")),
            _ => lines.push(line.replace("/tmp/nginx", &folder.display().to_string())),
        }
    }
    lines.join("\n") + "\n"
}

/// Of the processes that a deployment knows by this name: `query-api:8080`, or `"${QUERY_API}"`.
fn addresses(cluster: &Cluster, name: &str) -> Vec<String> {
    let name = name.to_lowercase().replace('_', "-");
    let kind = if name.contains(RoleKind::QueryApi.as_str()) {
        RoleKind::QueryApi
    } else {
        RoleKind::CommandApi
    };
    cluster.of(kind).map(|role| role.program.address()).collect()
}

/// What the project ships for running it.
fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::io(format!("reading {}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::io(format!("writing {}", path.display())))
}
