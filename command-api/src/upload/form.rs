//! A form with an image in it (`multipart/form-data`): each field once, and none that isn't known.

use std::convert::Infallible;

use axum::body::Bytes;
use futures::stream;
use multer::{Field, Multipart};
use web::Problem;
use web::problem::FieldError;

use super::Parts;

/// Takes a form apart that has been read whole; 400 `malformed_form`, 422 with the field that is at fault.
pub async fn read(body: Bytes, boundary: String) -> Result<Parts, Problem> {
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let mut form = Multipart::new(body, boundary);
    let (mut image, mut alt) = (None, None);
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        match field.name() {
            Some("image") => once("image", &mut image, field).await?,
            Some("alt") => once("alt", &mut alt, field).await?,
            other => {
                let name = other.unwrap_or_default().to_owned();
                return Err(refused(name, "unknown", "this form has the fields image and alt"));
            }
        }
    }
    let image = image.ok_or_else(|| refused("image", "missing", "the form has no image"))?;
    let alt = alt.map(|alt: Bytes| String::from_utf8(alt.into()));
    let alt = alt.transpose();
    Ok(Parts {
        image,
        alt: alt.map_err(|_| refused("alt", "invalid", "this is no text in UTF-8"))?,
    })
}

async fn once(name: &'static str, place: &mut Option<Bytes>, field: Field<'_>) -> Result<(), Problem> {
    let bytes = field.bytes().await.map_err(malformed)?;
    if place.replace(bytes).is_some() {
        return Err(refused(name, "duplicate", "the form has this field twice"));
    }
    Ok(())
}

fn refused(field: impl Into<String>, code: &'static str, message: &str) -> Problem {
    Problem::unprocessable(vec![FieldError::new(field, code, message)])
}

pub fn malformed(error: multer::Error) -> Problem {
    Problem::bad_request("malformed_form", error)
}
