//! Where an export is written, and how: NDJSON, a JSON array, or CSV; plain or gzip; a file or the standard output.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bulk::{ExportedProduct, ProductWriter};
use chrono::SecondsFormat;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use super::record::{Exported, ExportedOrder};
use crate::error::ImportError;
use crate::options::{ExportKind, Format, STANDARD_STREAM};

const ORDER_COLUMNS: [&str; 8] = [
    "reference",
    "placed_at",
    "sku",
    "quantity",
    "unit_price",
    "currency",
    "customer",
    "country",
];

/// See the module.
pub struct Output {
    path: PathBuf,
    target: Target,
    form: Form,
}

enum Target {
    Stream(BufWriter<std::io::Stdout>),
    /// A file under another name, until it's complete.
    Plain(BufWriter<NamedTempFile>),
    Gzip(GzEncoder<BufWriter<NamedTempFile>>),
}

enum Form {
    Ndjson,
    Json {
        is_empty: bool,
    },
    /// A CSV header needs the name of every option and attribute, so the products are kept aside as NDJSON first.
    ProductsCsv {
        kept: BufWriter<File>,
        columns: BTreeSet<String>,
    },
    OrdersCsv {
        has_header: bool,
    },
}

impl Output {
    pub fn create(path: &Path, kind: ExportKind, format: Format) -> Result<Self, ImportError> {
        let failed = |source| ImportError::file(path, "created", source);
        let form = match (format, kind) {
            (Format::Ndjson, _) => Form::Ndjson,
            (Format::Json, _) => Form::Json { is_empty: true },
            (Format::Csv, ExportKind::Orders) => Form::OrdersCsv { has_header: false },
            (Format::Csv, ExportKind::Products) => Form::ProductsCsv {
                kept: BufWriter::new(tempfile::tempfile().map_err(failed)?),
                columns: BTreeSet::new(),
            },
        };
        Ok(Self {
            path: path.to_owned(),
            target: Target::create(path).map_err(failed)?,
            form,
        })
    }

    pub fn write(&mut self, exported: &Exported) -> Result<(), ImportError> {
        self.try_write(exported)
            .map_err(|source| ImportError::file(&self.path, "written", source))
    }

    /// Writes what is left, and gives the file its name.
    pub fn finish(mut self) -> Result<(), ImportError> {
        let path = self.path.clone();
        self.try_finish()
            .and_then(|()| self.target.finish(&path))
            .map_err(|source| ImportError::file(&path, "written", source))
    }

    fn try_write(&mut self, exported: &Exported) -> std::io::Result<()> {
        let target = &mut self.target;
        match (&mut self.form, exported) {
            (Form::Ndjson, _) => write_line(target, exported),
            (Form::Json { is_empty }, _) => {
                target.write_all(if *is_empty { b"[\n" } else { b",\n" })?;
                *is_empty = false;
                Ok(serde_json::to_writer(target, exported)?)
            }
            (Form::ProductsCsv { kept, columns }, Exported::Product(product)) => {
                columns.extend(ProductWriter::columns_of(product));
                serde_json::to_writer(&mut *kept, product)?;
                kept.write_all(b"\n")
            }
            (Form::OrdersCsv { has_header }, Exported::Order(order)) => {
                let mut csv = csv::Writer::from_writer(target);
                if !std::mem::replace(has_header, true) {
                    csv.write_record(ORDER_COLUMNS)?;
                }
                write_order(&mut csv, order)?;
                csv.flush()
            }
            // Proof: an export is of one kind, and its form was made for that.
            (Form::ProductsCsv { .. }, Exported::Order(_))
            | (Form::OrdersCsv { .. }, Exported::Product(_)) => Ok(()),
        }
    }

    fn try_finish(&mut self) -> std::io::Result<()> {
        let target = &mut self.target;
        match &mut self.form {
            Form::Ndjson | Form::OrdersCsv { has_header: true } => Ok(()),
            Form::Json { is_empty: true } => target.write_all(b"[]\n"),
            Form::Json { is_empty: false } => target.write_all(b"\n]\n"),
            Form::OrdersCsv { has_header: false } => csv::Writer::from_writer(target)
                .write_record(ORDER_COLUMNS)
                .map_err(Into::into),
            Form::ProductsCsv { kept, columns } => {
                kept.flush()?;
                let kept = kept.get_mut();
                kept.seek(SeekFrom::Start(0))?;
                write_products(target, kept, std::mem::take(columns))
            }
        }
    }
}

fn write_line(target: &mut Target, exported: &Exported) -> std::io::Result<()> {
    serde_json::to_writer(&mut *target, exported)?;
    target.write_all(b"\n")
}

/// As `bulk` writes them, now that all columns are known.
fn write_products(target: &mut Target, kept: &File, columns: BTreeSet<String>) -> std::io::Result<()> {
    let mut writer = ProductWriter::new(Format::Csv, columns);
    let mut out = Vec::new();
    writer.begin(&mut out);
    for line in BufReader::new(kept).lines() {
        let product: ExportedProduct = serde_json::from_str(&line?)?;
        writer.write(&product, &mut out).map_err(std::io::Error::other)?;
        target.write_all(&out)?;
        out.clear();
    }
    target.write_all(&out)
}

fn write_order(csv: &mut csv::Writer<&mut Target>, order: &ExportedOrder) -> std::io::Result<()> {
    let placed_at = order.placed_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let customer = order.customer.map(|id| id.to_string()).unwrap_or_default();
    for line in &order.lines {
        let currency = line.unit_price.currency();
        csv.write_record([
            order.reference.as_str(),
            &placed_at,
            line.sku.as_str(),
            &line.quantity.to_string(),
            &line.unit_price.to_decimal(),
            currency.code(),
            &customer,
            &order.country,
        ])?;
    }
    Ok(())
}

impl Target {
    fn create(path: &Path) -> std::io::Result<Self> {
        if path.as_os_str() == STANDARD_STREAM {
            return Ok(Self::Stream(BufWriter::new(std::io::stdout())));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        let file = BufWriter::new(file);
        let is_gzip = path.extension().is_some_and(|extension| extension == "gz");
        Ok(if is_gzip {
            Self::Gzip(GzEncoder::new(file, Compression::default()))
        } else {
            Self::Plain(file)
        })
    }

    fn finish(self, path: &Path) -> std::io::Result<()> {
        let written = match self {
            Self::Stream(mut stream) => return stream.flush(),
            Self::Plain(file) => file,
            Self::Gzip(encoder) => encoder.finish()?,
        };
        let file = written
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes),
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        // Buffers are flushed once, at the end: a gzip file flushed in between would grow.
        Ok(())
    }
}

#[cfg(test)]
mod tests;
