//! Where the programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Where Debian keeps a `PostgreSQL` of each version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";
/// Where servers are that a user's own `PATH` often lacks.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];

/// Each program that tests run, and the Debian package that it comes in.
const PACKAGES: [(&str, &str); 9] = [
    ("initdb", "postgresql"),
    ("postgres", "postgresql"),
    ("psql", "postgresql-client"),
    ("pgbench", "postgresql"),
    ("nats-server", "nats-server"),
    ("redis-server", "redis-server"),
    ("haproxy", "haproxy"),
    ("nginx", "nginx-light"),
    ("promtool", "prometheus"),
];

/// The path of a program: from `PATH`, or where Debian hides it. The newest `PostgreSQL` wins.
pub fn find(program: &'static str) -> Result<PathBuf, Error> {
    installed(program).ok_or_else(|| Error::NotInstalled {
        program,
        package: package_of(program),
    })
}

/// The same, if it's there.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path);
    let system = SYSTEM_FOLDERS.iter().map(PathBuf::from);
    postgres_folders()
        .into_iter()
        .chain(on_path)
        .chain(system)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The Debian package that has a program.
fn package_of(program: &'static str) -> &'static str {
    PACKAGES
        .iter()
        .find(|(name, _)| *name == program)
        .map_or(program, |(_, package)| package)
}

/// Newest first. `initdb`, `postgres` and `psql` must come from the same one.
fn postgres_folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(POSTGRES_VERSIONS))
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}
