//! What tells a product's variants apart, and what else is told of all of them: how much of it there may be, and that no
//! two variants are the same to who chooses. How lists are narrowed by it is the read models' business.

use std::collections::BTreeMap;

use events::ids::{ProductId, Sku};
use events::product::{ProductEvent, Variant, VariantOptionsChanged};

use super::{Product, ProductError};
use crate::text;

/// More options than anyone can choose between.
pub(super) const OPTIONS_MAX: usize = 10;
/// As long as an option's name or value may be, in characters.
pub(super) const OPTION_MAX_CHARS: usize = 50;
/// More than a page shows beside a picture.
const ATTRIBUTES_MAX: usize = 20;
/// As long as an attribute's name may be, in characters.
const ATTRIBUTE_NAME_MAX_CHARS: usize = 50;
/// As long as an attribute's value may be, in characters: several authors fit.
const ATTRIBUTE_VALUE_MAX_CHARS: usize = 300;

/// The form in which people take names and values for the same.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// One variant's options: few, short, each named once.
pub(super) fn check(options: &BTreeMap<String, String>) -> Result<(), ProductError> {
    let fit = |text: &String| text::is_line(text, OPTION_MAX_CHARS);
    let all_fit = options.iter().all(|(name, value)| fit(name) && fit(value));
    if options.len() > OPTIONS_MAX || !all_fit || choice(options).len() < options.len() {
        return Err(ProductError::Options {
            max: OPTIONS_MAX,
            max_chars: OPTION_MAX_CHARS,
        });
    }
    Ok(())
}

pub(super) fn check_attributes(attributes: &BTreeMap<String, String>) -> Result<(), ProductError> {
    let all_fit = attributes.iter().all(|(name, value)| {
        text::is_line(name, ATTRIBUTE_NAME_MAX_CHARS) && text::is_line(value, ATTRIBUTE_VALUE_MAX_CHARS)
    });
    if attributes.len() > ATTRIBUTES_MAX || !all_fit {
        return Err(ProductError::Attributes {
            max: ATTRIBUTES_MAX,
            name_max_chars: ATTRIBUTE_NAME_MAX_CHARS,
            value_max_chars: ATTRIBUTE_VALUE_MAX_CHARS,
        });
    }
    Ok(())
}

/// The options as who chooses sees them.
fn choice(options: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let pairs = options.iter();
    pairs.map(|(name, value)| (folded(name), folded(value))).collect()
}

/// No two variants have the same options. Variants without any are told apart by their SKUs alone: systems that know
/// no options send such.
pub(super) fn check_choices<'v>(variants: impl IntoIterator<Item = &'v Variant>) -> Result<(), ProductError> {
    let mut seen = BTreeMap::<_, &Sku>::new();
    for variant in variants.into_iter().filter(|variant| !variant.options.is_empty()) {
        if let Some(other) = seen.insert(choice(&variant.options), &variant.sku) {
            return Err(ProductError::DuplicateOptions {
                sku: variant.sku.clone(),
                other: other.clone(),
            });
        }
    }
    Ok(())
}

impl Product {
    /// An event for each variant whose options change. What counts is what they are in the end.
    pub(super) fn change_options(
        &self,
        product_id: ProductId,
        changes: BTreeMap<Sku, BTreeMap<String, String>>,
    ) -> Result<Vec<ProductEvent>, ProductError> {
        let mut variants = self.variants.clone();
        let mut events = Vec::new();
        for (sku, options) in changes {
            check(&options)?;
            let Some(variant) = variants.get_mut(&sku) else {
                return Err(ProductError::UnknownSku { sku });
            };
            if variant.options != options {
                variant.options.clone_from(&options);
                let changed = VariantOptionsChanged {
                    product_id,
                    sku,
                    options,
                };
                events.push(changed.into());
            }
        }
        check_choices(variants.values())?;
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use events::product::{ProductAdded, ProductAttributesChanged, ProductRemoved, VariantAdded};
    use proptest::prelude::*;

    use super::super::ProductCommand;
    use super::*;
    use crate::RefusalKind::{Invalid, NotFound};
    use crate::given::{Then, after, at, given, pence, sku};

    fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn variant(text: &str, pairs: &[(&str, &str)]) -> Variant {
        Variant {
            sku: sku(text),
            options: options(pairs),
            price: pence(100),
        }
    }

    fn added(variants: Vec<Variant>) -> ProductAdded {
        ProductAdded {
            product_id: ProductId::default(),
            seller: None,
            name: "Shirt".to_owned(),
            description: String::new(),
            category: None,
            variants,
            added_at: at(0),
        }
    }

    fn shirts() -> Vec<ProductEvent> {
        let small = variant("S", &[("size", "S"), ("colour", "red")]);
        vec![added(vec![small, variant("L", &[("size", "L"), ("colour", "red")])]).into()]
    }

    fn changed(text: &str, pairs: &[(&str, &str)]) -> ProductEvent {
        VariantOptionsChanged {
            product_id: ProductId::default(),
            sku: sku(text),
            options: options(pairs),
        }
        .into()
    }

    fn same(text: &str, other: &str) -> ProductError {
        ProductError::DuplicateOptions {
            sku: sku(text),
            other: sku(other),
        }
    }

    const TOLD: (crate::RefusalKind, &str, Option<&str>) =
        (Invalid, "variant_options_duplicate", Some("options"));

    #[test]
    fn no_two_variants_look_the_same() {
        let again = variant("X", &[("Colour", "RED "), ("size", "l")]);
        given::<Product>(shirts())
            .when(ProductCommand::AddVariant(again.clone()))
            .then_refused(same("X", "L"), TOLD);
        let twins = added(vec![
            variant("A", &[("size", "l")]),
            variant("B", &[("Size", "L")]),
        ]);
        given::<Product>(vec![])
            .when(ProductCommand::Add(twins))
            .then_refused(same("B", "A"), TOLD);
        let fewer = Variant {
            options: options(&[("size", "L")]),
            ..again
        };
        let event = VariantAdded {
            product_id: ProductId::default(),
            variant: fewer.clone(),
        };
        given::<Product>(shirts())
            .when(ProductCommand::AddVariant(fewer))
            .then_expect_events(vec![event.into()]);
    }

    #[test]
    fn one_variant_names_an_option_once() {
        let twice = variant("A", &[("size", "L"), ("Size", "M")]);
        let refused = ProductError::Options {
            max: OPTIONS_MAX,
            max_chars: OPTION_MAX_CHARS,
        };
        given::<Product>(shirts())
            .when(ProductCommand::AddVariant(twice))
            .then_refused(refused, (Invalid, "variant_options_invalid", Some("options")));
    }

    #[test]
    fn options_change_together_so_that_two_variants_can_swap_theirs() {
        let (small, large) = (
            [("size", "S"), ("colour", "red")],
            [("size", "L"), ("colour", "red")],
        );
        let swap = BTreeMap::from([(sku("S"), options(&large)), (sku("L"), options(&small))]);
        given::<Product>(shirts())
            .when(ProductCommand::ChangeOptions(swap))
            .then_expect_events(vec![changed("L", &small), changed("S", &large)]);
        let one = BTreeMap::from([(sku("S"), options(&large))]);
        given::<Product>(shirts())
            .when(ProductCommand::ChangeOptions(one))
            .then_refused(same("S", "L"), TOLD);
        let none = BTreeMap::from([(sku("S"), options(&small))]);
        given::<Product>(shirts())
            .when(ProductCommand::ChangeOptions(none))
            .then_nothing();
    }

    #[test]
    fn of_what_is_not_there_no_options_change() {
        let of = |text| BTreeMap::from([(sku(text), options(&[("size", "L")]))]);
        given::<Product>(shirts())
            .when(ProductCommand::ChangeOptions(of("HAT")))
            .then_refused(
                ProductError::UnknownSku { sku: sku("HAT") },
                (Invalid, "sku_not_found", Some("sku")),
            );
        let product_id = ProductId::default();
        given::<Product>(shirts())
            .and(vec![ProductRemoved { product_id }.into()])
            .when(ProductCommand::ChangeOptions(of("S")))
            .then_refused(ProductError::NotFound, (NotFound, "product_not_found", None));
    }

    #[test]
    fn attributes_are_replaced_unless_they_are_the_same() {
        let book = options(&[("author", "Ada"), ("isbn", "978-0")]);
        let told = ProductEvent::from(ProductAttributesChanged {
            product_id: ProductId::default(),
            attributes: book.clone(),
        });
        given::<Product>(shirts())
            .when(ProductCommand::ChangeAttributes(book.clone()))
            .then_expect_events(vec![told.clone()]);
        given::<Product>(shirts())
            .and(vec![told])
            .when(ProductCommand::ChangeAttributes(book))
            .then_nothing();
        let refused = || ProductError::Attributes {
            max: ATTRIBUTES_MAX,
            name_max_chars: ATTRIBUTE_NAME_MAX_CHARS,
            value_max_chars: ATTRIBUTE_VALUE_MAX_CHARS,
        };
        let long = "x".repeat(ATTRIBUTE_VALUE_MAX_CHARS + 1);
        let many = (0..=ATTRIBUTES_MAX)
            .map(|n| (n.to_string(), "x".to_owned()))
            .collect();
        for wrong in [
            options(&[("", "x")]),
            options(&[("a", " ")]),
            options(&[("a", &long)]),
            many,
        ] {
            given::<Product>(shirts())
                .when(ProductCommand::ChangeAttributes(wrong))
                .then_refused(
                    refused(),
                    (Invalid, "product_attributes_invalid", Some("attributes")),
                );
        }
    }

    fn any_options() -> impl Strategy<Value = BTreeMap<String, String>> {
        let size = prop::option::of(prop::sample::select(vec!["S", "s", "L"]));
        let colour = prop::option::of(prop::sample::select(vec!["red", "Red ", "blue"]));
        (size, colour).prop_map(|(size, colour)| {
            let pairs = [
                size.map(|size| ("size", size)),
                colour.map(|colour| ("colour", colour)),
            ];
            options(&pairs.into_iter().flatten().collect::<Vec<_>>())
        })
    }

    proptest! {
        /// Whatever is asked for, no two variants of what comes of it have the same choice.
        #[test]
        fn choices_stay_distinct(asked in prop::collection::vec((0..4_u8, any_options()), 0..12)) {
            let mut product: Product = after(shirts());
            for (n, options) in asked {
                let sku = sku(&format!("N{n}"));
                let known = product.variants.contains_key(&sku);
                let events = if known {
                    product
                        .decide(ProductCommand::ChangeOptions(BTreeMap::from([(sku, options)])))
                        .unwrap_or_default()
                } else {
                    let price = pence(100);
                    let add = ProductCommand::AddVariant(Variant { sku, options, price });
                    product.decide(add).unwrap_or_default()
                };
                for event in events {
                    cqrs_es::Aggregate::apply(&mut product, event);
                }
            }
            let all = product.variants.values().filter(|variant| !variant.options.is_empty());
            let choices: Vec<_> = all.map(|variant| choice(&variant.options)).collect();
            let distinct: std::collections::BTreeSet<_> = choices.iter().collect();
            prop_assert_eq!(distinct.len(), choices.len());
        }
    }
}
