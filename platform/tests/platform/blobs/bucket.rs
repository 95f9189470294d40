//! A bucket whose server isn't there.

use bytes::Bytes;
use platform::blobs::{BlobError, BlobPlace, BlobStore, S3Bucket, S3Credentials};

fn bucket(endpoint: &str) -> BlobPlace {
    BlobPlace::S3(S3Bucket {
        name: "shop".to_owned(),
        prefix: "one".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: Some("local".to_owned()),
        credentials: Some(S3Credentials {
            access_key_id: "AKIAOURS".to_owned(),
            secret_access_key: "hush-hush".to_owned(),
        }),
    })
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_without_a_secret_in_it() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let store = BlobStore::open(&bucket(&format!("http://{closed}"))).unwrap();
    let error = store.put("a", Bytes::from_static(b"x")).await.unwrap_err();
    assert!(matches!(error, BlobError::Failed { doing: "put", .. }), "{error}");
    let shown = format!("{error} {error:?} {store:?}");
    assert!(!shown.contains("hush-hush"), "{shown}");
}
