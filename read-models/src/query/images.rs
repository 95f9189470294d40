//! An image that anybody can fetch.

use events::ids::ImageId;
use sqlx::AnyConnection;

use super::one;
use crate::images::ServedImage;
use crate::store::StoreError;

/// The image, if it is ready and its product is there.
pub async fn image(conn: &mut AnyConnection, id: ImageId) -> Result<Option<ServedImage>, StoreError> {
    one(conn, id).await
}
