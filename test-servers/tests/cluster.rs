//! The distributed form and the proxies come up, come back where they were, and leave nothing over. What the shop does
//! meanwhile is tested in `tests/shop`.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use test_servers::{Cluster, ClusterSettings, ClusterSize, Durability, Folder, RoleKind, Servers};

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn roles_come_back_where_they_were_and_leave_nothing_over() {
    let servers = Servers::start(Folder::temporary().unwrap(), Durability::None).unwrap();
    let folder = Folder::temporary().unwrap();
    let settings = ClusterSettings::new(executable(), folder.path(), ClusterSize::ONE_OF_EACH);
    let mut cluster = Cluster::start(&servers, settings.behind_proxy()).unwrap();
    assert_eq!(cluster.roles.len(), 6);

    let api = cluster.role(RoleKind::CommandApi, 1);
    let (url, id) = (api.program.url(), api.id());
    api.kill_9().unwrap();
    assert!(api.program.metrics().is_err());
    api.start().unwrap();
    assert_eq!(api.program.url(), url);
    assert_ne!(api.id(), id);
    assert!(api.program.metrics().unwrap().contains("tillstream_build_info"));

    for name in ["haproxy", "nginx"] {
        proxy_splits_reads_from_writes(&cluster, name);
    }
    let ids: Vec<u32> = cluster
        .roles
        .iter()
        .filter_map(test_servers::Daemon::id)
        .collect();
    cluster.stop().unwrap();
    for id in ids {
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "{id} still runs");
    }
}

/// Reads are answered by the query API, everything else by the command API, and the inside by nobody.
fn proxy_splits_reads_from_writes(cluster: &Cluster, name: &str) {
    let (mut haproxy, mut nginx) = (None, None);
    match name {
        "haproxy" => haproxy = Some(cluster.haproxy().unwrap()),
        _ => nginx = Some(cluster.nginx().unwrap()),
    }
    let url = cluster.public_url();
    assert_eq!(status(&url, "GET", "/api/products"), 200, "{name}");
    assert_eq!(status(&url, "HEAD", "/api/products"), 200, "{name}");
    // Known to the command API alone, which wants a body.
    assert_eq!(status(&url, "POST", "/api/auth/login"), 422, "{name}");
    for path in [
        "/metrics",
        "/metrics/",
        "/health/ready",
        "/health/live",
        "/METRICS",
    ] {
        assert_eq!(status(&url, "GET", path), 404, "{name}: {path}");
    }
    drop((haproxy.take(), nginx.take()));
}

/// What is answered to a request without a body.
fn status(url: &str, method: &str, path: &str) -> u16 {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The one that `cargo test` has just built beside this test, or `TILLSTREAM_TEST_EXECUTABLE`.
fn executable() -> PathBuf {
    if let Some(path) = env::var_os("TILLSTREAM_TEST_EXECUTABLE") {
        return path.into();
    }
    let test = env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("tillstream")
}
