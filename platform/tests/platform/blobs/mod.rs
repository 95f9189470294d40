//! Blobs in a folder. There is no real S3 server to be had here, so of a bucket only what it does without one.

mod bucket;
mod folder;
mod suite;
