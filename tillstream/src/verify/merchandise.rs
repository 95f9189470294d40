//! What people choose from: the tree of categories, and variants that can be told apart.

use std::collections::{BTreeMap, HashMap};

use events::Event;
use events::category::CategoryEvent;
use events::envelope::RecordedEvent;
use events::ids::{CategoryId, ProductId, Sku};
use events::product::{ProductEvent, Variant};

use super::{Broken, Rule};

/// Each category's parent.
#[derive(Default)]
pub struct TreeOfCategories(HashMap<CategoryId, Option<CategoryId>>);

impl TreeOfCategories {
    fn put(&mut self, position: u64, id: CategoryId, parent: Option<CategoryId>, broken: &mut Broken) {
        self.0.insert(id, parent);
        let mut above = parent;
        // As many steps as there are categories lead to the top, or in a circle.
        for _ in 0..self.0.len() {
            let Some(ancestor) = above else { return };
            let Some(next) = self.0.get(&ancestor) else {
                broken.add(
                    position,
                    format_args!("{id} stands below {ancestor}, which isn't there"),
                );
                return;
            };
            above = *next;
        }
        if above.is_some() {
            broken.add(position, format_args!("{id} stands in a circle"));
        }
    }
}

impl Rule for TreeOfCategories {
    fn name(&self) -> &'static str {
        "every category leads up to the top: the tree has no circles"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        match event {
            Event::Category(CategoryEvent::CategoryCreated(e)) => {
                self.put(recorded.position, e.category_id, e.parent, broken);
            }
            Event::Category(CategoryEvent::CategoryMoved(e)) => {
                self.put(recorded.position, e.category_id, e.parent, broken);
            }
            _ => {}
        }
    }
}

type Options = BTreeMap<String, String>;

/// The options of each product's variants, and where they were last told of. It is looked at in the end: two variants that
/// swap their options have the same between the two events.
#[derive(Default)]
pub struct VariantsDiffer(BTreeMap<ProductId, BTreeMap<Sku, (u64, Options)>>);

impl VariantsDiffer {
    fn put(&mut self, position: u64, product_id: ProductId, sku: &Sku, options: &Options) {
        let folded = |text: &String| text.trim().to_lowercase();
        let pairs = options.iter();
        let options = pairs.map(|(name, value)| (folded(name), folded(value))).collect();
        let variants = self.0.entry(product_id).or_default();
        variants.insert(sku.clone(), (position, options));
    }

    fn list(&mut self, position: u64, product_id: ProductId, variant: &Variant) {
        self.put(position, product_id, &variant.sku, &variant.options);
    }
}

impl Rule for VariantsDiffer {
    fn name(&self) -> &'static str {
        "no two variants of a product have the same options"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, _: &mut Broken) {
        let (position, Event::Product(event)) = (recorded.position, event) else {
            return;
        };
        match event {
            ProductEvent::ProductAdded(e) => {
                for variant in &e.variants {
                    self.list(position, e.product_id, variant);
                }
            }
            ProductEvent::VariantAdded(e) => self.list(position, e.product_id, &e.variant),
            ProductEvent::VariantOptionsChanged(e) => self.put(position, e.product_id, &e.sku, &e.options),
            ProductEvent::VariantRemoved(e) => {
                if let Some(variants) = self.0.get_mut(&e.product_id) {
                    variants.remove(&e.sku);
                }
            }
            ProductEvent::ProductRemoved(e) => {
                self.0.remove(&e.product_id);
            }
            _ => {}
        }
    }

    fn end(&mut self, broken: &mut Broken) {
        for (product_id, variants) in &self.0 {
            let mut seen = BTreeMap::new();
            for (sku, (position, options)) in variants.iter().filter(|(_, (_, options))| !options.is_empty())
            {
                if let Some(other) = seen.insert(options, sku) {
                    broken.add(
                        *position,
                        format_args!("{other} and {sku} of {product_id} have the same options"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(n))
    }

    #[test]
    fn a_circle_and_a_parent_that_never_was_are_seen() {
        let mut tree = TreeOfCategories::default();
        let mut broken = Broken::default();
        tree.put(1, id(1), None, &mut broken);
        tree.put(2, id(2), Some(id(1)), &mut broken);
        tree.put(3, id(3), Some(id(2)), &mut broken);
        tree.put(4, id(2), None, &mut broken);
        assert_eq!(broken.count, 0, "{:?}", broken.first);
        tree.put(5, id(2), Some(id(3)), &mut broken);
        tree.put(6, id(4), Some(id(9)), &mut broken);
        assert_eq!(broken.count, 2, "{:?}", broken.first);
    }

    #[test]
    fn twins_are_seen_and_a_swap_is_none() {
        let (product, sku) = (ProductId::default(), |text: &str| Sku::new(text).unwrap());
        let size = |value: &str| Options::from([("Size".to_owned(), value.to_owned())]);
        let mut variants = VariantsDiffer::default();
        let mut broken = Broken::default();
        for (position, (name, options)) in [
            ("A", size("S")),
            ("B", size("L")),
            ("A", size("L")),
            ("B", size("S")),
            ("C", Options::new()),
            ("D", Options::new()),
        ]
        .into_iter()
        .enumerate()
        {
            variants.put(position as u64, product, &sku(name), &options);
        }
        variants.end(&mut broken);
        assert_eq!(broken.count, 0, "{:?}", broken.first);
        variants.put(9, product, &sku("C"), &size(" s "));
        variants.end(&mut broken);
        assert_eq!(broken.count, 1);
    }
}
