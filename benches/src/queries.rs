//! Product detail and product list, each beside a bare handler that answers the same bytes.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, bail};
use hyper::{StatusCode, Uri};

use crate::catalogue::Catalogue;
use crate::connection::{Answer, Connection};
use crate::endpoint::Endpoint;
use crate::limit_http::{FixedAnswer, Limit};
use crate::load::Clients;
use crate::measurement::{Measurement, Side};
use crate::plan::{Plan, order_of_round};
use crate::work::{self, Work};

const DETAIL_ROUTE: &str = "/api/products/{id}";
const LIST_ROUTE: &str = "/api/products";

const LIMIT_LEAVES_OUT: &str = "the bare axum handler answers bytes that it has ready: no lookup, no log, no middleware, one header for many";

/// What is asked, and how it is called in the report.
pub struct Queried<'a> {
    /// Behind the name of each measurement, such as ", from SQL"; may be empty.
    pub suffix: &'a str,
    pub endpoint: Endpoint,
}

/// Both measurements, the detail first.
pub async fn measure(
    shop: &Queried<'_>,
    catalogue: &Catalogue,
    plan: &Plan,
    folder: &Path,
) -> anyhow::Result<Vec<Measurement>> {
    let (detail, detail_answer) = sample(&shop.endpoint, &catalogue.detail).await?;
    let (list, list_answer) = sample(&shop.endpoint, &catalogue.list).await?;
    let answers = HashMap::from([
        (DETAIL_ROUTE, FixedAnswer::like(&detail_answer)?),
        (LIST_ROUTE, FixedAnswer::like(&list_answer)?),
    ]);
    let limit = Limit::start(answers, folder).await?;
    limit.check(&detail, &detail_answer).await?;
    limit.check(&list, &list_answer).await?;
    Ok(vec![
        beside(shop, &limit, "product detail", &catalogue.detail, plan).await?,
        beside(shop, &limit, "product list", &catalogue.list, plan).await?,
    ])
}

/// The first of the paths, and what the shop answers to it.
async fn sample(shop: &Endpoint, work: &Work) -> anyhow::Result<(Uri, Answer)> {
    let Work::Get(paths) = work else {
        bail!("a query is a GET")
    };
    let path = paths.first().context("no path")?.clone();
    let answer = Connection::open(shop.url_of(0))
        .await?
        .send(work::get(path.clone()), StatusCode::OK)
        .await?;
    Ok((path, answer))
}

async fn beside(
    shop: &Queried<'_>,
    limit: &Limit,
    name: &str,
    work: &Work,
    plan: &Plan,
) -> anyhow::Result<Measurement> {
    let mut clients = [
        Clients::connect(plan.clients, 0, shop.endpoint.clone(), work.clone()).await?,
        Clients::connect(plan.clients, 0, limit.endpoint(), work.clone()).await?,
    ];
    let mut sides = [Side::new("shop"), Side::new("bare axum")];
    for clients in &mut clients {
        clients.run(plan.warm_up).await?;
    }
    for round in 0..plan.rounds {
        for side in order_of_round(round, sides.len()) {
            sides[side].rounds.push(clients[side].run(plan.round).await?);
        }
    }
    let name = format!("{name}{}", shop.suffix);
    Ok(Measurement::new(name, &sides, vec![LIMIT_LEAVES_OUT.to_owned()]))
}
