//! What events of products ask of the blob store: sizes to be made, and blobs to be deleted in their time.

use chrono::{DateTime, TimeDelta, Utc};
use events::product::ProductEvent;

use crate::intents::Effect;

/// How long blobs outlive their image. Query APIs whose views lag by seconds still answer with its addresses, and browsers
/// that have read them fetch the images a little later.
pub(super) const GRACE: TimeDelta = TimeDelta::hours(1);

/// The effect, and the time before which it isn't due.
pub(super) fn of_product(
    event: &ProductEvent,
    recorded_at: DateTime<Utc>,
) -> Option<(Effect, Option<DateTime<Utc>>)> {
    let later = Some(recorded_at + GRACE);
    match event {
        ProductEvent::ImageAdded(added) => {
            let process = Effect::ProcessImage {
                product_id: added.product_id,
                image_id: added.image_id,
                original: added.original.clone(),
            };
            Some((process, None))
        }
        ProductEvent::ImageRejected(rejected) => {
            let (product_id, image_id) = (rejected.product_id, rejected.image_id);
            Some((Effect::DeleteImage { product_id, image_id }, later))
        }
        ProductEvent::ImageRemoved(removed) => {
            let (product_id, image_id) = (removed.product_id, removed.image_id);
            Some((Effect::DeleteImage { product_id, image_id }, later))
        }
        ProductEvent::ProductRemoved(removed) => {
            let product_id = removed.product_id;
            Some((Effect::DeleteImages { product_id }, later))
        }
        _ => None,
    }
}
