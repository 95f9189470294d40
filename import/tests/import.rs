//! The crate as the executable uses it, up to the first request: files that yield nothing to send need no server, and
//! neither do mistakes that are found before one is asked. What passes between it and a running shop is tested where
//! the shop is built.

use std::path::{Path, PathBuf};

use import::{
    BulkError, CheckOptions, Credentials, Dataset, ExportKind, ExportOptions, ImportError, ImportOptions,
    Progress, StatePath, Target, check, export, run,
};

/// Port 1 of this machine: nobody listens there, and in these tests nobody is asked.
fn target() -> Target {
    Target {
        server: "http://127.0.0.1:1".to_owned(),
        credentials: Credentials::Token("none".to_owned()),
    }
}

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn options(&self, dataset: Dataset, file: PathBuf) -> ImportOptions {
        ImportOptions {
            target: target(),
            dataset,
            format: None,
            file,
            currency: "GBP".parse().unwrap(),
            state: StatePath::BesideFile,
            rejected: Some(self.path("rejected.csv")),
            in_flight: 4,
        }
    }
}

async fn fails(options: &ImportOptions) -> ImportError {
    run(options, Progress::Hidden).await.unwrap_err()
}

#[tokio::test]
async fn a_file_of_wrong_rows_is_reported_row_by_row() {
    let scene = Scene::new();
    let file = scene.file("p.csv", "sku,name,price\nA,,1\nB/C,B,1\nD,D,1.001\n");
    let report = run(&scene.options(Dataset::Products, file.clone()), Progress::Hidden)
        .await
        .unwrap();
    assert_eq!((report.rows.rejected, report.rows.total()), (3, 3));
    assert!(report.records.is_empty() && report.traffic.answers.is_empty());
    let codes: Vec<&str> = report.rejected_by_code.keys().map(String::as_str).collect();
    assert_eq!(codes, ["name_missing", "price_decimals", "sku_invalid"]);
    let written = std::fs::read_to_string(scene.path("rejected.csv")).unwrap();
    assert_eq!(written.lines().count(), 4, "{written}");
    assert!(written.contains("4,price,1.001,price_decimals,"), "{written}");
    let state = std::fs::read_to_string(scene.path("p.csv.tillstream-import")).unwrap();
    assert!(state.starts_with("tillstream-import 1\nserver http://127.0.0.1:1\ndataset products\n"));
    // A second run finds its own state, and says the same.
    let again = run(&scene.options(Dataset::Products, file), Progress::Hidden)
        .await
        .unwrap();
    assert_eq!(again.rows, report.rows);
}

#[tokio::test]
async fn mistakes_are_told_before_anybody_is_asked() {
    let scene = Scene::new();
    let missing = scene.options(Dataset::Orders, scene.path("nothing.csv"));
    assert!(matches!(
        fails(&missing).await,
        ImportError::Bulk(BulkError::File { .. })
    ));

    let unknown = scene.options(Dataset::Orders, scene.file("orders.txt", ""));
    assert!(matches!(
        fails(&unknown).await,
        ImportError::Bulk(BulkError::FormatUnknown { .. })
    ));

    let header = scene.options(Dataset::Orders, scene.file("o.csv", "reference,sku\n"));
    let error = fails(&header).await.to_string();
    assert!(
        error.contains("o.csv") && error.contains("\"placed_at\""),
        "{error}"
    );

    let json = scene.options(Dataset::OnlineRetail, scene.file("o.json", "[]"));
    assert!(matches!(
        fails(&json).await,
        ImportError::FormatUnsupported { .. }
    ));

    let broken = scene.options(Dataset::Orders, scene.file("b.json", "[{]"));
    assert!(matches!(
        fails(&broken).await,
        ImportError::Bulk(BulkError::Json { .. })
    ));

    let mut crowd = scene.options(Dataset::Products, scene.file("p.json", "[]"));
    for in_flight in [0, 257] {
        crowd.in_flight = in_flight;
        assert!(matches!(fails(&crowd).await, ImportError::InFlight { .. }));
    }

    let mut nowhere = scene.options(Dataset::Products, scene.path("p.json"));
    nowhere.target.server = "shop.example".to_owned();
    assert!(matches!(fails(&nowhere).await, ImportError::Server { .. }));
}

#[tokio::test]
async fn a_state_of_another_server_is_not_gone_on_from() {
    let scene = Scene::new();
    let file = scene.file("p.json", "[]");
    let mut options = scene.options(Dataset::Products, file);
    run(&options, Progress::Hidden).await.unwrap();
    options.target.server = "http://127.0.0.1:2".to_owned();
    let error = fails(&options).await;
    assert!(matches!(error, ImportError::StateMismatch { .. }), "{error}");
    options.state = StatePath::Nowhere;
    assert!(run(&options, Progress::Hidden).await.is_ok());
}

#[tokio::test]
async fn a_check_of_a_file_in_which_nothing_counts_agrees_with_an_untouched_shop() {
    let scene = Scene::new();
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    let row = "1,A,lost,-5,2011-01-01 10:00,0,,France\n";
    let options = CheckOptions {
        target: target(),
        dataset: Dataset::OnlineRetail,
        format: None,
        file: scene.file("i.csv", &format!("{header}{row}")),
        currency: "GBP".parse().unwrap(),
    };
    let report = check(&options).await.unwrap();
    assert!(report.agrees());
    let units = &report.figures[1];
    assert_eq!(
        (
            units.file.as_str(),
            units.rejected.as_str(),
            units.expected.as_str()
        ),
        ("-5", "-5", "0")
    );
    let products = CheckOptions {
        dataset: Dataset::Products,
        ..options
    };
    assert!(matches!(
        check(&products).await,
        Err(ImportError::NothingToCheck { .. })
    ));
}

#[tokio::test]
async fn an_export_says_what_its_file_s_name_leaves_open() {
    let options = ExportOptions {
        target: target(),
        kind: ExportKind::Products,
        format: None,
        file: Path::new("products").to_owned(),
    };
    let error = export(&options, Progress::Hidden).await.unwrap_err();
    assert!(matches!(
        error,
        ImportError::Bulk(BulkError::FormatUnknown { .. })
    ));
}
