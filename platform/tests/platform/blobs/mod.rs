//! Blobs in a folder, and in a bucket of a server that speaks S3.

mod bucket;
mod folder;
mod suite;
