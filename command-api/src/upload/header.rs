//! What an upload's own bytes say of it: its kind by the first of them, its sides by the header. Nothing is decoded, so a few
//! bytes that promise a billion pixels cost nothing.

use std::io::Cursor;

use axum::body::Bytes;
use events::image::{ContentHash, ImageFormat};
use image::ImageReader;
use sha2::{Digest, Sha256};
use web::Problem;

use super::{Upload, not_an_image};

/// As wide or high as the WebP that is made of it can be, in pixels.
const SIDE_MAX: u32 = 16_383;

/// 415 `image_type_unsupported`, 422 `image_unreadable` or `image_too_large`.
pub fn look_at(bytes: Bytes, alt: String, max_pixels: u64) -> Result<Upload, Problem> {
    let (kind, format) = match image::guess_format(&bytes) {
        Ok(kind @ image::ImageFormat::Jpeg) => (kind, ImageFormat::Jpeg),
        Ok(kind @ image::ImageFormat::Png) => (kind, ImageFormat::Png),
        Ok(kind @ image::ImageFormat::WebP) => (kind, ImageFormat::Webp),
        _ => return Err(not_an_image()),
    };
    let sides = ImageReader::with_format(Cursor::new(&bytes), kind).into_dimensions();
    let (width, height) = sides.map_err(|_| {
        Problem::unprocessable_with("image_unreadable", "The header of this image makes no sense.")
    })?;
    if width.max(height) > SIDE_MAX || u64::from(width) * u64::from(height) > max_pixels {
        return Err(Problem::unprocessable_with(
            "image_too_large",
            format_args!(
                "This image has {width} × {height} pixels; at most {max_pixels} are taken, and {SIDE_MAX} in a row."
            ),
        ));
    }
    let content = ContentHash::new(hex::encode(Sha256::digest(&bytes))).map_err(Problem::internal)?;
    Ok(Upload {
        bytes,
        content,
        format,
        width,
        height,
        alt,
    })
}
