//! The folder that a run keeps everything in: data, settings, logs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Error;

/// A folder that is removed in the end, or one that stays.
#[derive(Debug)]
pub enum Folder {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Folder {
    /// A new one below the system's folder for temporary files, gone when this is dropped.
    pub fn temporary() -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix("tillstream-")
            .tempdir()
            .map_err(Error::io("making a temporary folder"))?;
        // PostgreSQL, as a user of its own, has to pass through; what is in it can't be listed.
        passable(folder.path())?;
        Ok(Self::Temporary(folder))
    }

    /// This one, made if it isn't there, and left.
    pub fn kept(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(Error::io(format!("making the folder {}", path.display())))?;
        let path = path
            .canonicalize()
            .map_err(Error::io(format!("finding the folder {}", path.display())))?;
        passable(&path)?;
        Ok(Self::Kept(path))
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

fn passable(folder: &Path) -> Result<(), Error> {
    let doing = || format!("opening the way through {}", folder.display());
    let mode = fs::metadata(folder)
        .map_err(Error::io(doing()))?
        .permissions()
        .mode();
    fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o111)).map_err(Error::io(doing()))
}
