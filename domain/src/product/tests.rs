//! A product: what it is called, and in which variants and at what prices it is sold.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use events::ids::{AccountId, CategoryId, ProductId};
use events::money::Money;
use events::product::{
    ProductAdded, ProductDetailsChanged, ProductEvent, ProductRemoved, Variant, VariantAdded,
    VariantPriceChanged, VariantRemoved,
};
use uuid::Uuid;

use super::options::{OPTION_MAX_CHARS, OPTIONS_MAX};
use super::{
    DESCRIPTION_MAX_CHARS, Details, NAME_MAX_CHARS, Product, ProductCommand, ProductError, VARIANTS_MAX,
};
use crate::RefusalKind::{Conflict, Invalid, NotFound};
use crate::given::{Then, after, at, euros, given, pence, sku};
use crate::refusal::Refusal;

const PRODUCT: ProductId = ProductId(Uuid::from_u128(1));
const SELLER: Option<AccountId> = Some(AccountId(Uuid::from_u128(2)));

fn variant(text: &str, price: Money) -> Variant {
    Variant {
        sku: sku(text),
        options: BTreeMap::new(),
        price,
    }
}

fn with_options(options: BTreeMap<String, String>) -> Variant {
    Variant {
        options,
        ..variant("LAMP-XL", pence(9_00))
    }
}

fn added(variants: Vec<Variant>) -> ProductAdded {
    ProductAdded {
        product_id: PRODUCT,
        seller: SELLER,
        name: "Lamp".to_owned(),
        description: "It shines.".to_owned(),
        category: None,
        variants,
        added_at: at(0),
    }
}

fn two_lamps() -> Vec<ProductEvent> {
    vec![
        added(vec![
            variant("LAMP-S", pence(2_50)),
            variant("LAMP-L", pence(4_00)),
        ])
        .into(),
    ]
}

fn removed() -> ProductEvent {
    ProductRemoved { product_id: PRODUCT }.into()
}

fn details(name: &str, description: &str, category: Option<CategoryId>) -> Details {
    Details {
        name: name.to_owned(),
        description: description.to_owned(),
        category,
    }
}

fn change_price(text: &str, price: Money) -> ProductCommand {
    ProductCommand::ChangePrice {
        sku: sku(text),
        price,
    }
}

fn remove_variant(text: &str) -> ProductCommand {
    ProductCommand::RemoveVariant { sku: sku(text) }
}

#[test]
fn a_product_is_added_once() {
    let event = added(vec![
        variant("LAMP-S", pence(2_50)),
        variant("LAMP-L", pence(4_00)),
    ]);
    given::<Product>(vec![])
        .when(ProductCommand::Add(event.clone()))
        .then_expect_events(two_lamps());
    given::<Product>(two_lamps())
        .when(ProductCommand::Add(event))
        .then_refused(ProductError::AlreadyExists, (Conflict, "product_exists", None));
}

#[test]
fn a_name_is_there_and_not_too_long() {
    let told = (Invalid, "product_name_invalid", Some("name"));
    let refusal = || ProductError::Name {
        max_chars: NAME_MAX_CHARS,
    };
    for name in ["", "  ", "a\nb", "a\0", &"é".repeat(NAME_MAX_CHARS + 1)] {
        let unnamed = ProductAdded {
            name: name.to_owned(),
            ..added(vec![variant("LAMP", pence(1))])
        };
        given::<Product>(vec![])
            .when(ProductCommand::Add(unnamed))
            .then_refused(refusal(), told);
        given::<Product>(two_lamps())
            .when(ProductCommand::ChangeDetails(details(name, "", None)))
            .then_refused(refusal(), told);
    }
    let longest = "é".repeat(NAME_MAX_CHARS);
    let named = ProductAdded {
        name: longest,
        ..added(vec![variant("LAMP", pence(1))])
    };
    given::<Product>(vec![])
        .when(ProductCommand::Add(named.clone()))
        .then_expect_events(vec![named.into()]);
}

#[test]
fn a_description_may_be_missing_but_not_endless() {
    let told = (Invalid, "product_description_invalid", Some("description"));
    let refusal = || ProductError::Description {
        max_chars: DESCRIPTION_MAX_CHARS,
    };
    let description = "x".repeat(DESCRIPTION_MAX_CHARS + 1);
    let endless = ProductAdded {
        description: description.clone(),
        ..added(vec![variant("LAMP", pence(1))])
    };
    given::<Product>(vec![])
        .when(ProductCommand::Add(endless))
        .then_refused(refusal(), told);
    given::<Product>(two_lamps())
        .when(ProductCommand::ChangeDetails(details("Lamp", &description, None)))
        .then_refused(refusal(), told);
}

#[test]
fn a_product_has_variants_but_not_too_many() {
    let told = (Invalid, "variant_count_invalid", Some("variants"));
    let refusal = || ProductError::VariantCount { max: VARIANTS_MAX };
    let many = |count: usize| (0..count).map(|n| variant(&format!("S{n}"), pence(1))).collect();
    for count in [0, VARIANTS_MAX + 1] {
        given::<Product>(vec![])
            .when(ProductCommand::Add(added(many(count))))
            .then_refused(refusal(), told);
    }
    given::<Product>(vec![added(many(VARIANTS_MAX)).into()])
        .when(ProductCommand::AddVariant(variant("LAMP", pence(1))))
        .then_refused(refusal(), told);
}

#[test]
fn a_sku_stands_there_once() {
    let told = (Invalid, "sku_duplicate", Some("sku"));
    let refusal = |text| ProductError::DuplicateSku { sku: sku(text) };
    let twice = vec![
        variant("LAMP", pence(1)),
        variant("MUG", pence(1)),
        variant("LAMP", pence(2)),
    ];
    given::<Product>(vec![])
        .when(ProductCommand::Add(added(twice)))
        .then_refused(refusal("LAMP"), told);
    given::<Product>(two_lamps())
        .when(ProductCommand::AddVariant(variant("LAMP-S", pence(1))))
        .then_refused(refusal("LAMP-S"), told);
}

#[test]
fn a_price_is_not_negative() {
    let told = (Invalid, "price_negative", Some("price"));
    let refusal = || ProductError::NegativePrice { price: pence(-1) };
    for (history, command) in [
        (
            vec![],
            ProductCommand::Add(added(vec![variant("LAMP", pence(-1))])),
        ),
        (
            two_lamps(),
            ProductCommand::AddVariant(variant("LAMP", pence(-1))),
        ),
        (two_lamps(), change_price("LAMP-S", pence(-1))),
    ] {
        given::<Product>(history)
            .when(command)
            .then_refused(refusal(), told);
    }
}

#[test]
fn all_prices_are_in_one_currency() {
    let mixed = vec![variant("LAMP-S", pence(1)), variant("LAMP-L", euros(1))];
    for (history, command) in [
        (vec![], ProductCommand::Add(added(mixed))),
        (two_lamps(), ProductCommand::AddVariant(variant("LAMP", euros(1)))),
        (two_lamps(), change_price("LAMP-S", euros(1))),
    ] {
        given::<Product>(history).when(command).then_refused(
            ProductError::MixedCurrencies,
            (Invalid, "currency_mixed", Some("price")),
        );
    }
}

#[test]
fn options_are_few_and_short() {
    let told = (Invalid, "variant_options_invalid", Some("options"));
    let refusal = || ProductError::Options {
        max: OPTIONS_MAX,
        max_chars: OPTION_MAX_CHARS,
    };
    let option = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let many = |count: usize| (0..count).map(|n| (format!("o{n}"), "x".to_owned())).collect();
    let long = "x".repeat(OPTION_MAX_CHARS + 1);
    for options in [
        option("", "red"),
        option("colour", " "),
        option(&long, "red"),
        option("colour", &long),
        many(OPTIONS_MAX + 1),
    ] {
        given::<Product>(two_lamps())
            .when(ProductCommand::AddVariant(with_options(options.clone())))
            .then_refused(refusal(), told);
        given::<Product>(vec![])
            .when(ProductCommand::Add(added(vec![with_options(options)])))
            .then_refused(refusal(), told);
    }
    let most = with_options(many(OPTIONS_MAX));
    given::<Product>(two_lamps())
        .when(ProductCommand::AddVariant(most.clone()))
        .then_expect_events(vec![
            VariantAdded {
                product_id: PRODUCT,
                variant: most,
            }
            .into(),
        ]);
}

#[test]
fn details_change_unless_they_are_the_same() {
    let category = Some(CategoryId(Uuid::from_u128(9)));
    let changed = ProductDetailsChanged {
        product_id: PRODUCT,
        name: "Bright lamp".to_owned(),
        description: "It shines more.".to_owned(),
        category,
    };
    given::<Product>(two_lamps())
        .when(ProductCommand::ChangeDetails(details(
            "Bright lamp",
            "It shines more.",
            category,
        )))
        .then_expect_events(vec![changed.into()]);
    given::<Product>(two_lamps())
        .when(ProductCommand::ChangeDetails(details("Lamp", "It shines.", None)))
        .then_nothing();
}

#[test]
fn a_price_changes_unless_it_is_the_same() {
    let changed = VariantPriceChanged {
        product_id: PRODUCT,
        sku: sku("LAMP-S"),
        price: pence(3_00),
    };
    given::<Product>(two_lamps())
        .when(change_price("LAMP-S", pence(3_00)))
        .then_expect_events(vec![changed.into()]);
    given::<Product>(two_lamps())
        .when(change_price("LAMP-S", pence(2_50)))
        .then_nothing();
}

#[test]
fn of_a_sku_that_the_product_does_not_have_nothing_is_changed() {
    for command in [change_price("MUG", pence(1)), remove_variant("MUG")] {
        given::<Product>(two_lamps()).when(command).then_refused(
            ProductError::UnknownSku { sku: sku("MUG") },
            (Invalid, "sku_not_found", Some("sku")),
        );
    }
}

#[test]
fn variants_are_removed_but_for_the_last() {
    let gone = ProductEvent::from(VariantRemoved {
        product_id: PRODUCT,
        sku: sku("LAMP-S"),
    });
    given::<Product>(two_lamps())
        .when(remove_variant("LAMP-S"))
        .then_expect_events(vec![gone.clone()]);
    given::<Product>(two_lamps())
        .and(vec![gone])
        .when(remove_variant("LAMP-L"))
        .then_refused(ProductError::LastVariant, (Conflict, "last_variant", None));
}

#[test]
fn what_is_removed_or_never_was_is_not_there() {
    given::<Product>(two_lamps())
        .when(ProductCommand::Remove)
        .then_expect_events(vec![removed()]);
    let gone = || two_lamps().into_iter().chain([removed()]).collect::<Vec<_>>();
    for history in [Vec::new(), gone()] {
        for command in [
            ProductCommand::ChangeDetails(details("Lamp", "", None)),
            ProductCommand::AddVariant(variant("LAMP", pence(1))),
            change_price("LAMP-S", pence(1)),
            remove_variant("LAMP-S"),
            ProductCommand::Remove,
        ] {
            given::<Product>(history.clone())
                .when(command)
                .then_refused(ProductError::NotFound, (NotFound, "product_not_found", None));
        }
    }
}

#[test]
fn prices_follow_the_events() {
    assert!(!Product::default().is_listed());
    let mut product: Product = after(two_lamps());
    assert_eq!((product.is_listed(), product.seller()), (true, SELLER));
    product.apply(
        VariantPriceChanged {
            product_id: PRODUCT,
            sku: sku("LAMP-S"),
            price: pence(3_00),
        }
        .into(),
    );
    product.apply(
        VariantAdded {
            product_id: PRODUCT,
            variant: variant("LAMP-M", pence(3_50)),
        }
        .into(),
    );
    product.apply(
        VariantRemoved {
            product_id: PRODUCT,
            sku: sku("LAMP-L"),
        }
        .into(),
    );
    assert_eq!(product.price(&sku("LAMP-S")), Some(pence(3_00)));
    assert_eq!(product.price(&sku("LAMP-M")), Some(pence(3_50)));
    assert_eq!(product.price(&sku("LAMP-L")), None);
    assert!(product.skus().eq([&sku("LAMP-M"), &sku("LAMP-S")]));
    product.apply(removed());
    assert_eq!(
        (product.is_listed(), product.price(&sku("LAMP-S"))),
        (false, None)
    );
}

#[test]
fn a_closed_category_is_told_too() {
    let error = ProductError::CategoryNotFound {
        category: CategoryId::default(),
    };
    assert_eq!(
        (error.kind(), error.code(), error.field().as_deref()),
        (Invalid, "category_not_found", Some("category"))
    );
}
