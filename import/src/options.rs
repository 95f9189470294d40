//! What to bring in, check or take out, and from or to where.
//!
//! Reading a command line is the executable's; these are its words, already understood.

use std::fmt;
use std::path::{Path, PathBuf};

pub use bulk::{Format, STANDARD_STREAM};
use events::money::Currency;

/// Enough to keep a server's group commit busy, few enough not to starve its other clients.
pub const IN_FLIGHT_DEFAULT: usize = 16;
/// More requests at once only wait in the server's queue.
pub const IN_FLIGHT_MAX: usize = 256;

/// The shop to talk to, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// The origin, such as `http://127.0.0.1:8080`.
    pub server: String,
    pub credentials: Credentials,
}

/// How to show the shop that the caller is staff.
#[derive(Clone)]
pub enum Credentials {
    /// Logs in, and again whenever the access token ends.
    Password { login: String, password: String },
    /// A ready access token; when it ends, so does the run.
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { login, .. } => write!(f, "Password {{ login: {login:?}, .. }}"),
            Self::Token(_) => f.write_str("Token(..)"),
        }
    }
}

/// What a file's rows mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dataset {
    /// Products with their variants and stock.
    Products,
    /// Orders and credit notes of the past.
    Orders,
    /// The invoice lines of UCI's "Online Retail": products, customers, orders and credit notes in one.
    OnlineRetail,
}

impl Dataset {
    /// Goes into idempotency keys and the state file, so it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Orders => "orders",
            Self::OnlineRetail => "online-retail",
        }
    }
}

/// Where a run remembers what the server has confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StatePath {
    /// `<file>.tillstream-import`; nowhere for the standard input.
    #[default]
    BesideFile,
    At(PathBuf),
    /// Every record is sent again, and the server says what it has already.
    Nowhere,
}

impl StatePath {
    pub(crate) fn resolve(&self, file: &Path) -> Option<PathBuf> {
        match self {
            Self::Nowhere => None,
            Self::At(path) => Some(path.clone()),
            Self::BesideFile if file.as_os_str() == STANDARD_STREAM => None,
            Self::BesideFile => {
                let mut path = file.as_os_str().to_owned();
                path.push(".tillstream-import");
                Some(path.into())
            }
        }
    }
}

/// One run of `tillstream import`.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    pub target: Target,
    pub dataset: Dataset,
    /// By the file's extension when missing.
    pub format: Option<Format>,
    /// Plain or gzip; `-` is the standard input.
    pub file: PathBuf,
    /// Of prices that don't name theirs.
    pub currency: Currency,
    pub state: StatePath,
    /// Where every rejected row goes, as CSV.
    pub rejected: Option<PathBuf>,
    /// How many requests may be under way at once, up to [`IN_FLIGHT_MAX`].
    pub in_flight: usize,
}

/// One run of `tillstream import check`.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    pub target: Target,
    /// Orders or Online Retail; products have no sales.
    pub dataset: Dataset,
    /// By the file's extension when missing.
    pub format: Option<Format>,
    /// Plain or gzip; `-` is the standard input.
    pub file: PathBuf,
    /// The one that is compared.
    pub currency: Currency,
}

/// What to take out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    Products,
    Orders,
}

/// One run of `tillstream export`.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    pub target: Target,
    pub kind: ExportKind,
    /// By the file's extension when missing; NDJSON on the standard output.
    pub format: Option<Format>,
    /// Plain, or gzip if its name ends in `.gz`; `-` is the standard output.
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_extension() {
        assert_eq!(Format::of(Path::new("a/b.csv.gz")).unwrap(), Format::Csv);
        assert_eq!(Format::of(Path::new("B.NDJSON")).unwrap(), Format::Ndjson);
        assert_eq!(Format::of(Path::new("b.json")).unwrap(), Format::Json);
        let unknown = Format::of(Path::new("-")).unwrap_err();
        assert!(matches!(unknown, bulk::BulkError::FormatUnknown { .. }));
    }

    #[test]
    fn the_state_lies_beside_the_file_unless_told_otherwise() {
        let beside = StatePath::BesideFile;
        let expected = PathBuf::from("x/a.csv.gz.tillstream-import");
        assert_eq!(beside.resolve(Path::new("x/a.csv.gz")), Some(expected));
        assert_eq!(beside.resolve(Path::new("-")), None);
        assert_eq!(StatePath::Nowhere.resolve(Path::new("a")), None);
    }

    #[test]
    fn no_secret_is_shown() {
        let password = Credentials::Password {
            login: "staff".to_owned(),
            password: "open sesame".to_owned(),
        };
        let shown = format!("{password:?} {:?}", Credentials::Token("eyJ".to_owned()));
        assert!(!shown.contains("sesame") && !shown.contains("eyJ"), "{shown}");
    }
}
