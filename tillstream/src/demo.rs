//! The demo catalogue of a new shop: enough to search, filter and buy something.

use std::collections::BTreeMap;

use chrono::Utc;
use domain::catalogue::{AddProduct, NewVariant, SKU_SCOPE, SLUG_SCOPE, add_product, create_category};
use events::category::CategoryCreated;
use events::envelope::Actor;
use events::ids::{CategoryId, ProductId, Sku};
use events::money::{Currency, Money};
use events::product::Variant;
use executor::{CommandContext, ExecuteError, Executor};
use uuid::Uuid;

/// `(name, slug, parent's slug)`; parents first.
const CATEGORIES: &[(&str, &str, Option<&str>)] = &[
    ("Kitchen", "kitchen", None),
    ("Mugs", "mugs", Some("kitchen")),
    ("Baking", "baking", Some("kitchen")),
    ("Home", "home", None),
    ("Lights", "lights", Some("home")),
    ("Books", "books", None),
];

/// `(sku, option, price in minor units, units)`
type DemoVariant = (&'static str, Option<(&'static str, &'static str)>, i64, u32);

struct Demo {
    category: &'static str,
    name: &'static str,
    description: &'static str,
    variants: &'static [DemoVariant],
}

const PRODUCTS: &[Demo] = &[
    Demo {
        category: "mugs",
        name: "Stoneware mug",
        description: "Holds 350 ml, glazed by hand, goes into the dishwasher.",
        variants: &[
            ("MUG-BLUE", Some(("colour", "blue")), 1250, 120),
            ("MUG-SAND", Some(("colour", "sand")), 1250, 80),
            ("MUG-BLACK", Some(("colour", "black")), 1350, 0),
        ],
    },
    Demo {
        category: "mugs",
        name: "Espresso cups, set of two",
        description: "Thick walls that keep 60 ml hot to the last drop.",
        variants: &[("CUP-2", None, 1400, 60)],
    },
    Demo {
        category: "baking",
        name: "Cake tin",
        description: "A spring form of 26 cm with two bases.",
        variants: &[("TIN-26", None, 1899, 45)],
    },
    Demo {
        category: "baking",
        name: "Apron",
        description: "Heavy cotton with a pocket for the recipe.",
        variants: &[
            ("APRON-S", Some(("size", "S")), 2200, 25),
            ("APRON-M", Some(("size", "M")), 2200, 40),
            ("APRON-L", Some(("size", "L")), 2200, 25),
        ],
    },
    Demo {
        category: "lights",
        name: "White hanging lantern",
        description: "Metal, for tea lights, 24 cm high.",
        variants: &[("LANTERN-W", None, 995, 200)],
    },
    Demo {
        category: "lights",
        name: "Fairy lights",
        description: "Ten metres, one hundred warm white lights, for inside and out.",
        variants: &[("FAIRY-10", None, 1650, 150)],
    },
    Demo {
        category: "home",
        name: "Wool blanket",
        description: "130 by 180 cm of new wool, woven in a mill that still has its chimney.",
        variants: &[
            ("BLANKET-G", Some(("colour", "grey")), 6900, 18),
            ("BLANKET-R", Some(("colour", "red")), 6900, 12),
        ],
    },
    Demo {
        category: "books",
        name: "The baker's almanac",
        description: "Fifty-two loaves, one for each week.",
        variants: &[("BOOK-BAKER", None, 2495, 30)],
    },
    Demo {
        category: "books",
        name: "A field guide to teapots",
        description: "How they pour, how they drip, and why.",
        variants: &[("BOOK-TEAPOT", None, 1795, 1)],
    },
];

/// Adds what isn't there yet, so that a start that was cut short is completed by the next one.
pub async fn add(executor: &Executor, currency: Currency) -> anyhow::Result<()> {
    let mut ids = BTreeMap::new();
    for (name, slug, parent) in CATEGORIES {
        let parent = parent.and_then(|parent| ids.get(parent).copied());
        ids.insert(*slug, category(executor, name, slug, parent).await?);
    }
    for demo in PRODUCTS {
        product(executor, demo, ids.get(demo.category).copied(), currency).await?;
    }
    Ok(())
}

async fn category(
    executor: &Executor,
    name: &str,
    slug: &str,
    parent: Option<CategoryId>,
) -> anyhow::Result<CategoryId> {
    if let Some(owner) = executor.claim_owner(SLUG_SCOPE, slug).await? {
        return Ok(owner.parse()?);
    }
    let category_id = CategoryId::generate();
    let created = CategoryCreated {
        category_id,
        parent,
        name: name.to_owned(),
        slug: slug.to_owned(),
    };
    match executor
        .execute(&context(), |work| create_category(work, &created))
        .await
    {
        Ok(_) => Ok(category_id),
        // Another process adds the demo, too, and was faster.
        Err(ExecuteError::Taken { owner, .. }) => Ok(owner.parse()?),
        Err(error) => Err(error.into()),
    }
}

async fn product(
    executor: &Executor,
    demo: &Demo,
    category: Option<CategoryId>,
    currency: Currency,
) -> anyhow::Result<()> {
    let first_sku = demo.variants[0].0;
    if executor.claim_owner(SKU_SCOPE, first_sku).await?.is_some() {
        return Ok(());
    }
    let mut variants = vec![];
    for (sku, option, price_minor, quantity) in demo.variants {
        let options = option
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let price = Money::new(*price_minor, currency);
        variants.push(NewVariant {
            variant: Variant {
                sku: Sku::new(*sku)?,
                options,
                price,
            },
            quantity: *quantity,
        });
    }
    let command = AddProduct {
        product_id: ProductId::generate(),
        seller: None,
        name: demo.name.to_owned(),
        description: demo.description.to_owned(),
        category,
        variants,
        one_of_a_kind: false,
        at: Utc::now(),
    };
    match executor
        .execute(&context(), |work| add_product(work, &command))
        .await
    {
        // Another process adds the demo, too, and was faster.
        Ok(_) | Err(ExecuteError::Taken { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn context() -> CommandContext {
    CommandContext::new(Actor::System, Utc::now(), Uuid::now_v7())
}
