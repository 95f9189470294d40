//! What the best sellers and the parts of the revenue share: sums of one period, the largest first, beside the sum of all.
//! What is ranked, and how its rows are named, is each report's own.

use events::money::Currency;
use read_models::periods::Period;
use read_models::query::Snapshot;
use read_models::query::analytics::{self, Rank, Ranking, Subject};
use read_models::sales_figures::{Dimension, Part, SalesFigures, Scope};
use web::Problem;

use crate::errors::store_failed;

/// Whose sums, of when, and how many of them.
#[derive(Clone, Copy)]
pub struct Ranked {
    pub scope: Scope,
    pub period: Period,
    pub currency: Currency,
    pub limit: u32,
}

impl Ranked {
    /// The sums that are shown, and that of all.
    pub async fn read(
        self,
        snapshot: &mut Snapshot,
        dimension: Dimension,
        rank: Rank,
    ) -> Result<(Vec<SalesFigures>, SalesFigures), Problem> {
        let Self {
            scope,
            period,
            currency,
            limit,
        } = self;
        let ranking = Ranking {
            scope,
            dimension,
            currency,
            period,
            rank,
        };
        let all = Subject {
            scope,
            part: Part::all(),
            currency,
        };
        let conn = snapshot.conn();
        let rows = analytics::ranking(conn, ranking, limit.into()).await;
        let total = analytics::sum(conn, all, period).await;
        Ok((rows.map_err(store_failed)?, total.map_err(store_failed)?))
    }
}

/// A period, as a title ends with it.
pub fn words(period: &str) -> String {
    match period {
        "all" => "of all time".to_owned(),
        period => format!("of {period}"),
    }
}
