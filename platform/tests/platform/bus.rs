//! The bus by itself: how it is reached, what it accepts, how it tells a wrong stream.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use events::envelope::RecordedEvent;
use platform::bus::{
    Bus, BusCredentials, BusError, BusSettings, BusTls, ClientCertificate, EventStream, Mismatch, Standing,
};
use platform::event_log::EventLog;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::log_room::{LogRoom, all, append};
use crate::nats_server::NatsServer;

fn settings(url: &str) -> BusSettings {
    BusSettings {
        prefix: test_servers::new_name(),
        ..BusSettings::new(vec![url.to_owned()])
    }
}

async fn connect(settings: &BusSettings) -> Bus {
    let bus = Bus::connect(settings.clone()).await.unwrap();
    bus.connected().await;
    bus
}

async fn sound(bus: &Bus, log: &EventLog) -> EventStream {
    match bus.look(log).await.unwrap() {
        Standing::Sound(stream) => stream,
        other => panic!("the stream isn't sound: {other:?}"),
    }
}

async fn publish(bus: &Bus, stream: EventStream, event: &RecordedEvent) -> Result<(), BusError> {
    bus.publish(stream, event).await?.stored().await
}

/// A log of `count` events, and a stream for it on the servers of all tests.
async fn road(count: usize) -> (LogRoom, EventLog, BusSettings, Bus) {
    let room = LogRoom::new();
    let log = room.open().await;
    append(&log, "some", count).await;
    let settings = settings(&test_servers::nats());
    let bus = connect(&settings).await;
    assert_eq!(bus.look(&log).await.unwrap(), Standing::Missing);
    bus.make_stream(&log).await.unwrap();
    (room, log, settings, bus)
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_start_without_nats_is_made_up_for() {
    let mut server = NatsServer::start(&[]).await;
    server.stop();
    let bus = Bus::connect(settings(&server.url())).await.unwrap();
    assert!(!bus.is_connected());
    server.resume().await;
    bus.connected().await;
    assert!(bus.is_connected());
    server.stop();
    bus.disconnected().await;
    server.resume().await;
    bus.connected().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_password_opens_nats_and_a_wrong_one_does_not() {
    let server = NatsServer::start(&["--user", "till", "--pass", "p@ss"]).await;
    connect(&settings(&format!("nats://till:p%40ss@{}", server.address()))).await;
    let mut given = settings(&server.url());
    given.credentials = BusCredentials::Password {
        user: "till".to_owned(),
        password: "p@ss".to_owned(),
    };
    connect(&given).await;
    given.credentials = BusCredentials::Token("p@ss".to_owned());
    assert!(is_refused(given).await);
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_token_opens_nats() {
    let server = NatsServer::start(&["--auth", "sesame"]).await;
    connect(&settings(&format!("nats://sesame@{}", server.address()))).await;
    let mut given = settings(&server.url());
    given.credentials = BusCredentials::Token("sesame".to_owned());
    connect(&given).await;
}

/// A log with an event, and the room that it needs.
async fn some_log() -> (LogRoom, EventLog) {
    let room = LogRoom::new();
    let log = room.open().await;
    append(&log, "some", 1).await;
    (room, log)
}

/// NATS doesn't let it in.
async fn is_refused(settings: BusSettings) -> bool {
    let (_room, log) = some_log().await;
    let bus = Bus::connect(settings).await.unwrap();
    let looked = bus.look(&log).await;
    !bus.is_connected() && matches!(looked, Err(BusError::Unavailable { .. }))
}

/// An authority, and certificates of its for a server and a client.
struct Certificates(TempDir);

impl Certificates {
    fn new() -> Self {
        let this = Self(TempDir::new().unwrap());
        this.openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca");
        for name in ["server", "client"] {
            std::fs::write(
                this.file("extensions"),
                "basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1\n",
            )
            .unwrap();
            this.openssl(&format!(
                "req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
            ));
            this.openssl(&format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile extensions"
            ));
        }
        this
    }

    fn openssl(&self, arguments: &str) {
        let made = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .output()
            .expect("openssl is installed");
        assert!(made.status.success(), "{made:?}");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }

    fn client(&self) -> ClientCertificate {
        ClientCertificate {
            certificate_file: self.file("client.pem"),
            key_file: self.file("client.key"),
        }
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn tls_verifies_both_sides() {
    let made = Certificates::new();
    let (certificate, key, ca) = (
        made.text("server.pem"),
        made.text("server.key"),
        made.text("ca.pem"),
    );
    let server = NatsServer::start(&[
        "--tlsverify",
        "--tlscert",
        &certificate,
        "--tlskey",
        &key,
        "--tlscacert",
        &ca,
    ])
    .await;
    let both = BusTls {
        ca_file: Some(made.file("ca.pem")),
        client: Some(made.client()),
    };
    let nothing_to_show = BusTls {
        client: None,
        ..both.clone()
    };
    let trusting_others = BusTls {
        ca_file: None,
        ..both.clone()
    };
    let mut given = settings(&server.url());
    given.tls = Some(both);
    connect(&given).await;
    for refused in [Some(nothing_to_show), Some(trusting_others), None] {
        given.tls = refused;
        assert!(is_refused(given.clone()).await, "{:?}", given.tls);
    }
}

/// What can't work is said at once, with the file's name and without what is in it.
#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let folder = TempDir::new().unwrap();
    let junk = folder.path().join("junk");
    std::fs::write(&junk, "sesame").unwrap();
    let missing = folder.path().join("missing");
    let tls = |ca_file: &Path, client: Option<ClientCertificate>| {
        let mut given = settings("nats://127.0.0.1:1");
        given.tls = Some(BusTls {
            ca_file: Some(ca_file.to_owned()),
            client,
        });
        given
    };
    let mut cases = vec![(tls(&junk, None), &junk), (tls(&missing, None), &missing)];
    for file in [&junk, &missing] {
        let mut given = settings("nats://127.0.0.1:1");
        given.credentials = BusCredentials::File(file.clone());
        cases.push((given, file));
    }
    for (given, file) in cases {
        match Bus::connect(given).await {
            Err(BusError::File { path, reason }) => {
                assert_eq!(&path, file);
                assert!(!reason.contains("sesame"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn only_the_event_that_follows_the_last_is_taken() {
    let (_room, log, _, bus) = road(4).await;
    let stream = sound(&bus, &log).await;
    let events = all(&log).await;
    // The fence holds on an empty stream too.
    let early = publish(&bus, stream, &events[1]).await;
    assert!(
        matches!(early, Err(BusError::Refused { position: 2 })),
        "{early:?}"
    );
    for event in &events[..3] {
        publish(&bus, stream, event).await.unwrap();
    }
    // A stale relay repeats what is there: nothing is added.
    publish(&bus, stream, &events[1]).await.unwrap();
    assert_eq!(sound(&bus, &log).await.last_sequence, 3);
    // One that takes the stream for another has its events refused.
    let elsewhere = EventStream { base: 1, ..stream };
    for event in &events[1..] {
        let refused = publish(&bus, elsewhere, event).await;
        assert!(matches!(refused, Err(BusError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(sound(&bus, &log).await.last_sequence, 3);
    bus.delete_stream().await.unwrap();
    let gone = publish(&bus, stream, &events[3]).await;
    assert!(matches!(gone, Err(BusError::Missing)), "{gone:?}");
}

/// What was sent behind a refused event is refused, however far it was pipelined.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn behind_a_hole_nothing_is_taken() {
    let (_room, log, _, bus) = road(300).await;
    let stream = sound(&bus, &log).await;
    let mut sent = Vec::new();
    for event in all(&log).await.iter().filter(|event| event.position != 100) {
        sent.push(bus.publish(stream, event).await.unwrap());
    }
    for publishing in sent {
        let position = publishing.position();
        assert_eq!(publishing.stored().await.is_ok(), position < 100, "{position}");
    }
    assert_eq!(sound(&bus, &log).await.last_position(), 99);
    bus.delete_stream().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_stream_that_contradicts_the_log_is_told() {
    let (room, log, _, bus) = road(5).await;
    log.close().await;
    let (restored, other) = (room.copy(), LogRoom::new());
    let log = room.open().await;
    append(&log, "lost", 3).await;
    let stream = sound(&bus, &log).await;
    for event in all(&log).await {
        publish(&bus, stream, &event).await.unwrap();
    }
    let log = restored.open().await;
    let ahead = Mismatch::Ahead { stream: 8, log: 5 };
    assert_eq!(bus.look(&log).await.unwrap(), Standing::Wrong(ahead));
    append(&log, "other", 4).await;
    let diverged = Mismatch::Diverged { position: 8 };
    assert_eq!(bus.look(&log).await.unwrap(), Standing::Wrong(diverged));
    let log = other.open().await;
    assert!(matches!(bus.look(&log).await, Err(BusError::EmptyLog)));
    append(&log, "some", 8).await;
    assert_eq!(bus.look(&log).await.unwrap(), Standing::Wrong(Mismatch::OtherLog));
    bus.delete_stream().await.unwrap();
}

/// An event that a publisher with another base got past the fence.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_shifted_stream_is_told() {
    let (_room, log, _, bus) = road(5).await;
    let stream = sound(&bus, &log).await;
    let events = all(&log).await;
    let elsewhere = EventStream { base: 2, ..stream };
    publish(&bus, elsewhere, &events[2]).await.unwrap();
    let shifted = Mismatch::Shifted {
        sequence: 1,
        position: 1,
    };
    assert_eq!(bus.look(&log).await.unwrap(), Standing::Wrong(shifted));
    // Its own position was sequence 3, and it is there as another: no acknowledgement counts for it.
    let refused = publish(&bus, stream, &events[2]).await;
    assert!(
        matches!(refused, Err(BusError::Refused { position: 3 })),
        "{refused:?}"
    );
    bus.delete_stream().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn somebody_elses_stream_is_left_alone() {
    let (_room, log) = some_log().await;
    let settings = settings(&test_servers::nats());
    let bus = connect(&settings).await;
    let operator = async_nats::jetstream::new(async_nats::connect(test_servers::nats()).await.unwrap());
    let config = |name: String| async_nats::jetstream::stream::Config {
        name,
        subjects: vec![format!("{}.events.>", settings.prefix)],
        ..Default::default()
    };
    let (same, other) = (format!("{}-events", settings.prefix), test_servers::new_name());
    operator.create_stream(config(same.clone())).await.unwrap();
    assert!(matches!(bus.look(&log).await, Err(BusError::NotOurs { stream }) if stream == same));
    assert!(matches!(bus.delete_stream().await, Err(BusError::NotOurs { .. })));
    operator.delete_stream(same).await.unwrap();
    operator.create_stream(config(other.clone())).await.unwrap();
    let made = bus.make_stream(&log).await;
    assert!(matches!(made, Err(BusError::NotOurs { .. })), "{made:?}");
    operator.delete_stream(other).await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_stream_gets_the_bounds_of_the_settings() {
    let (_room, log, settings, bus) = road(1).await;
    let operator = async_nats::jetstream::new(async_nats::connect(test_servers::nats()).await.unwrap());
    let name = format!("{}-events", settings.prefix);
    let before = operator
        .get_stream(&name)
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    assert_eq!(before.max_age, Duration::from_hours(24));
    assert_eq!(before.max_bytes, 2 * 1024 * 1024 * 1024);
    let smaller = BusSettings {
        max_age: Duration::from_mins(1),
        max_bytes: 1_000_000,
        ..settings
    };
    let bus_with_others = connect(&smaller).await;
    // Made already, by a process with other settings.
    bus_with_others.make_stream(&log).await.unwrap();
    bus_with_others.fit_stream().await.unwrap();
    let after = operator
        .get_stream(&name)
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    assert_eq!(after.max_age, Duration::from_mins(1));
    assert_eq!(after.max_bytes, 1_000_000);
    assert_eq!(after.description, before.description);
    bus.delete_stream().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_write_is_told_to_other_processes() {
    let (room, here, settings, bus) = road(1).await;
    let there = room.open_blind().await;
    let other_bus = connect(&settings).await;
    let shutdown = CancellationToken::new();
    let mut seen = there.watch();
    let writing = async {
        // Nudges of before the other side listens are lost, so there are more.
        while *seen.borrow_and_update() < 2 {
            append(&here, "more", 1).await;
            tokio::select! {
                _ = seen.changed() => {}
                () = tokio::task::yield_now() => {}
            }
        }
        shutdown.cancel();
    };
    let ((), listened, ()) = tokio::join!(
        bus.nudge_log(&here, &shutdown),
        other_bus.listen_for_nudges(&there, &shutdown),
        writing
    );
    listened.unwrap();
    bus.delete_stream().await.unwrap();
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn moved_views_are_told_to_other_processes() {
    let settings = settings(&test_servers::nats());
    let (here, there) = (connect(&settings).await, connect(&settings).await);
    let mut nudges = there.views_nudges().await.unwrap();
    let mut position = 100;
    let first = loop {
        // Those of before the other side listens are lost.
        here.nudge_views(position).await;
        position += 1;
        tokio::select! {
            heard = nudges.next() => break heard.unwrap(),
            () = tokio::task::yield_now() => {}
        }
    };
    assert!((100..position).contains(&first), "{first}");
    here.nudge_views(position).await;
    while nudges.next().await.unwrap() != position {}
}
