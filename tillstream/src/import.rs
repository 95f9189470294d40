//! `tillstream import`: reads the command line and prints what came of it; the work is `import`'s.

use std::process::ExitCode;

use import::{
    CheckOptions, Credentials as ImportCredentials, Dataset, ImportOptions, Progress, StatePath, Target,
};

use crate::arguments::{Import, ImportKind, Server};
use crate::data_dir::DataDir;
use crate::secrets::Credentials;
use crate::settings::Settings;

pub async fn run(settings: &Settings, arguments: Import) -> anyhow::Result<ExitCode> {
    let dataset = match arguments.kind {
        ImportKind::Products => Dataset::Products,
        ImportKind::Orders => Dataset::Orders,
        ImportKind::OnlineRetail => Dataset::OnlineRetail,
    };
    let target = target(settings, arguments.server)?;
    if arguments.check {
        let options = CheckOptions {
            target,
            dataset,
            format: None,
            file: arguments.file,
            currency: settings.currency,
        };
        let report = import::check(&options).await?;
        say!("{report}");
        return Ok(exit_code(report.agrees()));
    }
    let rejected = arguments
        .rejected
        .unwrap_or_else(|| beside(&arguments.file, ".rejected.csv"));
    let options = ImportOptions {
        target,
        dataset,
        format: None,
        file: arguments.file,
        currency: settings.currency,
        state: arguments.state.map_or(StatePath::BesideFile, StatePath::At),
        rejected: Some(rejected),
        in_flight: arguments.concurrency.into(),
    };
    let report = import::run(&options, Progress::detect()).await?;
    say!("{report}");
    Ok(exit_code(!report.has_server_errors()))
}

/// Where the shop is, and how to log in: as told, or else as the shop in the data folder has it.
pub fn target(settings: &Settings, given: Server) -> anyhow::Result<Target> {
    let server = given.url.unwrap_or_else(|| format!("http://{}", settings.listen));
    let credentials = match (given.username, given.password) {
        (Some(login), Some(password)) => ImportCredentials::Password { login, password },
        (None, None) => {
            let admin = Credentials::load(&DataDir::existing(&settings.data_dir)?.credentials())?.admin;
            ImportCredentials::Password {
                login: admin.username,
                password: admin.password,
            }
        }
        (Some(_), None) => {
            anyhow::bail!("--username goes with a password: --password or TILLSTREAM_PASSWORD")
        }
        (None, Some(_)) => anyhow::bail!("a password goes with --username"),
    };
    Ok(Target { server, credentials })
}

fn beside(file: &std::path::Path, ending: &str) -> std::path::PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn exit_code(success: bool) -> ExitCode {
    if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
