//! Blobs in a folder of this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use platform::blobs::{BlobError, BlobPlace, BlobStore};

fn store(path: &std::path::Path) -> BlobStore {
    BlobStore::open(&BlobPlace::Folder(path.to_owned())).unwrap()
}

#[tokio::test]
async fn a_folder_keeps_what_every_place_promises() {
    let folder = tempfile::tempdir().unwrap();
    super::suite::all(&store(&folder.path().join("made/for/it"))).await;
}

#[tokio::test]
async fn blobs_outlive_the_process_and_are_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blobs");
    store(&path)
        .put("a/b", Bytes::from_static(b"kept"))
        .await
        .unwrap();
    let again = store(&path).get("a/b").await.unwrap().unwrap();
    assert_eq!(again.into_bytes(4).await.unwrap(), "kept");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
}

/// What a process that was killed has left of a blob that it was writing.
#[tokio::test]
async fn half_a_blob_shows_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    store.put("a", Bytes::from_static(b"whole")).await.unwrap();
    fs::write(folder.path().join("b#1"), b"half").unwrap();
    let listed: Vec<_> = futures::TryStreamExt::try_collect(store.list("").unwrap())
        .await
        .unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert!(store.get("b").await.unwrap().is_none());
}

#[test]
fn a_place_that_is_a_file_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let place = BlobPlace::Folder(file.path().to_owned());
    let refused = BlobStore::open(&place).unwrap_err();
    assert!(matches!(&refused, BlobError::Folder { .. }));
    assert!(refused.to_string().contains(file.path().to_str().unwrap()));
}
