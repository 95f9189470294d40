//! Batches of products: a body of any of three formats goes into a file of its own, is read there row by row, and comes
//! into the shop many rows per append. Memory holds some hundred rows at a time, and the report.
//!
//! What a row means is `bulk`'s to read, and what becomes of a product `domain::upload`'s to decide.

mod body;
mod categories;
mod putting;
mod report;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use web::Problem;
use web::pace::Pace;

pub use body::{BODY_MAX_BYTES, Upload};
pub use putting::Putting;
pub use report::UploadReport;

/// Uploads at a time, per process: each keeps a core busy for its while, and the disk with a file of up to 32 MiB.
const AT_ONCE_MAX: usize = 4;
/// An upload of ten thousand rows takes seconds.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// The places for uploads.
#[derive(Clone)]
pub struct Batches {
    places: Arc<Semaphore>,
    pace: Pace,
}

impl Batches {
    pub fn new(pace: Pace) -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            pace,
        }
    }

    /// A place, until it's dropped; 429 if all are taken.
    fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| {
            Problem::too_many_requests(RETRY_AFTER).with_detail("Other uploads are being taken in.")
        })
    }
}
