//! A file to read, as often as needed: plain, gzip, or the standard input, which is kept in a temporary
//! file, because every import reads its input twice (first to survey, then to send).

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use crate::error::BulkError;

/// Stands for the standard input, or output, where a file's name would be.
pub const STANDARD_STREAM: &str = "-";

/// The first two bytes of every gzip file (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A gzip block decodes to about this much; fewer system calls than the default 8 KiB.
const BUFFER_BYTES: usize = 64 * 1024;

/// See the module.
#[derive(Debug)]
pub struct Source {
    /// As messages name it.
    name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    File(PathBuf),
    /// A copy that vanishes with this.
    Spooled(File),
    /// Somebody else's: it isn't decompressed, or a small body could become a huge one.
    Upload(File),
    Bytes(Arc<[u8]>),
}

impl Source {
    /// Opens a file, or copies the standard input into a temporary file, which vanishes with this.
    pub fn open(path: &Path) -> Result<Self, BulkError> {
        if path.as_os_str() == STANDARD_STREAM {
            return Ok(Self {
                name: "the standard input".to_owned(),
                content: Content::Spooled(spool(&mut std::io::stdin().lock())?),
            });
        }
        File::open(path).map_err(|source| BulkError::file(path, "opened", source))?;
        Ok(Self {
            name: path.display().to_string(),
            content: Content::File(path.to_owned()),
        })
    }

    /// What somebody has sent, in a file of nobody else's.
    pub fn of_upload(file: File) -> Self {
        Self {
            name: "the body".to_owned(),
            content: Content::Upload(file),
        }
    }

    pub fn of_bytes(content: &[u8]) -> Self {
        Self {
            name: "some bytes".to_owned(),
            content: Content::Bytes(content.into()),
        }
    }

    /// As messages name it.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// The content from its beginning, decompressed unless it's an upload. Two readers at a time of a spooled source
    /// would share one place in the file; nothing here does that.
    pub fn reader(&self) -> Result<Box<dyn BufRead + Send>, BulkError> {
        let failed = |source| BulkError::file(Path::new(&self.name), "read", source);
        let again = |file: &File| {
            let mut file = file.try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        };
        let file: Box<dyn Read + Send> = match &self.content {
            Content::File(path) => Box::new(File::open(path).map_err(failed)?),
            Content::Spooled(file) => Box::new(again(file).map_err(failed)?),
            Content::Upload(file) => {
                let file = again(file).map_err(failed)?;
                return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, file)));
            }
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        let mut plain = BufReader::with_capacity(BUFFER_BYTES, file);
        let is_gzip = plain.fill_buf().map_err(failed)?.starts_with(&GZIP_MAGIC);
        if is_gzip {
            let decoder = MultiGzDecoder::new(plain);
            return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder)));
        }
        Ok(Box::new(plain))
    }
}

fn spool(input: &mut dyn Read) -> Result<File, BulkError> {
    let failed = |source| BulkError::file(Path::new("the standard input"), "kept for reading", source);
    let mut file = tempfile::tempfile().map_err(failed)?;
    std::io::copy(input, &mut file).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(source: &Source) -> String {
        let mut text = String::new();
        source.reader().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn plain_gzip_and_spooled_content_is_read_twice_alike() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("a.csv");
        std::fs::write(&plain, "a,b\n").unwrap();
        let packed = folder.path().join("b.csv.gz");
        let mut encoder = GzEncoder::new(File::create(&packed).unwrap(), Compression::fast());
        encoder.write_all(b"a,b\n").unwrap();
        encoder.finish().unwrap();
        for source in [
            Source::open(&plain).unwrap(),
            Source::open(&packed).unwrap(),
            Source::of_bytes(b"a,b\n"),
        ] {
            assert_eq!(read(&source), "a,b\n");
            assert_eq!(read(&source), "a,b\n", "{} at the second reading", source.name());
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Source::open(Path::new("/nowhere/x.csv")).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/x.csv can't be opened"));
        // It tells its cause by itself; as a source it would be told twice.
        assert!(std::error::Error::source(&error).is_none());
    }
}
