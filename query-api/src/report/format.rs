//! Which form of a report is wanted: the parameter `format` says so, or else the header `Accept`.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use web::Problem;
use web::problem::FieldError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
    Svg,
}

impl Format {
    /// The form that is asked for; JSON if none is. 422 for one that there isn't.
    pub fn asked(parameter: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        match parameter {
            None => Ok(Self::accepted(headers)),
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("svg") => Ok(Self::Svg),
            Some(other) => {
                let message = format_args!("{other:?} is no format: json, csv or svg");
                Err(Problem::unprocessable(vec![FieldError::new(
                    "format",
                    "unknown_format",
                    message,
                )]))
            }
        }
    }

    /// The form that the client likes best; of equals, the one it names first.
    fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter();
        let kinds = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let mut best = (0, Self::Json);
        for kind in kinds {
            let mut parts = kind.split(';').map(str::trim);
            let format = match parts.next() {
                Some("text/csv") => Self::Csv,
                Some("image/svg+xml") => Self::Svg,
                Some("application/json" | "application/*" | "*/*") => Self::Json,
                _ => continue,
            };
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1000, thousandths);
            if quality > best.0 {
                best = (quality, format);
            }
        }
        best.1
    }
}

/// A quality of 0 to 1 with up to three decimals (RFC 9110, 12.4.2); 0 for what is none.
fn thousandths(quality: &str) -> u32 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    match (whole, format!("{fraction:0<3}").parse()) {
        ("1", Ok(0)) => 1000,
        ("0", Ok(fraction @ 0..1000)) => fraction,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Format {
        let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
        Format::asked(None, &headers).unwrap()
    }

    #[test]
    fn the_parameter_comes_before_the_header() {
        let headers = HeaderMap::from_iter([(ACCEPT, "image/svg+xml".parse().unwrap())]);
        assert_eq!(Format::asked(Some("csv"), &headers).unwrap(), Format::Csv);
        assert_eq!(Format::asked(None, &headers).unwrap(), Format::Svg);
        let problem = Format::asked(Some("pdf"), &headers).unwrap_err();
        assert_eq!(problem.errors()[0].code, "unknown_format");
    }

    #[test]
    fn what_is_liked_best_is_sent() {
        for (accept, format) in [
            ("text/csv", Format::Csv),
            ("application/json, text/csv", Format::Json),
            ("application/json;q=0.5, text/csv;q=0.8", Format::Csv),
            ("image/svg+xml;q=0, */*;q=0.1", Format::Json),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Json),
            (
                "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8",
                Format::Svg,
            ),
            ("text/plain", Format::Json),
            ("text/csv;q=nonsense", Format::Json),
        ] {
            assert_eq!(accepted(accept), format, "{accept}");
        }
        assert_eq!(Format::asked(None, &HeaderMap::new()).unwrap(), Format::Json);
    }
}
