//! Blobs in a bucket: of a server that checks signatures, and of one that isn't there.

use std::path::Path;

use bytes::Bytes;
use platform::backup::Target;
use platform::blobs::{BlobError, BlobPlace, BlobStore, S3Bucket, S3Credentials};
use tempfile::TempDir;
use test_servers::{S3, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY};

fn bucket(endpoint: &str, secret: &str) -> BlobPlace {
    BlobPlace::S3(S3Bucket {
        name: "shop".to_owned(),
        prefix: "one".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: Some("local".to_owned()),
        credentials: Some(S3Credentials {
            access_key_id: S3_ACCESS_KEY_ID.to_owned(),
            secret_access_key: secret.to_owned(),
        }),
    })
}

fn is_told_without(error: &BlobError, secret: &str) -> bool {
    !format!("{error} {error:?}").contains(secret)
}

async fn server(folder: &Path) -> S3 {
    S3::start(folder, &["shop"]).await.unwrap()
}

#[tokio::test]
async fn a_bucket_keeps_what_every_place_promises() {
    let folder = TempDir::new().unwrap();
    let server = server(folder.path()).await;
    let place = bucket(&server.endpoint(), S3_SECRET_ACCESS_KEY);
    let store = BlobStore::open(&place).unwrap();
    store.check().await.unwrap();
    super::suite::all(&store).await;
    let file = folder.path().join("shop/one/again/one");
    assert_eq!(std::fs::read(file).unwrap(), b"after", "it is below the prefix");
}

#[tokio::test]
async fn a_wrong_secret_opens_nothing_and_is_told() {
    let folder = TempDir::new().unwrap();
    let server = server(folder.path()).await;
    let store = BlobStore::open(&bucket(&server.endpoint(), "not-the-secret")).unwrap();
    let refused = store.check().await.unwrap_err();
    assert!(
        matches!(&refused, BlobError::Refused { place, .. } if place == "s3://shop/one"),
        "{refused:?}"
    );
    assert!(is_told_without(&refused, "not-the-secret"), "{refused:?}");
    for tried in [
        store.put("a", Bytes::from_static(b"x")).await.map(drop),
        store.get("a").await.map(drop),
        store.delete("a").await,
    ] {
        let refused = tried.unwrap_err();
        assert!(is_told_without(&refused, "not-the-secret"), "{refused:?}");
    }
    assert!(!folder.path().join("shop/one").exists());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let folder = TempDir::new().unwrap();
    let server = S3::start(folder.path(), &["another"]).await.unwrap();
    let store = BlobStore::open(&bucket(&server.endpoint(), S3_SECRET_ACCESS_KEY)).unwrap();
    let refused = store.check().await.unwrap_err();
    assert!(matches!(refused, BlobError::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_without_a_secret_in_it() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let store = BlobStore::open(&bucket(&format!("http://{closed}"), "hush-hush")).unwrap();
    let error = store.put("a", Bytes::from_static(b"x")).await.unwrap_err();
    assert!(matches!(error, BlobError::Failed { doing: "put", .. }), "{error}");
    let shown = format!("{error} {error:?} {store:?}");
    assert!(!shown.contains("hush-hush"), "{shown}");
    assert!(matches!(store.check().await, Err(BlobError::Failed { .. })));
}

/// What stands in a bucket under a name is whole, and there at once, so a copy needs nothing else of it.
#[tokio::test]
async fn a_bucket_holds_the_copies_of_a_shop() {
    let folder = TempDir::new().unwrap();
    let server = server(folder.path()).await;
    let target = Target::open(&bucket(&server.endpoint(), S3_SECRET_ACCESS_KEY)).unwrap();
    target.check().await.unwrap();
    assert_eq!(target.copies().await.unwrap(), []);
    assert_eq!(target.to_string(), "s3://shop/one");
}
