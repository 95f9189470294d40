//! What the server has confirmed, so that a run that was interrupted goes on where it stopped.
//!
//! An append-only text file: three lines that say which import it belongs to, then one line per record: its kind,
//! its key, and its id if one came back. It's synced in batches: what a crash loses is merely sent again, and
//! the server says that it's there already.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::error::ImportError;
use crate::kind::Kind;
use crate::options::Dataset;

/// The first line; another number is another format.
const MAGIC: &str = "tillstream-import 1";
/// Often enough that little is sent twice, seldom enough that syncing costs nothing.
const SYNC_EVERY: usize = 256;

/// What one record's line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    pub kind: Kind,
    pub id: Option<Uuid>,
}

/// Everything that was confirmed before this run, by key.
pub type Confirmed = Arc<HashMap<Uuid, Confirmation>>;

/// The file of a run, or nothing if it keeps none.
#[derive(Debug)]
pub struct State {
    log: Option<Log>,
    confirmed: Confirmed,
    last_sale: Option<Confirmation>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: tokio::fs::File,
    unwritten: String,
    lines: usize,
}

impl State {
    /// Opens or begins the file. It belongs to one dataset on one server, and to one run at a time.
    pub fn open(path: Option<&Path>, dataset: Dataset, server: &str) -> Result<Self, ImportError> {
        let Some(path) = path else {
            return Ok(Self {
                log: None,
                confirmed: Confirmed::default(),
                last_sale: None,
            });
        };
        let failed = |source| ImportError::file(path, "kept as the state (--state names another)", source);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        file.try_lock()
            .map_err(|_| mismatch(path, "another run is using it".to_owned()))?;
        let head = format!("{MAGIC}\nserver {server}\ndataset {}\n", dataset.name());
        let read = read(path, &file, &head)?;
        file.set_len(read.whole_bytes).map_err(failed)?;
        let unwritten = if read.whole_bytes == 0 {
            head
        } else {
            String::new()
        };
        Ok(Self {
            log: Some(Log {
                path: path.to_owned(),
                file: file.into(),
                unwritten,
                lines: 0,
            }),
            confirmed: Arc::new(read.confirmed),
            last_sale: read.last_sale,
        })
    }

    /// What was confirmed before this run.
    pub fn confirmed(&self) -> Confirmed {
        Arc::clone(&self.confirmed)
    }

    /// The file, as messages name it.
    pub fn name(&self) -> String {
        let path = self.log.as_ref().map(|log| log.path.display().to_string());
        path.unwrap_or_default()
    }

    /// One order or product that the server has confirmed, to ask it whether it still knows.
    pub fn witness(&self) -> Option<(Kind, Uuid)> {
        let known = |confirmation: &Confirmation| Some((confirmation.kind, confirmation.id?));
        let product = || {
            let mut all = self.confirmed.values();
            all.find(|confirmation| confirmation.kind == Kind::Product)
                .and_then(known)
        };
        self.last_sale.as_ref().and_then(known).or_else(product)
    }

    /// Notes that the server has a record.
    pub async fn confirm(&mut self, key: Uuid, kind: Kind, id: Option<Uuid>) -> Result<(), ImportError> {
        let Some(log) = &mut self.log else { return Ok(()) };
        log.add(key, kind, id);
        if log.lines < SYNC_EVERY {
            return Ok(());
        }
        log.sync().await
    }

    /// Writes and syncs what is left.
    pub async fn finish(mut self) -> Result<(), ImportError> {
        match &mut self.log {
            Some(log) => log.sync().await,
            None => Ok(()),
        }
    }
}

impl Log {
    fn add(&mut self, key: Uuid, kind: Kind, id: Option<Uuid>) {
        let id = id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        // Writing to a String can't fail.
        let _ = writeln!(self.unwritten, "{} {key} {id}", kind.name());
        self.lines += 1;
    }

    async fn sync(&mut self) -> Result<(), ImportError> {
        let failed = |source| ImportError::file(&self.path, "kept as the state", source);
        self.file
            .write_all(self.unwritten.as_bytes())
            .await
            .map_err(failed)?;
        self.file.flush().await.map_err(failed)?;
        self.file.sync_data().await.map_err(failed)?;
        self.unwritten.clear();
        self.lines = 0;
        Ok(())
    }
}

fn mismatch(path: &Path, reason: String) -> ImportError {
    ImportError::StateMismatch {
        file: path.display().to_string(),
        reason,
    }
}

#[derive(Default)]
struct ReadState {
    confirmed: HashMap<Uuid, Confirmation>,
    last_sale: Option<Confirmation>,
    /// Up to the last line that was written in full.
    whole_bytes: u64,
}

/// Reads the file; a last line without its end was cut off by a crash and doesn't count.
fn read(path: &Path, file: &File, head: &str) -> Result<ReadState, ImportError> {
    let mut reader = BufReader::new(file);
    let mut state = ReadState::default();
    let mut expected_head = head.lines();
    let mut line = String::new();
    loop {
        line.clear();
        let failed = |source| ImportError::file(path, "read as the state", source);
        let bytes = reader.read_line(&mut line).map_err(failed)?;
        let Some(text) = line.strip_suffix('\n') else {
            break;
        };
        if let Some(expected) = expected_head.next() {
            if text != expected {
                return Err(mismatch(path, format!("it says {text:?}, this is {expected:?}")));
            }
        } else {
            state
                .add(text)
                .ok_or_else(|| mismatch(path, format!("{text:?} is no line of it")))?;
        }
        state.whole_bytes += bytes as u64;
    }
    if expected_head.next().is_some() {
        return Ok(ReadState::default()); // cut off in its head: it begins anew
    }
    Ok(state)
}

impl ReadState {
    fn add(&mut self, text: &str) -> Option<()> {
        let mut words = text.split(' ');
        let kind = Kind::of_name(words.next()?)?;
        let key = words.next()?.parse().ok()?;
        let id = match words.next()? {
            "-" => None,
            id => Some(id.parse().ok()?),
        };
        let confirmation = Confirmation { kind, id };
        if kind == Kind::Order {
            self.last_sale = Some(confirmation);
        }
        self.confirmed.insert(key, confirmation);
        words.next().is_none().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "http://127.0.0.1:1";

    fn open(path: &Path) -> Result<State, ImportError> {
        State::open(Some(path), Dataset::Orders, SERVER)
    }

    #[tokio::test]
    async fn what_was_confirmed_is_known_after_a_crash_in_the_middle_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (product, order, order_id) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        let mut state = open(&path).unwrap();
        state.confirm(product, Kind::Product, None).await.unwrap();
        state.confirm(order, Kind::Order, Some(order_id)).await.unwrap();
        state.finish().await.unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("order 0b0b");
        std::fs::write(&path, &text).unwrap();

        let mut state = open(&path).unwrap();
        assert_eq!(state.confirmed().len(), 2);
        assert_eq!(state.confirmed()[&order].id, Some(order_id));
        assert_eq!(state.witness(), Some((Kind::Order, order_id)));
        let third = Uuid::new_v4();
        state.confirm(third, Kind::Order, None).await.unwrap();
        state.finish().await.unwrap();
        assert!(
            open(&path).unwrap().confirmed().contains_key(&third),
            "the cut line is gone"
        );
    }

    #[tokio::test]
    async fn a_state_cut_off_in_its_head_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        std::fs::write(&path, "tillstream-import 1\nserv").unwrap();
        open(&path).unwrap().finish().await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            format!("tillstream-import 1\nserver {SERVER}\ndataset orders\n")
        );
    }

    #[tokio::test]
    async fn a_state_of_another_import_or_of_a_running_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let running = open(&path).unwrap();
        assert!(open(&path).unwrap_err().to_string().contains("another run"));
        running.finish().await.unwrap();
        let other = State::open(Some(&path), Dataset::Products, SERVER).unwrap_err();
        assert!(other.to_string().contains("dataset orders"), "{other}");
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("nonsense\n");
        std::fs::write(&path, text).unwrap();
        assert!(open(&path).unwrap_err().to_string().contains("nonsense"));
    }

    #[tokio::test]
    async fn a_batch_is_on_disk_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut state = open(&path).unwrap();
        for _ in 0..SYNC_EVERY {
            state.confirm(Uuid::new_v4(), Kind::Order, None).await.unwrap();
        }
        drop(state);
        assert_eq!(open(&path).unwrap().confirmed().len(), SYNC_EVERY);
    }
}
