//! An upload as WebP in several widths: upright, never larger than it was, without what a camera wrote beside the picture.
//!
//! Pure: bytes in, bytes out. It takes a core for seconds; where it runs is left to its caller. Decoders are Rust; only the
//! encoder, which sees nothing but pixels, is C (docs/decisions/0017).

use std::io::Cursor;

use events::image::ImageFault;
use image::error::{ImageError, LimitErrorKind};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

/// For a list, a detail page, and a look at the details; in pixels.
const WIDTHS: [u32; 3] = [160, 480, 1200];
/// Of 100. Above it files grow faster than anyone sees.
const QUALITY: f32 = 80.0;
/// What a decoder may take, the decoded picture included: 40 megapixels in four channels of eight bits, and as much as
/// decoders want besides.
const DECODE_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// As wide or high as WebP can be, in pixels.
const SIDE_MAX: u32 = 16_383;

/// One size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub width: u32,
    pub height: u32,
    pub webp: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The upload is at fault.
    #[error("{0:?}")]
    Fault(ImageFault),
    #[error("the encoder failed: {reason}")]
    Encoder { reason: String },
}

impl From<ImageError> for MakeError {
    fn from(error: ImageError) -> Self {
        let too_large = match &error {
            ImageError::Limits(limit) => matches!(
                limit.kind(),
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
            ),
            _ => false,
        };
        Self::Fault(if too_large {
            ImageFault::TooLarge
        } else {
            ImageFault::Undecodable
        })
    }
}

/// The sizes, the smallest first; each width once.
pub fn make(upload: &[u8]) -> Result<Vec<Made>, MakeError> {
    let mut picture = upright(upload)?;
    let own = (picture.width(), picture.height());
    let mut made = vec![];
    // From the largest: each is made of the one before, which is quicker and looks the same.
    for width in widths(own.0).into_iter().rev() {
        if width != picture.width() {
            let height = height_at(width, own);
            picture = picture.resize_exact(width, height, FilterType::Lanczos3);
        }
        made.push(encode(&picture)?);
    }
    made.reverse();
    Ok(made)
}

/// Those of our widths that it fills, and its own if that is below the largest.
fn widths(own: u32) -> Vec<u32> {
    let mut widths: Vec<_> = WIDTHS.iter().map(|width| own.min(*width)).collect();
    widths.dedup();
    widths
}

/// In the upload's proportions, rounded, at least a pixel.
fn height_at(width: u32, (own_width, own_height): (u32, u32)) -> u32 {
    let (own_width, own_height) = (u64::from(own_width), u64::from(own_height));
    let height = (own_height * u64::from(width) + own_width / 2) / own_width;
    // Proof: `width` is at most its own, so this is at most its own height.
    u32::try_from(height).unwrap_or(u32::MAX).max(1)
}

fn upright(upload: &[u8]) -> Result<DynamicImage, MakeError> {
    let format = image::guess_format(upload)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_MAX_BYTES);
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Not every decoder counts the buffer that it fills.
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = eight_bits(DynamicImage::from_decoder(decoder)?);
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Colours that the encoder takes, transparent only if they were.
fn eight_bits(picture: DynamicImage) -> DynamicImage {
    if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.into_rgb8())
    }
}

fn encode(picture: &DynamicImage) -> Result<Made, MakeError> {
    let (width, height) = (picture.width(), picture.height());
    let encoder = match picture {
        DynamicImage::ImageRgba8(pixels) => webp::Encoder::from_rgba(pixels, width, height),
        DynamicImage::ImageRgb8(pixels) => webp::Encoder::from_rgb(pixels, width, height),
        other => {
            return Err(MakeError::Encoder {
                reason: format!("its colours are {:?}", other.color()),
            });
        }
    };
    let webp = encoder
        .encode_simple(false, QUALITY)
        .map_err(|error| MakeError::Encoder {
            reason: format!("{error:?}"),
        })?;
    Ok(Made {
        width,
        height,
        webp: webp.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::codecs::png::PngEncoder;
    use image::{ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    const RED: Rgb<u8> = Rgb([220, 20, 20]);
    const BLUE: Rgb<u8> = Rgb([20, 20, 220]);
    /// EXIF of one entry: the orientation (0x0112), a short.
    const EXIF_ROTATED_90: [u8; 26] = [
        b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ];

    /// Its left half red, its right half blue.
    fn halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
    }

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = vec![];
        let picture = picture.into();
        picture
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        bytes
    }

    fn decoded(made: &Made) -> DynamicImage {
        let picture = image::load_from_memory_with_format(&made.webp, ImageFormat::WebP).unwrap();
        assert_eq!((picture.width(), picture.height()), (made.width, made.height));
        picture
    }

    fn sides(made: &[Made]) -> Vec<(u32, u32)> {
        made.iter().map(|made| (made.width, made.height)).collect()
    }

    fn looks_like(found: Rgba<u8>, wanted: Rgb<u8>) -> bool {
        let close = |(a, b): (u8, u8)| a.abs_diff(b) < 40;
        found.0.into_iter().zip(wanted.0).all(close)
    }

    #[test]
    fn a_picture_is_made_small_and_never_large() {
        let sides_of = |width, height| sides(&make(&png(halves(width, height))).unwrap());
        assert_eq!(sides_of(1300, 650), [(160, 80), (480, 240), (1200, 600)]);
        assert_eq!(sides_of(700, 7), [(160, 2), (480, 5), (700, 7)]);
        assert_eq!(sides_of(160, 90), [(160, 90)]);
        // Each height is rounded from the upload's, and not from one that was rounded before.
        assert_eq!(sides_of(1400, 1600), [(160, 183), (480, 549), (1200, 1371)]);
        assert_eq!(sides_of(3, 1), [(3, 1)]);
        assert_eq!(sides_of(1300, 1), [(160, 1), (480, 1), (1200, 1)]);
    }

    #[test]
    fn it_shows_what_it_showed() {
        for made in make(&png(halves(500, 300))).unwrap() {
            let picture = decoded(&made).into_rgba8();
            let (middle, right) = (made.height / 2, made.width - 5);
            assert!(looks_like(*picture.get_pixel(5, middle), RED), "{}", made.width);
            assert!(
                looks_like(*picture.get_pixel(right, middle), BLUE),
                "{}",
                made.width
            );
        }
    }

    #[test]
    fn a_photograph_is_turned_upright_and_loses_what_the_camera_wrote() {
        let mut jpeg = vec![];
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.set_exif_metadata(EXIF_ROTATED_90.to_vec()).unwrap();
        encoder.encode_image(&halves(200, 100)).unwrap();
        let made = make(&jpeg).unwrap();
        // Turned clockwise, its left side is on top.
        assert_eq!(sides(&made), [(100, 200)]);
        let picture = decoded(&made[0]).into_rgba8();
        assert!(looks_like(*picture.get_pixel(50, 10), RED));
        assert!(looks_like(*picture.get_pixel(50, 190), BLUE));
        let holds = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(holds(&jpeg, b"Exif"));
        assert!(!holds(&made[0].webp, b"EXIF"));
    }

    #[test]
    fn what_was_transparent_still_is() {
        let picture = RgbaImage::from_pixel(20, 20, Rgba([9, 9, 9, 0]));
        let made = make(&png(picture)).unwrap();
        assert_eq!(decoded(&made[0]).into_rgba8().get_pixel(10, 10).0[3], 0);
        let opaque = make(&png(halves(20, 20))).unwrap();
        assert!(!decoded(&opaque[0]).color().has_alpha());
    }

    #[test]
    fn sixteen_bits_and_grey_and_webp_are_taken() {
        let grey = DynamicImage::from(halves(30, 30)).into_luma16();
        assert_eq!(sides(&make(&png(grey)).unwrap()), [(30, 30)]);
        let first = make(&png(halves(300, 200))).unwrap();
        let again = make(&first.last().unwrap().webp).unwrap();
        assert_eq!(sides(&again), [(160, 107), (300, 200)]);
    }

    #[test]
    fn the_same_upload_makes_the_same_bytes() {
        let upload = png(halves(600, 400));
        assert_eq!(make(&upload), make(&upload));
    }

    #[test]
    fn half_a_picture_and_none_are_told_from_a_whole_one() {
        let whole = png(halves(300, 300));
        let undecodable = Err(MakeError::Fault(ImageFault::Undecodable));
        assert_eq!(make(&whole[..whole.len() / 2]), undecodable);
        assert_eq!(make(&whole[..20]), undecodable);
        assert_eq!(make(b"GIF89a and so on"), undecodable);
        assert_eq!(make(b""), undecodable);
    }

    #[test]
    fn what_takes_too_much_memory_is_not_decoded() {
        // A few kilobytes that stand for 4 gigabytes: an empty PNG whose header lies.
        let mut bytes = vec![];
        PngEncoder::new(&mut bytes)
            .write_image(&[0; 4], 1, 1, image::ExtendedColorType::Rgba8)
            .unwrap();
        let bomb = |width: u32, height: u32| {
            let mut bytes = bytes.clone();
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let crc = crc(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&crc.to_be_bytes());
            bytes
        };
        assert!(make(&bomb(1, 1)).is_ok(), "the header is put together rightly");
        let too_large = Err(MakeError::Fault(ImageFault::TooLarge));
        assert_eq!(make(&bomb(16_000, 16_000)), too_large);
        assert_eq!(make(&bomb(20_000, 10)), too_large);
    }

    /// CRC-32 as PNG has it (ISO 3309), bit by bit.
    fn crc(bytes: &[u8]) -> u32 {
        let step = |crc: u32, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        };
        let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
        !bytes.iter().fold(u32::MAX, byte)
    }
}
