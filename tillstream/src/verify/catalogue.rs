//! The catalogue: prices are the server's, and a SKU belongs to one product.

use std::collections::HashMap;

use events::Event;
use events::envelope::RecordedEvent;
use events::ids::{ProductId, Sku};
use events::money::Money;
use events::order::OrderEvent;
use events::product::ProductEvent;

use super::{Broken, Rule};

/// The prices of now, by product and SKU.
#[derive(Default)]
pub struct ServerPrices(HashMap<(ProductId, Sku), Money>);

impl Rule for ServerPrices {
    fn name(&self) -> &'static str {
        "every order is sold at the catalogue's price of its moment (history keeps its own)"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        match event {
            Event::Product(ProductEvent::ProductAdded(event)) => {
                for variant in &event.variants {
                    self.0
                        .insert((event.product_id, variant.sku.clone()), variant.price);
                }
            }
            Event::Product(ProductEvent::VariantAdded(event)) => {
                self.0
                    .insert((event.product_id, event.variant.sku.clone()), event.variant.price);
            }
            Event::Product(ProductEvent::VariantPriceChanged(event)) => {
                self.0.insert((event.product_id, event.sku.clone()), event.price);
            }
            Event::Product(ProductEvent::VariantRemoved(event)) => {
                self.0.remove(&(event.product_id, event.sku.clone()));
            }
            Event::Order(OrderEvent::OrderPlaced(order)) if !order.historical => {
                for line in &order.lines {
                    let price = self.0.get(&(line.product_id, line.sku.clone()));
                    if price != Some(&line.unit_price) {
                        let (sku, paid) = (&line.sku, line.unit_price);
                        broken.add(
                            recorded.position,
                            format_args!("{sku} sold at {paid}, and its price is {price:?}"),
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

#[derive(Default)]
pub struct OneProductPerSku {
    owner: HashMap<Sku, ProductId>,
    skus: HashMap<ProductId, Vec<Sku>>,
}

impl OneProductPerSku {
    fn take(&mut self, position: u64, sku: &Sku, product_id: ProductId, broken: &mut Broken) {
        if let Some(other) = self.owner.insert(sku.clone(), product_id) {
            broken.add(
                position,
                format_args!("{sku} is sold by {other} and by {product_id}"),
            );
        }
        self.skus.entry(product_id).or_default().push(sku.clone());
    }
}

impl Rule for OneProductPerSku {
    fn name(&self) -> &'static str {
        "a SKU is sold by one product at a time"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let Event::Product(event) = event else { return };
        match event {
            ProductEvent::ProductAdded(event) => {
                for variant in &event.variants {
                    self.take(recorded.position, &variant.sku, event.product_id, broken);
                }
            }
            ProductEvent::VariantAdded(event) => {
                self.take(recorded.position, &event.variant.sku, event.product_id, broken);
            }
            ProductEvent::VariantRemoved(event) => {
                self.owner.remove(&event.sku);
            }
            ProductEvent::ProductRemoved(event) => {
                for sku in self.skus.remove(&event.product_id).unwrap_or_default() {
                    if self.owner.get(&sku) == Some(&event.product_id) {
                        self.owner.remove(&sku);
                    }
                }
            }
            _ => {}
        }
    }
}
