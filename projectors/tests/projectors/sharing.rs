//! Several processes that write the same views on one server.

use futures::future::join_all;
use platform::postgres::{self, PostgresTarget};
use read_models::{POSTGRES_SCHEMA, ViewName, Views};

use crate::database::Database;
use crate::shop::{Shop, digests, generations};
use crate::story::*;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn several_that_start_at_once_create_the_views_once() {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test of projectors").unwrap();
    let too_early = Views::open_postgres_writer(&target).await.err().unwrap();
    let why = std::error::Error::source(&too_early).unwrap().to_string();
    assert!(why.contains("tillstream migrate"), "{why}");
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    let opened = join_all((0..4).map(|_| Views::open_postgres_writer(&target))).await;
    let opened: Vec<_> = opened.into_iter().map(Result::unwrap).collect();
    assert_eq!(generations(&opened[0]).await, ViewName::ALL.len());
    for views in opened {
        views.close().await;
    }
}

/// It holds the views' lock and says nothing, as a process does that was stopped by a signal.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn a_writer_that_hangs_loses_its_transaction_and_the_others_go_on() {
    let mut shop = Shop::open(Database::Postgres).await;
    let hanging_views = shop.same_views().await;
    let mut hanging = hanging_views.begin_write().await.unwrap();
    sqlx::query("UPDATE checkpoints SET position = position + 1")
        .execute(&mut *hanging)
        .await
        .unwrap();
    let projector = shop.project();
    let position = shop.record([added(1, "mug", 150), placed(1)]).await;
    projector.reach(position).await;
    assert!(hanging.commit().await.is_err(), "it has lost its transaction");
    projector.stop().await;
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}
