//! A server that speaks S3 out of a folder, in this process: it checks every request's signature against one key, as
//! others' servers do. A bucket is a folder in it, an object a file.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::Error;

/// The key that opens it. Known to everybody, as the server is nobody's but the test's.
pub const S3_ACCESS_KEY_ID: &str = "AKIATILLSTREAMTESTS";
/// What requests are signed with; telling enough to be looked for in logs.
pub const S3_SECRET_ACCESS_KEY: &str = "a-secret-that-no-log-may-show";

/// A running server; it ends with this.
pub struct S3 {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl S3 {
    /// Serves the folder, and in it these buckets. It runs on the caller's runtime.
    pub async fn start(folder: &Path, buckets: &[&str]) -> Result<Self, Error> {
        let failed = || Error::io(format!("a server of S3 in {}", folder.display()));
        for bucket in buckets {
            fs::create_dir_all(folder.join(bucket)).map_err(failed())?;
        }
        let files =
            FileSystem::new(folder).map_err(|error| failed()(io::Error::other(format!("{error:?}"))))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(failed())?;
        Ok(Self {
            address: listener.local_addr().map_err(failed())?,
            serving: tokio::spawn(serve(listener, service.build())),
        })
    }

    /// `http://127.0.0.1:port`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Until it is aborted; the connections end with it.
async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            let server = Builder::new(hyper_util::rt::TokioExecutor::new());
            // A client that goes away in the middle is no business of the server's.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
