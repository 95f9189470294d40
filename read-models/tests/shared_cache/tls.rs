//! A server that speaks TLS: who trusts its certificates reads, who trusts others doesn't.

use std::path::Path;
use std::process::{Command, Stdio};

use read_models::cache::{ProductCache, RedisCache, RedisSettings};

use crate::server::Server;
use crate::shop::{Shop, hit_at, id, product};

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn only_certificates_that_are_trusted_are_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca",
        "req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other",
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=redis -addext subjectAltName=IP:127.0.0.1",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -copy_extensions copy",
    ] {
        openssl(folder.path(), command);
    }
    let server = Server::start_tls(folder);
    let shop = Shop::on(server.tls_url()).await;
    let position = shop.commit(&[product(1, "mug")]).await;
    let process = |certificates: &str| {
        let settings = RedisSettings {
            url: shop.url.clone(),
            ca_file: Some(server.file(certificates)),
            key_prefix: shop.prefix.clone(),
        };
        ProductCache::Redis(RedisCache::connect(&settings).unwrap())
    };
    let (trusting, other) = (process("ca.pem"), process("other.pem"));
    shop.keep(&trusting).await;
    hit_at(&trusting, 1, position).await;
    // Both began to connect at the same time, and one of them has been answered several times since.
    assert_eq!(other.document(id(1), None).await, None);
}

fn openssl(folder: &Path, command: &str) {
    let done = Command::new("openssl")
        .args(command.split(' '))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "openssl {command}");
}
