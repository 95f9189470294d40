//! A report's rows as CSV.

use bytes::Bytes;

/// A head and rows of as many fields.
pub struct CsvTable {
    pub head: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

impl CsvTable {
    /// The rows with the head before them. Fails if a row has more or fewer fields than the head.
    pub fn into_bytes(self) -> Result<Bytes, csv::Error> {
        let mut writer = csv::Writer::from_writer(vec![]);
        writer.write_record(self.head)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        let body = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(body.into())
    }
}

/// A text that a spreadsheet would run as a formula is marked as text (OWASP, "CSV Injection").
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_formulas_are_texts() {
        let table = CsvTable {
            head: &["name", "units"],
            rows: vec![vec![harmless("=1+1, \"x\""), "3".to_owned()]],
        };
        let bytes = table.into_bytes().unwrap();
        assert_eq!(bytes, "name,units\n\"'=1+1, \"\"x\"\"\",3\n".as_bytes());
    }

    #[test]
    fn a_row_of_another_length_is_an_error() {
        let table = CsvTable {
            head: &["name", "units"],
            rows: vec![vec!["mug".to_owned()]],
        };
        assert!(table.into_bytes().is_err());
    }
}
