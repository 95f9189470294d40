//! Product detail and product list, each beside a bare handler that answers the same bytes.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, bail};
use hyper::{StatusCode, Uri};

use crate::connection::{Answer, Connection};
use crate::limit_http::{FixedAnswer, Limit};
use crate::load::Clients;
use crate::measurement::{Measurement, Side};
use crate::plan::{Plan, order_of_round};
use crate::shop::{Catalogue, Shop};
use crate::work::{self, Work};

const DETAIL_ROUTE: &str = "/api/products/{id}";
const LIST_ROUTE: &str = "/api/products";

const LIMIT_LEAVES_OUT: &str = "the bare axum handler answers bytes that it has ready: no lookup, no log, no middleware, one header for many";

/// Both measurements, the detail first.
pub async fn measure(
    shop: &Shop,
    catalogue: &Catalogue,
    plan: &Plan,
    folder: &Path,
) -> anyhow::Result<Vec<Measurement>> {
    let (detail, detail_answer) = sample(shop, &catalogue.detail).await?;
    let (list, list_answer) = sample(shop, &catalogue.list).await?;
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
async fn sample(shop: &Shop, work: &Work) -> anyhow::Result<(Uri, Answer)> {
    let Work::Get(paths) = work else {
        bail!("a query is a GET")
    };
    let path = paths.first().context("no path")?.clone();
    let answer = Connection::open(&shop.url)
        .await?
        .send(work::get(path.clone()), StatusCode::OK)
        .await?;
    Ok((path, answer))
}

async fn beside(
    shop: &Shop,
    limit: &Limit,
    name: &'static str,
    work: &Work,
    plan: &Plan,
) -> anyhow::Result<Measurement> {
    let mut clients = [
        Clients::connect(plan.clients, &shop.url, shop.id(), work.clone()).await?,
        Clients::connect(plan.clients, &limit.url, limit.id(), work.clone()).await?,
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
    Ok(Measurement::new(name, &sides, vec![LIMIT_LEAVES_OUT.to_owned()]))
}
