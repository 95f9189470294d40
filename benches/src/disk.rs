//! What the disk below the databases takes to keep a write: the floor under every commit.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::measurement::microseconds;
use crate::statistics::Spread;

/// Enough for a median; a second at most on a slow disk.
const WRITES: usize = 50;

/// A page of a database.
const WRITE_BYTES: usize = 4096;

/// The time of a write and its sync in this folder, readable.
pub fn sync_time(folder: &Path) -> std::io::Result<String> {
    let mut file = File::create(folder.join("synced"))?;
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let began_at = Instant::now();
        file.write_all(&[1; WRITE_BYTES])?;
        file.sync_data()?;
        times.push(microseconds(began_at.elapsed()));
    }
    let told = |spread: Spread| format!("{:.0} µs ({:.0} to {:.0})", spread.median, spread.min, spread.max);
    Ok(Spread::of(times).map_or_else(String::new, told))
}
