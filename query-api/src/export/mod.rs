//! The catalogue on its way out as one file: a page after the other, each in the order of the SKUs and from a picture of
//! its own, so that a client that reads slowly holds no database up.
//!
//! How products are written is `bulk`'s; who may have which is the route's to say.

mod category_paths;

use std::collections::BTreeSet;

use bulk::{ExportedProduct, ExportedVariant, Format, ProductWriter};
use bytes::Bytes;
use events::envelope::Position;
use events::ids::{AccountId, Sku};
use futures::{Stream, stream};
use read_models::ViewName;
use read_models::products::ProductDocument;
use read_models::query::{categories, exports};
use web::Problem;
use web::position::MinPosition;

use self::category_paths::CategoryPaths;
use crate::errors::store_failed;
use crate::reads::{Picture, Reads};

const VIEWS: &[ViewName] = &[ViewName::Products, ViewName::Categories];
/// SKUs in a page: some hundred kilobytes of file.
const PAGE_SKUS: i64 = 500;

/// Whose products to take out.
#[derive(Clone)]
pub struct Export {
    pub reads: Reads,
    /// All, if missing.
    pub seller: Option<AccountId>,
    pub format: Format,
    /// Every page reflects at least this.
    pub min: MinPosition,
}

/// What is wrong with a file that has begun: its end is missing.
#[derive(Debug, thiserror::Error)]
enum CutOff {
    #[error("{0}")]
    Page(Problem),
    #[error(transparent)]
    Column(#[from] bulk::products::UnknownColumn),
}

struct Page {
    products: Vec<ExportedProduct>,
    position: Position,
    /// The last SKU, unless this is the last page.
    next: Option<Sku>,
}

/// How far the file is.
enum Stage {
    Page { after: Option<Sku> },
    Ended,
}

impl Export {
    /// The file, and the position that all of it reflects at least. Its first page is read before it begins, so that what
    /// keeps it from being read at all is still an answer.
    pub async fn start(
        mut self,
    ) -> Result<
        (
            Position,
            impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        ),
        Problem,
    > {
        let first = self.page(None).await?;
        self.min = MinPosition(Some(first.position));
        let columns = match self.format {
            Format::Csv => self.columns(&first).await?,
            Format::Json | Format::Ndjson => BTreeSet::new(),
        };
        let writer = ProductWriter::new(self.format, columns);
        let mut head = Vec::new();
        writer.begin(&mut head);
        let (position, begun) = (first.position, (self, writer, Stage::Page { after: None }));
        let pages = stream::try_unfold(begun, |(export, mut writer, stage)| async move {
            let Stage::Page { after } = stage else {
                return Ok(None);
            };
            let written = export.write(&mut writer, after).await.map_err(|error| {
                tracing::warn!(%error, "an export was cut off");
                std::io::Error::other("the export was cut off")
            });
            let (bytes, stage) = written?;
            Ok(Some((bytes, (export, writer, stage))))
        });
        let head = stream::once(std::future::ready(Ok(Bytes::from(head))));
        Ok((position, futures::StreamExt::chain(head, pages)))
    }

    async fn write(&self, writer: &mut ProductWriter, after: Option<Sku>) -> Result<(Bytes, Stage), CutOff> {
        let page = self.page(after).await.map_err(CutOff::Page)?;
        let mut out = Vec::new();
        for product in &page.products {
            writer.write(product, &mut out)?;
        }
        if page.next.is_none() {
            writer.end(&mut out);
        }
        let next = page.next.map(|sku| Stage::Page { after: Some(sku) });
        let stage = next.unwrap_or(Stage::Ended);
        Ok((Bytes::from(out), stage))
    }

    /// Those of all options and attributes, for a header that comes before all products.
    async fn columns(&self, first: &Page) -> Result<BTreeSet<String>, Problem> {
        let of = |page: &Page| -> Vec<String> {
            page.products.iter().flat_map(ProductWriter::columns_of).collect()
        };
        let mut columns = BTreeSet::from_iter(of(first));
        let mut next = first.next.clone();
        while next.is_some() {
            let page = self.page(next).await?;
            columns.extend(of(&page));
            next = page.next;
        }
        Ok(columns)
    }

    async fn page(&self, after: Option<Sku>) -> Result<Page, Problem> {
        let Picture {
            mut snapshot,
            position,
        } = self.reads.picture(VIEWS, self.min).await?;
        let conn = snapshot.conn();
        let found = exports::page(conn, self.seller, after.as_ref(), PAGE_SKUS).await;
        let found = found.map_err(store_failed)?;
        let all = categories::categories(conn).await.map_err(store_failed)?;
        drop(snapshot);
        let paths = CategoryPaths::new(all);
        let is_last = i64::try_from(found.len()).is_ok_and(|found| found < PAGE_SKUS);
        let last = found.last().map(|exported| exported.sku.clone());
        let products = found.into_iter().filter_map(|exported| {
            let product = self::product(exported.product, &paths);
            // Each product stands at the first of its SKUs.
            let is_first = product
                .variants
                .first()
                .is_some_and(|variant| variant.sku == exported.sku);
            is_first.then_some(product)
        });
        Ok(Page {
            products: products.collect(),
            position,
            next: last.filter(|_| !is_last),
        })
    }
}

fn product(document: ProductDocument, paths: &CategoryPaths) -> ExportedProduct {
    let variants = document.variants.into_iter().map(|variant| ExportedVariant {
        sku: variant.sku,
        options: variant.options,
        price: variant.price,
        // Proof: what is available is never below zero.
        quantity: u64::try_from(variant.available).unwrap_or_default(),
    });
    let mut variants: Vec<_> = variants.collect();
    variants.sort_by(|a, b| a.sku.cmp(&b.sku));
    ExportedProduct {
        name: document.name,
        description: document.description,
        category: document.category.and_then(|id| paths.of(id)),
        attributes: document.attributes,
        variants,
    }
}
