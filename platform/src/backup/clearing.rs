//! Clearing away: copies that needn't be kept, and the chunks and blobs that none of the others needs. Which copies those are,
//! the retention says.

use std::collections::{HashMap, HashSet};

use super::blobs::{self, read_list};
use super::{BackupError, Chunk, Copier, ManifestName, Retention, Target, chunk, restore};

/// What the kept copies consist of, as far as it was looked at: manifests and lists never change.
#[derive(Default)]
pub(super) struct Kept {
    copies: HashMap<ManifestName, Parts>,
    /// The blobs that a list names, by the list's checksum.
    lists: HashMap<String, HashSet<String>>,
}

/// What one copy consists of.
struct Parts {
    chunks: HashSet<String>,
    lists: Vec<Chunk>,
}

impl Kept {
    /// Looks at the copies that are new, and forgets all others.
    async fn look_at(&mut self, target: &Target, names: &HashSet<&ManifestName>) -> Result<(), BackupError> {
        for name in names {
            if !self.copies.contains_key(*name) {
                let manifest = restore::manifest(target, name).await?;
                let chunks = manifest.chunks().map(|chunk| chunk.sha256.clone()).collect();
                let lists = manifest.blobs.lists;
                self.copies.insert((*name).clone(), Parts { chunks, lists });
            }
        }
        self.copies.retain(|name, _| names.contains(name));
        let lists: HashMap<_, _> = self
            .copies
            .values()
            .flat_map(|copy| &copy.lists)
            .map(|list| (list.sha256.clone(), list.clone()))
            .collect();
        for (sha256, list) in &lists {
            if !self.lists.contains_key(sha256) {
                let blobs = read_list(target, list).await?;
                let blobs = blobs.into_iter().map(|blob| blob.sha256).collect();
                self.lists.insert(sha256.clone(), blobs);
            }
        }
        self.lists.retain(|sha256, _| lists.contains_key(sha256));
        Ok(())
    }

    fn chunks(&self) -> HashSet<&str> {
        let chunks = self.copies.values().flat_map(|copy| &copy.chunks);
        chunks.map(String::as_str).collect()
    }

    fn blobs(&self) -> HashSet<&str> {
        self.lists.values().flatten().map(String::as_str).collect()
    }
}

impl Copier {
    /// Deletes the copies that needn't be kept, and the chunks and blobs that none of the others has. Says how many copies.
    ///
    /// Nobody else may be copying into the target meanwhile.
    pub async fn clear_away(&mut self, retention: Retention) -> Result<usize, BackupError> {
        let names = restore::names(&self.target).await?;
        let superfluous: HashSet<_> = retention.superfluous(&names).into_iter().collect();
        let kept = names.iter().filter(|name| !superfluous.contains(name)).collect();
        self.kept.look_at(&self.target, &kept).await?;
        for name in &superfluous {
            self.target.delete(&name.path()).await?;
        }
        delete_all_but(&self.target, chunk::FOLDER, chunk::of_path, &self.kept.chunks()).await?;
        delete_all_but(&self.target, blobs::FOLDER, blobs::of_path, &self.kept.blobs()).await?;
        self.look().await?;
        Ok(superfluous.len())
    }
}

async fn delete_all_but(
    target: &Target,
    folder: &'static str,
    of_path: fn(&str) -> Option<&str>,
    wanted: &HashSet<&str>,
) -> Result<(), BackupError> {
    for path in target.list(folder).await? {
        if of_path(&path).is_some_and(|sum| !wanted.contains(sum)) {
            target.delete(&path).await?;
        }
    }
    Ok(())
}
