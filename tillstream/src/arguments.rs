//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  tillstream                                   the whole shop, with a demo catalogue
  tillstream --data-dir /srv/shop --no-demo    an empty shop that is kept in /srv/shop
  tillstream import products catalogue.csv     products from a file into the running shop
  tillstream shop                              shops in the terminal, in the shop that runs here
  tillstream verify                            checks everything that was ever recorded
  tillstream config > tillstream.toml          all settings with their values of now

Settings come from tillstream.toml (or --config), then from the environment (TILLSTREAM_LISTEN,
TILLSTREAM_MAIL__TRANSPORT, …), then from flags.";

#[derive(Parser)]
#[command(
    name = "tillstream",
    version,
    about = "An event-driven commerce backend: a whole shop in one process",
    after_help = EXAMPLES
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings file [default: tillstream.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub overrides: Overrides,
}

/// Settings that have a flag.
#[derive(Args, Default)]
pub struct Overrides {
    /// Where everything is kept [default: tillstream-data]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// Where the shop answers [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// Start a new shop without the demo catalogue
    #[arg(long, global = true)]
    pub no_demo: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the shop until Ctrl-C (what happens without a command, too), or one role of it
    Serve(Serve),
    /// Make the secrets and the admin's login of a shop whose roles are processes of their own
    Init,
    /// Bring PostgreSQL's schemas up to date; safe while roles of the last release run
    Migrate,
    /// Build read models anew out of the log, beside the serving ones, and swap them in
    Rebuild(Rebuild),
    /// Replay the log and check everything that must always hold
    Verify(Verify),
    /// Make a backup now; a shop may be running on the data folder
    Backup(Backup),
    /// List the backups that could be restored
    Backups(Backups),
    /// Bring a shop back from a backup, into an empty data folder
    Restore(Restore),
    /// List the money that moved at the payment provider and that the log doesn't account for
    Orphans(Orphans),
    /// Bring products, orders or invoices into a running shop, through its REST API
    Import(Import),
    /// Write products or orders of a running shop to a file
    Export(Export),
    /// Shop in the terminal: search, buy, look after orders
    Shop(Shop),
    /// Print the effective settings, with secrets masked
    Config,
}

impl Command {
    /// What the process is called in traces and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Serve(serve) => serve.role.map_or("shop", Role::as_str),
            Self::Init => "init",
            Self::Migrate => "migrate",
            Self::Rebuild(_) => "rebuild",
            Self::Verify(_) => "verify",
            Self::Backup(_) => "backup",
            Self::Backups(_) => "backups",
            Self::Restore(_) => "restore",
            Self::Orphans(_) => "orphans",
            Self::Import(_) => "import",
            Self::Export(_) => "export",
            Self::Shop(_) => "shop-client",
            Self::Config => "config",
        }
    }
}

#[derive(Args, Default)]
pub struct Serve {
    /// Run this role alone, on the PostgreSQL, NATS and Redis that the settings name
    #[arg(long, value_enum)]
    pub role: Option<Role>,
}

/// What a process of its own can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers everything that changes the shop; any number at once
    CommandApi,
    /// Answers everything that reads; any number at once
    QueryApi,
    /// Publishes the log's events to NATS; one is active, others stand by
    Relay,
    /// Turns events into read models; one is active, others stand by
    Projectors,
    /// Sends emails, settles payments; any number at once
    Workers,
    /// A payment provider that charges nobody, for trying things out; exactly one
    PaymentSandbox,
}

impl Role {
    /// As on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CommandApi => "command-api",
            Self::QueryApi => "query-api",
            Self::Relay => "relay",
            Self::Projectors => "projectors",
            Self::Workers => "workers",
            Self::PaymentSandbox => "payment-sandbox",
        }
    }
}

#[derive(Args)]
pub struct Rebuild {
    /// The read models to build anew [default: all]
    #[arg(value_name = "VIEW")]
    pub views: Vec<String>,
    /// Also compare each with what it was before, row by row
    #[arg(long)]
    pub compare: bool,
}

#[derive(Args)]
pub struct Verify {
    /// Also rebuild the read models on the side and compare them, row by row
    #[arg(long)]
    pub views: bool,
}

#[derive(Args)]
pub struct Backup {
    /// A folder or `s3://bucket/prefix` [default: the setting backup.to]
    #[arg(long, value_name = "PLACE")]
    pub to: Option<String>,
}

#[derive(Args)]
pub struct Backups {
    /// A folder or `s3://bucket/prefix` [default: the setting backup.to]
    #[arg(long, value_name = "PLACE")]
    pub from: Option<String>,
}

#[derive(Args)]
pub struct Restore {
    /// A folder or `s3://bucket/prefix` [default: the setting backup.to]
    #[arg(long, value_name = "PLACE")]
    pub from: Option<String>,
    /// The newest backup that isn't after this time (RFC 3339) or position [default: the newest]
    #[arg(long, value_name = "TIME|POSITION")]
    pub at: Option<String>,
    /// Move aside what is in the data folder
    #[arg(long)]
    pub force: bool,
}

#[derive(Args)]
pub struct Orphans {
    /// Also those that were given back or acknowledged
    #[arg(long)]
    pub all: bool,
}

/// How to reach the shop, and as whom.
#[derive(Args)]
pub struct Server {
    /// The shop's address [default: where `listen` says]
    #[arg(long = "server", value_name = "URL")]
    pub url: Option<String>,
    /// The staff account to act as [default: the admin of the data folder's credentials]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// Its password; better given in the environment
    #[arg(
        long,
        env = "TILLSTREAM_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    pub password: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ImportKind {
    /// Products: CSV, NDJSON or a JSON array
    Products,
    /// Orders of the past: CSV (a row per line), NDJSON or a JSON array
    Orders,
    /// Invoice lines with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
    /// UnitPrice, CustomerID, Country: products, customers, orders and credit notes in one
    OnlineRetail,
}

#[derive(Args)]
pub struct Import {
    /// What is in the file
    pub kind: ImportKind,
    /// The file, plain or .gz
    pub file: PathBuf,
    #[command(flatten)]
    pub server: Server,
    /// Requests under way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// Where rejected rows are written, as CSV [default: beside the file]
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Where the progress is kept, to resume [default: beside the file]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Import nothing: compare the shop's sales report with the file's own totals
    #[arg(long)]
    pub check: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ExportKind {
    Products,
    Orders,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ExportFormat {
    Ndjson,
    Json,
    Csv,
}

#[derive(Args)]
pub struct Export {
    pub kind: ExportKind,
    /// The file to write; `-` for standard output
    pub file: PathBuf,
    /// [default: by the file's extension; NDJSON on standard output]
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Args)]
pub struct Shop {
    /// The shop's address [default: where `listen` says]
    #[arg(long = "server", value_name = "URL")]
    pub url: Option<String>,
    /// Log in as [default: asked when it's needed]
    #[arg(long, value_name = "NAME", requires = "password")]
    pub username: Option<String>,
    /// Its password; better given in the environment
    #[arg(
        long,
        env = "TILLSTREAM_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    pub password: Option<String>,
    /// The country that orders go to, as a name or code [default: asked with an order]
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<String>,
    /// What the payment provider knows a card by [default: out of the wallet]
    #[arg(long, value_name = "TOKEN")]
    pub card: Option<String>,
}
