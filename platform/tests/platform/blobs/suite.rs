//! What every place of blobs promises.

use bytes::Bytes;
use futures::TryStreamExt;
use platform::blobs::{BlobError, BlobStore};

pub async fn all(store: &BlobStore) {
    what_was_put_is_got(store).await;
    a_put_replaces(store).await;
    what_is_not_there_is_none(store).await;
    deleting_twice_is_fine(store).await;
    a_list_is_of_what_is_below(store).await;
    a_file_is_put_in_parts(store).await;
    more_than_wanted_is_refused(store).await;
    keys_that_climb_are_refused(store).await;
}

async fn bytes(store: &BlobStore, key: &str) -> Option<Bytes> {
    let blob = store.get(key).await.unwrap()?;
    let length = blob.length();
    let bytes = blob.into_bytes(u64::MAX).await.unwrap();
    assert_eq!(length, bytes.len() as u64);
    Some(bytes)
}

async fn keys(store: &BlobStore, prefix: &str) -> Vec<String> {
    let found: Vec<_> = store.list(prefix).unwrap().try_collect().await.unwrap();
    let mut keys: Vec<_> = found.into_iter().map(|entry| entry.key).collect();
    keys.sort();
    keys
}

async fn what_was_put_is_got(store: &BlobStore) {
    let large = Bytes::from(vec![7; 100_000]);
    store.put("put/large", large.clone()).await.unwrap();
    store.put("put/empty", Bytes::new()).await.unwrap();
    assert_eq!(bytes(store, "put/large").await, Some(large));
    assert_eq!(bytes(store, "put/empty").await, Some(Bytes::new()));
    assert_eq!(store.length("put/large").await.unwrap(), Some(100_000));
}

async fn a_put_replaces(store: &BlobStore) {
    store
        .put("again/one", Bytes::from_static(b"longer before"))
        .await
        .unwrap();
    store
        .put("again/one", Bytes::from_static(b"after"))
        .await
        .unwrap();
    assert_eq!(
        bytes(store, "again/one").await,
        Some(Bytes::from_static(b"after"))
    );
    assert_eq!(keys(store, "again").await, ["again/one"]);
}

async fn what_is_not_there_is_none(store: &BlobStore) {
    assert!(store.get("missing/one").await.unwrap().is_none());
    assert_eq!(store.length("missing/one").await.unwrap(), None);
    assert_eq!(keys(store, "missing").await, Vec::<String>::new());
}

async fn deleting_twice_is_fine(store: &BlobStore) {
    store.put("gone/one", Bytes::from_static(b"x")).await.unwrap();
    store.delete("gone/one").await.unwrap();
    store.delete("gone/one").await.unwrap();
    assert!(store.get("gone/one").await.unwrap().is_none());
}

async fn a_list_is_of_what_is_below(store: &BlobStore) {
    for key in ["list/b", "list/a/deep", "listed/no"] {
        store.put(key, Bytes::from_static(b"four")).await.unwrap();
    }
    assert_eq!(keys(store, "list/").await, ["list/a/deep", "list/b"]);
    assert!(keys(store, "").await.contains(&"listed/no".to_owned()));
    let found: Vec<_> = store.list("list/a").unwrap().try_collect().await.unwrap();
    assert_eq!((found.len(), found[0].length), (1, 4));
}

/// Over three parts, the last one short.
async fn a_file_is_put_in_parts(store: &BlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let content: Vec<_> = (0..36_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    std::fs::write(&path, &content).unwrap();
    store.put_file("file/large", &path).await.unwrap();
    assert!(bytes(store, "file/large").await.unwrap() == content);
    let missing = store
        .put_file("file/missing", &folder.path().join("missing"))
        .await;
    assert!(matches!(missing, Err(BlobError::Folder { .. })));
    assert_eq!(keys(store, "file").await, ["file/large"]);
}

async fn more_than_wanted_is_refused(store: &BlobStore) {
    store.put("long/one", Bytes::from_static(b"1234")).await.unwrap();
    let refused = store.get("long/one").await.unwrap().unwrap().into_bytes(3).await;
    assert!(matches!(
        refused,
        Err(BlobError::TooLong {
            length: 4,
            max: 3,
            ..
        })
    ));
}

async fn keys_that_climb_are_refused(store: &BlobStore) {
    for key in ["../outside", "a/../../outside", "a//b", "./a"] {
        let refused = store.put(key, Bytes::new()).await;
        assert!(matches!(refused, Err(BlobError::BadKey { .. })), "{key}");
        assert!(
            matches!(store.get(key).await, Err(BlobError::BadKey { .. })),
            "{key}"
        );
    }
}
