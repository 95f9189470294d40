//! A bucket as a blob store: who it is, and how patient we are with it. TLS is rustls with aws-lc, as for everything that
//! goes through reqwest (docs/decisions/0006).

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ClientOptions, RetryConfig};

use super::{BlobError, S3Bucket};

/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long one request may take, with its body.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// How often a request is repeated that found the server busy or gone; whoever waits has patience of its own.
const REPEATS_MAX: usize = 3;

pub fn open(bucket: &S3Bucket) -> Result<AmazonS3, BlobError> {
    let client = ClientOptions::new()
        .with_connect_timeout(CONNECT_MAX)
        .with_timeout(REQUEST_MAX);
    let retry = RetryConfig {
        max_retries: REPEATS_MAX,
        retry_timeout: REQUEST_MAX,
        ..RetryConfig::default()
    };
    // Given credentials are the only ones; the environment is asked if there are none, as everywhere on Amazon's machines.
    let builder = match &bucket.credentials {
        Some(given) => AmazonS3Builder::new()
            .with_access_key_id(&given.access_key_id)
            .with_secret_access_key(&given.secret_access_key),
        None => AmazonS3Builder::from_env(),
    };
    let mut builder = builder
        .with_client_options(client)
        .with_retry(retry)
        .with_bucket_name(&bucket.name);
    if let Some(region) = &bucket.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder
            .with_endpoint(endpoint)
            .with_allow_http(endpoint.starts_with("http://"));
    }
    builder.build().map_err(|source| BlobError::Open {
        place: bucket.to_string(),
        source,
    })
}
