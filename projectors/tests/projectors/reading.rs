//! Readers beside a projector, in its process or in another: what they see, and what they may not do.

use futures::{StreamExt, stream};
use platform::postgres::{self, PostgresTarget};
use projectors::rebuild;
use read_models::products::Product;
use read_models::query::Snapshot;
use read_models::store::StoreError;
use read_models::{POSTGRES_SCHEMA, ViewName, Views};
use sqlx::{AssertSqlSafe, Connection, Row};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::database::{Database, on_each_database};
use crate::shop::{Shop, digests, generations};
use crate::story::*;

on_each_database! {
    a_snapshot_is_of_one_moment_while_views_are_swapped,
    a_character_that_no_text_may_hold_is_replaced_alike,
}

/// Reads the position and the newest row again and again; how often.
async fn snapshots_all_the_while(views: Views, done: CancellationToken) -> usize {
    let mut snapshots = 0;
    while !done.is_cancelled() {
        let mut snapshot = Snapshot::begin(&views).await.unwrap();
        let position = snapshot.position_of(&[ViewName::Products]);
        let newest = sqlx::query("SELECT MAX(position) AS position FROM products");
        let newest = newest.fetch_one(snapshot.conn()).await.unwrap();
        let newest = u64::try_from(newest.get::<i64, _>("position")).unwrap();
        assert_eq!(newest, position, "the rows are of another moment");
        snapshots += 1;
    }
    snapshots
}

async fn a_snapshot_is_of_one_moment_while_views_are_swapped(database: Database) {
    let mut shop = Shop::open(database).await;
    let projector = shop.project();
    // Every event touches a product, so that the newest row is as new as the view.
    let position = shop.record((1..=20).map(|n| added(n, "mug", 150))).await;
    projector.reach(position).await;
    let done = CancellationToken::new();
    let reader = tokio::spawn(snapshots_all_the_while(shop.same_views().await, done.clone()));
    let (log, views) = (shop.log.clone(), shop.same_views().await);
    let rebuilding = tokio::spawn(async move {
        let names = [ViewName::Products, ViewName::Orders];
        for _ in 0..5 {
            let none = CancellationToken::new();
            rebuild(&log, &views, &names, |_| (), &none).await.unwrap();
        }
    });
    while !rebuilding.is_finished() {
        shop.record((1..=20).map(|n| received(n, 1))).await;
    }
    rebuilding.await.unwrap();
    done.cancel();
    assert!(reader.await.unwrap() > 0);
    projector.reach(shop.log.head().await.unwrap()).await;
    projector.stop().await;
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}

async fn a_character_that_no_text_may_hold_is_replaced_alike(database: Database) {
    let mut shop = Shop::open(database).await;
    let projector = shop.project();
    let position = shop.record([added(1, "mu\0g", 150)]).await;
    projector.reach(position).await;
    projector.stop().await;
    let product: Product = shop.views.find(&product(1)).await.unwrap().unwrap();
    assert_eq!(product.document.name, "mu\0g");
    let name = sqlx::query("SELECT sort_name FROM products").fetch_one(shop.views.reader());
    assert_eq!(name.await.unwrap().get::<String, _>("sort_name"), "mu\u{FFFD}g");
    assert_eq!(digests(&shop.views).await, shop.fresh_digests().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn a_reader_may_come_before_the_first_projector_and_follows_it() {
    let url = test_servers::new_database().await;
    let target = PostgresTarget::parse(&url, "test of readers").unwrap();
    postgres::migrate(&target, &POSTGRES_SCHEMA).await.unwrap();
    let reader = Views::open_postgres_reader(&target).await.unwrap();
    let nothing = reader.find::<Product>(&product(1)).await;
    assert!(matches!(nothing, Err(StoreError::NotReady)), "{nothing:?}");
    assert!(matches!(reader.begin_write().await, Err(StoreError::ReadOnly)));

    let (hint, hints) = mpsc::unbounded_channel();
    let hints = stream::unfold(hints, async |mut hints| Some((hints.recv().await?, hints)));
    let stop = CancellationToken::new();
    let following = {
        let (reader, stop) = (reader.clone(), stop.clone());
        tokio::spawn(async move { reader.follow(hints.boxed(), stop).await })
    };
    let mut shop = Shop::open(Database::Sqlite).await;
    let written = Views::open_postgres_writer(&target).await.unwrap();
    let projector = shop.project_into(&written);
    let position = shop.record([added(1, "mug", 150)]).await;
    hint.send(()).unwrap();
    reader.reach(&ViewName::ALL, position).await;
    let found: Product = reader.find(&product(1)).await.unwrap().unwrap();
    assert_eq!(found.position, position);

    // Without anybody who tells, it looks by itself.
    drop(hint);
    let position = shop.record([received(1, 5)]).await;
    reader.reach(&[ViewName::Products], position).await;
    projector.stop().await;
    stop.cancel();
    following.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers: cargo xtask test"]
async fn a_role_that_may_only_read_reads_every_generation_and_writes_none() {
    let mut shop = Shop::open(Database::Postgres).await;
    let target = shop.place.server();
    let role = test_servers::new_name();
    let mut admin = target.connect().await.unwrap();
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD '{role}'");
    sqlx::query(AssertSqlSafe(create))
        .execute(&mut admin)
        .await
        .unwrap();
    postgres::grant_read(target, &POSTGRES_SCHEMA, &role)
        .await
        .unwrap();
    let options = target.options();
    let (host, port) = (options.get_host(), options.get_port());
    let database = options.get_database().unwrap();
    let url = format!("postgres://{role}:{role}@{host}:{port}/{database}");
    let restricted = PostgresTarget::parse(&url, "test of readers").unwrap();
    let reader = Views::open_postgres_reader(&restricted).await.unwrap();

    let projector = shop.project();
    let position = shop.record([added(1, "mug", 150)]).await;
    projector.reach(position).await;
    let before = digests(&reader).await;
    assert_eq!(before, digests(&shop.views).await);
    let none = CancellationToken::new();
    rebuild(&shop.log, &shop.views, &ViewName::ALL, |_| (), &none)
        .await
        .unwrap();
    assert_eq!(
        digests(&reader).await,
        before,
        "a new generation is readable, too"
    );
    let snapshot = Snapshot::begin(&reader).await.unwrap();
    assert_eq!(snapshot.position_of(&ViewName::ALL), position);
    drop(snapshot);

    let mut connection = restricted.connect().await.unwrap();
    for statement in [
        "DELETE FROM views.products_g2",
        "UPDATE views.checkpoints SET position = 0",
        "CREATE TABLE views.mine (n bigint)",
        "BEGIN; LOCK TABLE views.guard IN SHARE ROW EXCLUSIVE MODE",
    ] {
        let refused = sqlx::raw_sql(statement).execute(&mut connection).await;
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("permission denied"), "{statement}: {why}");
    }
    projector.stop().await;
    reader.close().await;
    connection.close().await.unwrap();
    let drop_role = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    sqlx::raw_sql(AssertSqlSafe(drop_role))
        .execute(&mut admin)
        .await
        .unwrap();
    assert_eq!(generations(&shop.views).await, ViewName::ALL.len());
}
