//! Rows that don't get in: which, why, and the file that lists them all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use bulk::Rejection;

use crate::error::ImportError;

/// How many rows were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSummary {
    pub rows: u64,
    pub first: Rejection,
}

/// Counts rejections per code, and writes each into the report's file if there is one.
pub(crate) struct Rejections {
    by_code: BTreeMap<String, CodeSummary>,
    report: Option<ReportFile>,
}

struct ReportFile {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl ReportFile {
    fn create(path: &Path) -> Result<Self, ImportError> {
        let file = File::create(path).map_err(|source| ImportError::file(path, "created", source))?;
        let mut report = Self {
            path: path.to_owned(),
            writer: csv::Writer::from_writer(BufWriter::new(file)),
        };
        report.write(["row", "field", "value", "code", "reason"])?;
        Ok(report)
    }

    fn write(&mut self, fields: [&str; 5]) -> Result<(), ImportError> {
        self.writer
            .write_record(fields)
            .map_err(|error| ImportError::file(&self.path, "written", std::io::Error::other(error)))
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        self.writer
            .flush()
            .map_err(|source| ImportError::file(&self.path, "written", source))
    }
}

impl Rejections {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, ImportError> {
        Ok(Self {
            by_code: BTreeMap::new(),
            report: path.map(ReportFile::create).transpose()?,
        })
    }

    pub(crate) fn add(&mut self, rejection: Rejection) -> Result<(), ImportError> {
        if let Some(report) = &mut self.report {
            let row = rejection.row.to_string();
            let Rejection {
                field,
                value,
                code,
                reason,
                ..
            } = &rejection;
            report.write([&row, field, value, code, reason])?;
        }
        if let Some(summary) = self.by_code.get_mut(rejection.code.as_ref()) {
            summary.rows += 1;
        } else {
            let code = rejection.code.to_string();
            let summary = CodeSummary {
                rows: 1,
                first: rejection,
            };
            self.by_code.insert(code, summary);
        }
        Ok(())
    }

    /// Writes out what is still buffered, and gives the counts.
    pub(crate) fn finish(mut self) -> Result<BTreeMap<String, CodeSummary>, ImportError> {
        if let Some(report) = &mut self.report {
            report.flush()?;
        }
        Ok(self.by_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rejection_is_written_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejected.csv");
        let mut rejections = Rejections::open(Some(&path)).unwrap();
        rejections
            .add(Rejection::new(
                7,
                "price",
                "1,5",
                "price_invalid",
                "digits, \"please\"",
            ))
            .unwrap();
        rejections
            .add(Rejection::new(9, "price", "x", "price_invalid", "digits"))
            .unwrap();
        let by_code = rejections.finish().unwrap();
        assert_eq!(by_code["price_invalid"].rows, 2);
        assert_eq!(by_code["price_invalid"].first.row, 7);
        let written = std::fs::read_to_string(&path).unwrap();
        let expected = "row,field,value,code,reason\n\
            7,price,\"1,5\",price_invalid,\"digits, \"\"please\"\"\"\n\
            9,price,x,price_invalid,digits\n";
        assert_eq!(written, expected);
    }
}
