//! Real invoices go into the distributed form, through the proxy; the sales report agrees to the penny, and the read
//! models in PostgreSQL are byte for byte those that the embedded form makes of the same log.

use std::time::Instant;

use test_servers::{Cluster, ClusterSettings, ClusterSize, Durability, Folder, Servers};
use tokio::task::block_in_place;

use crate::import::file;

const SIZE: ClusterSize = ClusterSize {
    command_apis: 3,
    query_apis: 2,
    ..ClusterSize::ONE_OF_EACH
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn the_distributed_form_comes_to_the_same_totals_and_the_same_bytes() {
    block_in_place(import);
}

fn import() {
    let servers = Servers::start(Folder::temporary().unwrap(), Durability::Full).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let settings = ClusterSettings::new(env!("CARGO_BIN_EXE_tillstream"), folder.path(), SIZE)
        .behind_proxy()
        .with("TILLSTREAM_DEMO", "false");
    let cluster = Cluster::start(&servers, settings).unwrap();
    let proxy = cluster.haproxy().unwrap();
    let url = cluster.public_url();
    let (state, rejected) = (folder.path().join("state"), folder.path().join("rejected.csv"));
    let import = |more: &[&str]| {
        let mut arguments = vec![
            "import",
            "online-retail",
            file.to_str().unwrap(),
            "--server",
            &url,
        ];
        arguments.extend(["--state", state.to_str().unwrap()]);
        arguments.extend(["--rejected", rejected.to_str().unwrap()]);
        arguments.extend(more);
        cluster.run(&arguments).unwrap()
    };
    let started_at = Instant::now();
    println!("{}", import(&[]));
    println!("import: {:.1} s", started_at.elapsed().as_secs_f64());
    println!("{}", import(&["--check"]));
    let verified_at = Instant::now();
    println!("{}", cluster.run(&["verify", "--views"]).unwrap());
    println!(
        "verify, and a rebuild in SQLite compared with PostgreSQL: {:.1} s",
        verified_at.elapsed().as_secs_f64()
    );
    drop(proxy);
    cluster.stop().unwrap();
    servers.stop().unwrap();
}
