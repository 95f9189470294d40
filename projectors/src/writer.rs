//! Writes one view's rows into one of its generations: loads what a batch touches, applies it in
//! memory, saves what has changed. Begin and end of the transaction are `group`'s.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use events::envelope::Position;
use futures::future::BoxFuture;
use read_models::generation::Checkpoint;
use read_models::products::Product;
use read_models::record::Change;
use read_models::store::{self, StoreError};
use read_models::table::Of;
use read_models::{Record, ViewName};
use sqlx::AnyConnection;

use crate::accounts::Accounts;
use crate::api_keys::ApiKeys;
use crate::branches::Branches;
use crate::carts::Carts;
use crate::categories::Categories;
use crate::customers::Customers;
use crate::daily_reports::DailyReports;
use crate::guest_carts::GuestCarts;
use crate::orders::Orders;
use crate::orphans::Orphans;
use crate::payments::Payments;
use crate::products::Products;
use crate::projection::{Fact, KeyOf, Projection};
use crate::reviews::Reviews;
use crate::sales::SalesPerDay;
use crate::sales_figures::SalesRecords;
use crate::trades::TradesOfAccounts;
use crate::wallets::Wallets;
use crate::wishlists::Wishlists;

/// Rows of a view that are kept in memory between batches, since what changed lately changes again soon: a
/// catalogue of some thousand products, or a day's sales, entirely.
const ROWS_KEPT: usize = 16 * 1024;

/// A view's writer, whatever its rows are. The set of views is chosen at run time (a rebuild of some), which is
/// what the `dyn` is for.
pub trait Writer: Send + Sync {
    fn view(&self) -> ViewName {
        self.checkpoint().view
    }

    /// What the generation reflects.
    fn position(&self) -> Position {
        self.checkpoint().position
    }

    /// Where this writer left its generation.
    fn checkpoint(&self) -> Checkpoint;

    /// Applies the facts, which must begin after [`Self::position`], inside the connection's transaction, in which the
    /// checkpoint has been moved.
    fn write<'a>(
        &'a mut self,
        conn: &'a mut AnyConnection,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The products among what [`Self::write`] wrote last.
    fn products(&self) -> Vec<&Product>;

    /// The transaction of the last [`Self::write`] has been committed.
    fn committed(&mut self);
}

/// The writer of a view's generation that reflects `position`.
pub fn writer(view: ViewName, generation: u64, position: Position) -> Box<dyn Writer> {
    match view {
        ViewName::Products => boxed::<Products>(generation, position),
        ViewName::Categories => boxed::<Categories>(generation, position),
        ViewName::Carts => boxed::<Carts>(generation, position),
        ViewName::Orders => boxed::<Orders>(generation, position),
        ViewName::Payments => boxed::<Payments>(generation, position),
        ViewName::Wallets => boxed::<Wallets>(generation, position),
        ViewName::Sales => boxed::<SalesPerDay>(generation, position),
        ViewName::Accounts => boxed::<Accounts>(generation, position),
        ViewName::Reviews => boxed::<Reviews>(generation, position),
        ViewName::Wishlists => boxed::<Wishlists>(generation, position),
        ViewName::GuestCarts => boxed::<GuestCarts>(generation, position),
        ViewName::Trades => boxed::<TradesOfAccounts>(generation, position),
        ViewName::SalesFigures => boxed::<SalesRecords>(generation, position),
        ViewName::Customers => boxed::<Customers>(generation, position),
        ViewName::Branches => boxed::<Branches>(generation, position),
        ViewName::DailyReports => boxed::<DailyReports>(generation, position),
        ViewName::Orphans => boxed::<Orphans>(generation, position),
        ViewName::ApiKeys => boxed::<ApiKeys>(generation, position),
    }
}

fn boxed<P: Projection>(generation: u64, position: Position) -> Box<dyn Writer> {
    Box::new(ViewWriter::<P> {
        generation,
        position,
        reached: position,
        kept: HashMap::new(),
        changes: Vec::new(),
        projection: PhantomData,
    })
}

struct ViewWriter<P: Projection> {
    generation: u64,
    position: Position,
    /// Where `position` moves to with the commit.
    reached: Position,
    /// Rows as they are in the database. True as long as nobody else writes the generation, which its
    /// checkpoint would tell.
    kept: HashMap<KeyOf<P>, P::Row>,
    /// What the last batch made of the rows.
    changes: Vec<Change<P::Row>>,
    projection: PhantomData<P>,
}

/// A batch's rows before and while it is applied.
type Rows<P> = HashMap<KeyOf<P>, Change<<P as Projection>::Row>>;

impl<P: Projection> ViewWriter<P> {
    async fn write_batch(&mut self, conn: &mut AnyConnection, facts: &[Fact]) -> Result<(), StoreError> {
        self.changes.clear();
        let Some(last) = facts.last() else {
            return Ok(());
        };
        self.reached = last.position;
        let touched: Vec<_> = facts
            .iter()
            .flat_map(|fact| P::keys(&fact.event).into_iter().map(move |key| (fact, key)))
            .collect();
        let mut rows = self.load(conn, touched.iter().map(|(_, key)| key)).await?;
        let mut entries = Vec::new();
        for (fact, key) in touched {
            let Some(row) = rows.get_mut(&key) else {
                continue; // proof: `load` has an entry for every key
            };
            row.new = P::apply(&key, row.new.take(), fact, &mut entries);
        }
        self.changes
            .extend(rows.into_values().filter(|row| row.old != row.new));
        store::save(conn, self.generation, &self.changes).await?;
        store::upsert(conn, self.generation, &entries).await
    }

    async fn load<'k>(
        &self,
        conn: &mut AnyConnection,
        keys: impl Iterator<Item = &'k KeyOf<P>>,
    ) -> Result<Rows<P>, StoreError> {
        let keys: HashSet<_> = keys.collect();
        let absent: Vec<_> = keys
            .iter()
            .filter(|key| !self.kept.contains_key(**key))
            .map(|key| (*key).clone())
            .collect();
        let mut found = store::load::<P::Row>(conn, Of::Generation(self.generation), &absent).await?;
        let row = |key: &KeyOf<P>| {
            let row = found.remove(key).or_else(|| self.kept.get(key).cloned());
            let before = Change {
                old: row.clone(),
                new: row,
            };
            (key.clone(), before)
        };
        Ok(keys.into_iter().map(row).collect())
    }
}

impl<P: Projection> Writer for ViewWriter<P> {
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            view: P::VIEW,
            generation: self.generation,
            position: self.position,
        }
    }

    fn write<'a>(
        &'a mut self,
        conn: &'a mut AnyConnection,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.write_batch(conn, facts))
    }

    fn products(&self) -> Vec<&Product> {
        P::products(&self.changes)
    }

    fn committed(&mut self) {
        self.position = self.reached;
        if self.kept.len() + self.changes.len() > ROWS_KEPT {
            self.kept.clear();
        }
        for Change { old, new } in self.changes.drain(..) {
            match (old, new) {
                (_, Some(row)) => {
                    self.kept.insert(row.key(), row);
                }
                (Some(row), None) => {
                    self.kept.remove(&row.key());
                }
                (None, None) => {}
            }
        }
    }
}
