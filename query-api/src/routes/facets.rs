//! The facets of `GET /api/products`: how its whole result is spread over categories, prices, sellers and options, in the
//! words in which each is then chosen. The counting is `read-models`'.

use std::collections::BTreeSet;

use events::ids::{AccountId, CategoryId};
use events::money::{Currency, Money};
use read_models::query::facets::{self, OptionValues, PriceBand};
use read_models::query::product_filter::ProductFilter;
use read_models::query::{Snapshot, categories};
use read_models::store::StoreError;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::money::MoneyDto;

use crate::category_tree::CategoryTree;

/// Categories that are told, those with the most products: a screenful.
const CATEGORIES_MAX: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Facet {
    Category,
    Price,
    Seller,
    Option,
}

/// Which facets somebody asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FacetList(BTreeSet<Facet>);

impl FacetList {
    /// Whether the tree of categories has a say in them.
    pub fn has_categories(&self) -> bool {
        self.0.contains(&Facet::Category)
    }
}

impl<'de> Deserialize<'de> for FacetList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let facet = |name: &str| match name.trim() {
            "category" => Ok(Facet::Category),
            "price" => Ok(Facet::Price),
            "seller" => Ok(Facet::Seller),
            "option" => Ok(Facet::Option),
            other => Err(D::Error::custom(format_args!(
                "there is no facet {other:?}: it is category, price, seller or option, or true for all"
            ))),
        };
        let list = match text.trim() {
            "" | "false" => BTreeSet::new(),
            "true" => [Facet::Category, Facet::Price, Facet::Seller, Facet::Option].into(),
            names => names.split(',').map(facet).collect::<Result<_, _>>()?,
        };
        Ok(Self(list))
    }
}

/// Those that were asked for; each counted with all filters but its own.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Facets {
    /// For `category=`; at most 50, those with the most products.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Vec<CategoryFacet>>,
    /// For `min_price=` and `max_price=`, in the shop's currency, from the cheapest; bands without products are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Vec<PriceFacet>>,
    /// For `seller=`; at most 20, those with the most products.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<Vec<SellerFacet>>,
    /// For `option.<name>=`; at most 10 options with 20 values each, those with the most products.
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<Vec<OptionFacet>>,
    /// The facets of which only the newest 5,000 matches were counted: there are at least so many of each. Missing if all
    /// numbers are exact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    approximate: Vec<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryFacet {
    #[schema(value_type = Uuid)]
    id: CategoryId,
    #[schema(value_type = Option<Uuid>)]
    parent: Option<CategoryId>,
    name: String,
    slug: String,
    /// In it and below it.
    products: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PriceFacet {
    #[schema(value_type = MoneyDto)]
    min: Money,
    /// Included; null for the last band.
    #[schema(value_type = Option<MoneyDto>)]
    max: Option<Money>,
    /// One whose variants' prices meet several bands is in each.
    products: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SellerFacet {
    /// Null for the shop's own: `seller=shop`.
    #[schema(value_type = Option<Uuid>)]
    id: Option<AccountId>,
    products: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OptionFacet {
    /// In lower case.
    name: String,
    values: Vec<OptionValueFacet>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OptionValueFacet {
    value: String,
    products: i64,
}

/// Counts what was asked for; `None` if nothing was.
pub async fn count(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    list: &FacetList,
    currency: Currency,
) -> Result<Option<Facets>, StoreError> {
    if list.0.is_empty() {
        return Ok(None);
    }
    let mut counted = Facets::default();
    for facet in &list.0 {
        let (name, is_partial) = match facet {
            Facet::Category => {
                let (categories, is_partial) = by_category(snapshot, filter).await?;
                counted.category = Some(categories);
                ("category", is_partial)
            }
            Facet::Price => {
                let bands = facets::prices(snapshot.conn(), filter, currency).await?;
                let price = |band| PriceFacet::of(band, currency);
                counted.price = Some(bands.values.into_iter().map(price).collect());
                ("price", bands.is_partial)
            }
            Facet::Seller => {
                let sellers = facets::sellers(snapshot.conn(), filter).await?;
                let seller = |(id, products)| SellerFacet { id, products };
                counted.seller = Some(sellers.values.into_iter().map(seller).collect());
                ("seller", sellers.is_partial)
            }
            Facet::Option => {
                let options = facets::options(snapshot.conn(), filter).await?;
                counted.option = Some(options.values.into_iter().map(OptionFacet::of).collect());
                ("option", options.is_partial)
            }
        };
        counted.approximate.extend(is_partial.then_some(name));
    }
    Ok(Some(counted))
}

/// The categories, and whether they were counted in part alone.
async fn by_category(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
) -> Result<(Vec<CategoryFacet>, bool), StoreError> {
    let counts = facets::categories(snapshot.conn(), filter).await?;
    let tree = CategoryTree::new(categories::categories(snapshot.conn()).await?);
    let filed = counts
        .values
        .into_iter()
        .filter_map(|(id, products)| Some((id?, products)));
    let sums = tree.sums(filed);
    let mut told: Vec<_> = tree
        .shown()
        .filter_map(|category| {
            Some(CategoryFacet {
                id: category.id,
                parent: category.parent,
                name: category.name.clone(),
                slug: category.slug.clone(),
                products: *sums.get(&category.id)?,
            })
        })
        .collect();
    told.sort_by(|a, b| {
        let most = b.products.cmp(&a.products);
        most.then_with(|| (&a.name, a.id).cmp(&(&b.name, b.id)))
    });
    told.truncate(CATEGORIES_MAX);
    Ok((told, counts.is_partial))
}

impl PriceFacet {
    fn of(band: PriceBand, currency: Currency) -> Self {
        let money = |minor| Money::new(minor, currency);
        Self {
            min: money(band.min_minor),
            max: band.max_minor.map(money),
            products: band.products,
        }
    }
}

impl OptionFacet {
    fn of(option: OptionValues) -> Self {
        let value = |(value, products)| OptionValueFacet { value, products };
        Self {
            name: option.name,
            values: option.values.into_iter().map(value).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<FacetList, serde_json::Error> {
        serde_json::from_value(serde_json::json!(text))
    }

    #[test]
    fn facets_are_asked_for_by_name() {
        let two = list("seller, category").unwrap();
        assert_eq!(two, FacetList([Facet::Category, Facet::Seller].into()));
        assert_eq!(list("true").unwrap().0.len(), 4);
        assert_eq!(list("false").unwrap(), FacetList::default());
        for wrong in ["colour", "category,", ",", "TRUE"] {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }
}
