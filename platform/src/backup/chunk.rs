//! Rows as compressed bytes under their checksum. The same rows always make the same bytes, and so the same name.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// The most that a chunk may unfold to: far above what a copier packs, and low enough for any machine.
const UNPACKED_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Where chunks lie in the target.
pub(super) const FOLDER: &str = "chunks";

/// A chunk on its way into the target.
pub(super) struct Packed {
    pub sha256: String,
    pub bytes: Vec<u8>,
}

pub(super) fn pack(content: &[u8]) -> std::io::Result<Packed> {
    // The header that gzip would put a time and a file name into is left empty.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content)?;
    let bytes = encoder.finish()?;
    Ok(Packed {
        sha256: sha256(&bytes),
        bytes,
    })
}

/// The content; `None` if it doesn't unfold to anything sensible.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(bytes)
        .take(UNPACKED_MAX_BYTES)
        .read_to_end(&mut content)
        .ok()?;
    Some(content)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The name in the target: folders by the first two digits, so that none grows too long to list.
pub(super) fn path(sha256: &str) -> String {
    format!("{FOLDER}/{}/{sha256}.gz", &sha256[..2])
}

/// The checksum in a chunk's name.
pub(super) fn of_path(path: &str) -> Option<&str> {
    let name = path.rsplit_once('/')?.1.strip_suffix(".gz")?;
    is_sha256(name).then_some(name)
}

pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_has_the_same_name_and_unfolds_again() {
        let (first, second) = (pack(b"[1]\n[2]\n").unwrap(), pack(b"[1]\n[2]\n").unwrap());
        assert_eq!(first.sha256, second.sha256);
        assert_ne!(first.sha256, pack(b"[1]\n").unwrap().sha256);
        assert_eq!(unpack(&first.bytes).unwrap(), b"[1]\n[2]\n");
        assert_eq!(unpack(&first.bytes[..first.bytes.len() - 1]), None);
        assert_eq!(of_path(&path(&first.sha256)), Some(first.sha256.as_str()));
        assert_eq!(of_path("chunks/ab/../../etc"), None);
    }
}
