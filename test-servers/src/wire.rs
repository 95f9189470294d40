//! The few words of HTTP, NATS and Redis that tell whether a server is ready. Plain sockets, since a client library for each
//! would make `cargo xtask` slow to build.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A server on this machine that is ready answers much sooner.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection to a port of this machine that is given up when it hangs.
pub fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The status of `GET path`, and the body.
pub fn http_get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let mut stream = connect(port)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status in {head:?}")))?;
    Ok((status, body.to_owned()))
}

/// Sends a line, and reads lines until one begins as wanted; says whether it came.
pub fn answers(port: u16, line: &str, wanted: &str) -> io::Result<bool> {
    let mut stream = connect(port)?;
    stream.write_all(line.as_bytes())?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.starts_with(wanted) {
            return Ok(true);
        }
        if line.starts_with('-') {
            return Ok(false);
        }
    }
    Ok(false)
}
