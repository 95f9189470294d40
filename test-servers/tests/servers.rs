//! The servers themselves: they come back where they were, with what they promise to keep, and nothing of them is left over.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use test_servers::{Durability, Folder, Servers};

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn postgres_keeps_what_was_committed_over_a_kill() {
    let mut servers = start();
    let postgres = &mut servers.postgres;
    let url = postgres.program.url();
    let sql = "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)";
    postgres.program.sql("postgres", sql).unwrap();

    postgres.kill_9().unwrap();
    assert!(!postgres.is_running());
    assert!(postgres.program.sql("postgres", "SELECT 1").is_err());
    postgres.start().unwrap();
    assert_eq!(postgres.program.url(), url);
    assert_eq!(
        postgres.program.sql("postgres", "SELECT id FROM kept").unwrap(),
        "7\n"
    );

    postgres.restart().unwrap();
    assert_eq!(
        postgres.program.sql("postgres", "SELECT id FROM kept").unwrap(),
        "7\n"
    );
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn postgres_hangs_and_goes_on() {
    let servers = start();
    let postgres = &servers.postgres;
    postgres.hang().unwrap();
    assert_eq!(state_of(postgres.id().unwrap()), "T");
    assert!(
        postgres.program.sql("postgres", "SELECT 1").is_err(),
        "it answers while it hangs"
    );
    postgres.resume().unwrap();
    assert_eq!(postgres.program.sql("postgres", "SELECT 1").unwrap(), "1\n");
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn nats_keeps_its_streams_until_its_storage_is_deleted() {
    let mut servers = start();
    let nats = &mut servers.nats;
    let made = ask_nats(
        &nats.program.url(),
        "STREAM.CREATE.S",
        r#"{"name":"S","subjects":["s"]}"#,
    );
    assert!(made.contains("\"did_create\":true"), "{made}");

    nats.kill_9().unwrap();
    nats.start().unwrap();
    let kept = ask_nats(&nats.program.url(), "STREAM.NAMES", "");
    assert!(kept.contains("\"S\""), "{kept}");

    nats.delete_storage().unwrap();
    let lost = ask_nats(&nats.program.url(), "STREAM.NAMES", "");
    assert!(lost.contains("\"total\":0"), "{lost}");
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn redis_keeps_nothing_over_a_flush_or_a_restart() {
    let mut servers = start();
    let redis = &mut servers.redis;
    let ask = |url: &str, line: &str| {
        ask(url.trim_start_matches("redis://"), &format!("{line}\r\n"), |_| {
            true
        })
    };
    let url = redis.program.url();
    assert_eq!(ask(&url, "SET k v"), "+OK");
    redis.program.flush().unwrap();
    assert_eq!(ask(&url, "EXISTS k"), ":0");
    assert_eq!(ask(&url, "SET k v"), "+OK");
    redis.restart().unwrap();
    assert_eq!(ask(&url, "EXISTS k"), ":0");
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn nothing_is_left_over() {
    let servers = start();
    let folder = servers.folder().to_owned();
    let ids = [servers.postgres.id(), servers.nats.id(), servers.redis.id()].map(Option::unwrap);
    for id in ids {
        assert!(Path::new(&format!("/proc/{id}")).exists());
    }
    servers.nats.sigstop().unwrap();
    drop(servers);
    for id in ids {
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "{id} still runs");
    }
    assert!(!folder.exists());
}

fn start() -> Servers {
    Servers::start(Folder::temporary().unwrap(), Durability::Full).unwrap()
}

/// The letter that Linux has for what a process does: T if it is stopped.
fn state_of(id: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    after_name[..1].to_owned()
}

/// What `JetStream` answers.
fn ask_nats(url: &str, what: &str, body: &str) -> String {
    let length = body.len();
    let text = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB inbox 1\r\nPUB $JS.API.{what} inbox {length}\r\n{body}\r\nPING\r\n"
    );
    ask(url.trim_start_matches("nats://"), &text, |line| {
        line.starts_with('{')
    })
}

/// Sends, and gives back the first line that is wanted.
fn ask(address: &str, text: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let lines = BufReader::new(stream).lines();
    lines.map(Result::unwrap).find(|line| wanted(line)).unwrap()
}
