//! What a branch does for its headquarters: tells what its days have come to, and takes the catalogue over.
//!
//! `day_book` makes the figures out of the log, `reporter` has them prepared when a day is due, `sender` carries them over as
//! an effect like any other, `comparison` finds what a restore has made differ, and `catalogue` follows what headquarters sells. All of them go through `headquarters`, which
//! keeps a line of every call. What headquarters makes of it is its command API's business.

mod calendar;
mod catalogue;
mod checkpoint;
mod comparison;
mod day_book;
mod headquarters;
mod refused_rows;
mod reporter;
mod sender;
mod tree;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;
use events::ids::BranchId;
use events::money::Currency;
use executor::Executor;
use platform::call_log::CallLog;
use platform::clock::Clock;
use platform::feed::Feed;
use tokio_util::sync::CancellationToken;

pub(crate) use headquarters::Headquarters;
pub(crate) use sender::send_report;

use crate::effects::Shop;
use crate::intents::Intents;

/// What a branch's token begins with.
const TOKEN_PREFIX: &str = "tsb_";

/// How a branch is tied to its headquarters.
#[derive(Clone)]
pub struct ChainSettings {
    /// `https://hq.example.com`, with or without a slash at the end.
    pub headquarters: String,
    /// `tsb_…`, as headquarters gave it; never logged.
    pub token: String,
    /// When a day that isn't over yet is reported, by the branch's clock.
    pub report_at: NaiveTime,
    /// By which clock days end.
    pub time_zone: Tz,
    /// The shop's currency: a day without sales is reported as none of these.
    pub currency: Currency,
    /// Between two looks at headquarters' catalogue.
    pub catalogue_every: Duration,
}

impl fmt::Debug for ChainSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainSettings")
            .field("headquarters", &self.headquarters)
            .field("token", &"(secret)")
            .finish_non_exhaustive()
    }
}

impl ChainSettings {
    /// Which branch the token says that this is.
    pub fn branch_id(&self) -> Result<BranchId, ChainError> {
        let named = self.token.strip_prefix(TOKEN_PREFIX);
        let id = named.and_then(|rest| rest.split_once('.')?.0.parse().ok());
        id.ok_or(ChainError::Token)
    }
}

/// Why a shop can't be a branch.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    #[error("chain.token is none that a headquarters gives: those begin with tsb_")]
    Token,
    #[error("chain.headquarters is no URL")]
    Url,
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

/// What a branch works with.
#[derive(Debug, Clone)]
pub struct ChainDeps {
    settings: Arc<ChainSettings>,
    headquarters: Headquarters,
}

impl ChainDeps {
    /// Checks the settings; nothing is sent yet.
    pub fn new(settings: ChainSettings, calls: CallLog, clock: Clock) -> Result<Self, ChainError> {
        Ok(Self {
            headquarters: Headquarters::new(&settings, calls, clock)?,
            settings: Arc::new(settings),
        })
    }

    pub(crate) fn headquarters(&self) -> &Headquarters {
        &self.headquarters
    }
}

/// Reports, and follows the catalogue, until shutdown. One process of a branch does; a second that believes it is the one
/// prepares what is prepared already, which changes nothing.
pub(crate) async fn run(
    chain: ChainDeps,
    feed: Feed,
    executor: Executor,
    intents: Intents,
    shutdown: CancellationToken,
) {
    let clock = intents.clock().clone();
    let shop = Shop { executor, clock };
    let ChainDeps {
        settings,
        headquarters,
    } = chain;
    tokio::join!(
        reporter::run(
            Arc::clone(&settings),
            shop.clone(),
            feed,
            (headquarters.clone(), intents),
            shutdown.clone()
        ),
        catalogue::follow(settings, shop, headquarters, shutdown),
    );
}
