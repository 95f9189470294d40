//! What the relay does when NATS or the log isn't what it was.

use crate::log_room::{LogRoom, all, append};
use crate::nats_server::NatsServer;
use crate::road::{Road, read};
use crate::storage;

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_server_that_is_killed_and_comes_back_has_everything() {
    let mut server = NatsServer::start(&[]).await;
    let road = Road::to(&server.url()).await;
    let feed = road.blind_feed().await;
    let relay = road.relay().await;
    let before = append(&road.log, "before", 200).await;
    relay.reaches(before).await;
    server.stop();
    let meanwhile = append(&road.log, "meanwhile", 200).await;
    server.resume().await;
    relay.reaches(meanwhile).await;
    let after = append(&road.log, "after", 200).await;
    assert_eq!(read(&feed, 0, after).await, all(&road.log).await);
    relay.reaches(after).await;
    assert_eq!(road.messages().await, after);
    relay.stop().await;
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn deleted_storage_is_filled_anew() {
    let mut server = NatsServer::start(&[]).await;
    let road = Road::to(&server.url()).await;
    let feed = road.blind_feed().await;
    let relay = road.relay().await;
    let before = append(&road.log, "before", 1_500).await;
    relay.reaches(before).await;
    let seen = read(&feed, 0, before).await;
    server.stop();
    storage::delete(&server);
    server.resume().await;
    let after = append(&road.log, "after", 200).await;
    relay.reaches(after).await;
    let rest = read(&feed, before, after).await;
    assert_eq!([seen, rest].concat(), all(&road.log).await);
    assert_eq!(relay.stats.made(), 2);
    assert!(road.stream().await.base > 0);
    relay.stop().await;
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_stream_deleted_under_an_idle_relay_is_made_anew() {
    let road = Road::to(&test_servers::nats()).await;
    let relay = road.relay().await;
    let position = append(&road.log, "some", 20).await;
    relay.reaches(position).await;
    road.bus.delete_stream().await.unwrap();
    // No new event tells the relay; it looks by itself.
    while relay.stats.made() < 2 {
        tokio::task::yield_now().await;
    }
    let next = append(&road.log, "more", 1).await;
    relay.reaches(next).await;
    assert_eq!(road.messages().await, next);
    relay.stop().await;
    road.end().await;
}

/// NATS writes to its disk once a minute: a crash of the machine takes back what it had acknowledged.
#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn what_nats_has_lost_is_published_again() {
    let mut server = NatsServer::start(&[]).await;
    let road = Road::to(&server.url()).await;
    let feed = road.blind_feed().await;
    let relay = road.relay().await;
    let kept = append(&road.log, "kept", 50).await;
    relay.reaches(kept).await;
    server.stop();
    storage::back_up(&server);
    server.resume().await;
    let lost = append(&road.log, "lost", 50).await;
    relay.reaches(lost).await;
    assert_eq!(read(&feed, 0, lost).await.len(), 100);
    server.stop();
    storage::restore(&server);
    server.resume().await;
    let after = append(&road.log, "after", 50).await;
    relay.reaches(after).await;
    assert_eq!(relay.stats.made(), 1);
    assert_eq!(road.messages().await, after);
    assert_eq!(read(&feed, lost, after).await, all(&road.log).await[100..]);
    assert_eq!(read(&feed.clone(), 0, after).await, all(&road.log).await);
    relay.stop().await;
    road.end().await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn a_stream_ahead_of_the_log_is_made_anew() {
    let road = Road::to(&test_servers::nats()).await;
    append(&road.log, "some", 10).await;
    road.log.close().await;
    let backup = road.room.copy();
    let log = road.room.open().await;
    let relay = road.relay_from(log.clone()).await;
    let lost = append(&log, "lost", 10).await;
    relay.reaches(lost).await;
    relay.stop().await;
    log.close().await;

    restored(&road, &backup).await;
}

#[tokio::test]
#[ignore = "needs servers: cargo xtask test"]
async fn the_stream_of_another_log_is_made_anew() {
    let road = Road::to(&test_servers::nats()).await;
    let position = append(&road.log, "some", 10).await;
    let relay = road.relay().await;
    relay.reaches(position).await;
    relay.stop().await;
    road.log.close().await;

    restored(&road, &LogRoom::new()).await;
}

/// A relay of this log finds the stream of `road`, and makes it its own.
async fn restored(road: &Road, room: &LogRoom) {
    let log = room.open().await;
    append(&log, "another", 5).await;
    let relay = road.relay_from(log.clone()).await;
    let feed = platform::feed::Feed::jet_stream(room.open_blind().await, road.bus.clone());
    let position = append(&log, "more", 20).await;
    assert_eq!(read(&feed, 0, position).await, all(&log).await);
    relay.reaches(position).await;
    assert_eq!(relay.stats.made(), 1);
    assert_eq!(road.messages().await, position);
    relay.stop().await;
    road.bus.delete_stream().await.unwrap();
    log.close().await;
}
