//! The servers that a role uses beside PostgreSQL, as the settings name them.

use anyhow::Context;
use platform::bus::{Bus, BusCredentials, BusSettings, BusTls, ClientCertificate};
use platform::event_log::EventLog;
use platform::feed::Feed;
use read_models::cache::{ProductCache, RedisCache, RedisSettings};

use crate::data_dir::DataDir;
use crate::secrets::Secrets;
use crate::settings::{NatsSettings, Settings};
use crate::storage::Servers;

/// PostgreSQL, once it answers.
pub async fn servers(settings: &Settings, role: &str) -> anyhow::Result<Servers> {
    let servers = Servers::of(settings, role)?
        .context("postgres.url is missing: a role by itself needs PostgreSQL; without --role the whole shop runs embedded")?;
    servers.wait_until_up().await?;
    Ok(servers)
}

/// The data folder with the secrets that `tillstream init` has made.
pub fn secrets(settings: &Settings) -> anyhow::Result<(DataDir, Secrets)> {
    let dir = DataDir::existing(&settings.data_dir)?;
    let secrets = Secrets::load(&dir.secrets())
        .context("every role needs the shop's secrets; `tillstream init` makes them, once")?;
    Ok((dir, secrets))
}

/// NATS, if the settings name it. Doesn't wait for it to answer.
pub async fn bus(settings: &Settings, role: &str) -> anyhow::Result<Option<Bus>> {
    let given = &settings.nats;
    let Some(url) = &given.url else { return Ok(None) };
    let servers = url.reveal().split(',').map(|url| url.trim().to_owned());
    let bus = BusSettings {
        credentials: credentials(given),
        tls: tls(given),
        prefix: given.prefix.clone(),
        replicas: given.replicas.into(),
        name: format!("tillstream {role}"),
        ..BusSettings::new(servers.collect())
    };
    let bus = Bus::connect(bus).await;
    Ok(Some(bus.context("the settings of nats are wrong")?))
}

fn credentials(given: &NatsSettings) -> BusCredentials {
    match (&given.credentials_file, &given.username, &given.password) {
        (Some(file), ..) => BusCredentials::File(file.clone()),
        (None, Some(user), Some(password)) => BusCredentials::Password {
            user: user.clone(),
            password: password.reveal().to_owned(),
        },
        _ => BusCredentials::None,
    }
}

fn tls(given: &NatsSettings) -> Option<BusTls> {
    let client = given.certificate_file.clone().zip(given.key_file.clone());
    let client = client.map(|(certificate_file, key_file)| ClientCertificate {
        certificate_file,
        key_file,
    });
    let wanted = given.ca_file.is_some() || client.is_some();
    wanted.then(|| BusTls {
        ca_file: given.ca_file.clone(),
        client,
    })
}

/// The events, over the bus if there is one.
pub fn feed(log: &EventLog, bus: Option<&Bus>) -> Feed {
    match bus {
        Some(bus) => Feed::jet_stream(log.clone(), bus.clone()),
        None => Feed::tail(log.clone()),
    }
}

/// Redis, or nothing: a process without a projector can't keep a cache of its own true.
pub fn cache(settings: &Settings) -> anyhow::Result<ProductCache> {
    let given = &settings.redis;
    let Some(url) = &given.url else {
        return Ok(ProductCache::default());
    };
    let redis = RedisSettings {
        url: url.reveal().to_owned(),
        key_prefix: given.prefix.clone(),
        ca_file: given.ca_file.clone(),
    };
    let redis = RedisCache::connect(&redis).context("the settings of redis are wrong")?;
    Ok(ProductCache::Redis(redis))
}
