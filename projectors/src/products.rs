//! Products with their stock, their ratings and their history, from the products', the stock's and the reviews' events.

use events::Event;
use events::ids::{ProductId, Sku};
use events::product::{ProductAdded, ProductEvent, Variant};
use events::review::ReviewEvent;
use events::stock::StockEvent;
use read_models::ViewName;
use read_models::product_history::{ProductEntry, StockMovement};
use read_models::products::{Product, ProductStatus, ProductVariant, StockLevel};
use read_models::record::Change;
use serde_json::{Value, json};

use crate::projection::{Fact, Projection};
use crate::{images, reviews, stock};

pub struct Products;

impl Projection for Products {
    const VIEW: ViewName = ViewName::Products;
    type Row = Product;
    type Entry = ProductEntry;

    fn keys(event: &Event) -> Vec<ProductId> {
        match event {
            Event::Product(event) => vec![product_of(event)],
            Event::Stock(event) => vec![stock::movement(event).product_id],
            Event::Review(event) => vec![event.product_id()],
            _ => Vec::new(),
        }
    }

    fn apply(
        id: &ProductId,
        row: Option<Product>,
        fact: &Fact,
        entries: &mut Vec<ProductEntry>,
    ) -> Option<Product> {
        // Stock may come in ahead of its product: both stand in one append, in any order.
        let mut product = row.unwrap_or_else(|| Product::announced(*id));
        let (movement, details) = match &fact.event {
            Event::Product(event) => {
                let details = change(&mut product, event, fact);
                product.document.version = fact.version;
                (None, details)
            }
            Event::Stock(event) => (Some(move_stock(&mut product, event)), json!({})),
            Event::Review(event) => (None, count(&mut product, event)),
            _ => return Some(product),
        };
        product.position = fact.position;
        let sku = match &fact.event {
            Event::Product(event) => sku_of(event).cloned(),
            _ => movement.as_ref().map(|movement| movement.sku.clone()),
        };
        entries.push(ProductEntry {
            product_id: *id,
            position: fact.position,
            at: fact.recorded_at,
            event: fact.event_type().to_owned(),
            actor: fact.actor,
            stock: movement,
            details,
            sku,
        });
        Some(product)
    }

    fn products(changes: &[Change<Product>]) -> Vec<&Product> {
        changes.iter().filter_map(|change| change.new.as_ref()).collect()
    }
}

/// Changes the product; what its history tells of it.
fn change(product: &mut Product, event: &ProductEvent, fact: &Fact) -> Value {
    match event {
        ProductEvent::ProductAdded(e) => {
            add(product, e);
            product.number = fact.position;
            json!({"name": e.name, "category": e.category, "seller": e.seller, "variants": e.variants})
        }
        ProductEvent::ProductDetailsChanged(e) => {
            let document = &mut product.document;
            document.name.clone_from(&e.name);
            document.description.clone_from(&e.description);
            document.category = e.category;
            json!({"name": e.name, "description": e.description, "category": e.category})
        }
        ProductEvent::VariantAdded(e) => {
            list(product, &e.variant);
            json!(e.variant)
        }
        ProductEvent::VariantPriceChanged(e) => {
            let mut variants = product.document.variants.iter_mut();
            let was = variants
                .find(|variant| variant.sku == e.sku)
                .map(|variant| std::mem::replace(&mut variant.price, e.price));
            json!({"sku": e.sku, "price": e.price, "was": was})
        }
        ProductEvent::VariantRemoved(e) => {
            unlist(product, &e.sku);
            json!({"sku": e.sku})
        }
        ProductEvent::VariantOptionsChanged(e) => {
            let mut variants = product.document.variants.iter_mut();
            let was = variants
                .find(|variant| variant.sku == e.sku)
                .map(|variant| std::mem::replace(&mut variant.options, e.options.clone()));
            json!({"sku": e.sku, "options": e.options, "was": was})
        }
        ProductEvent::ProductAttributesChanged(e) => {
            let was = std::mem::replace(&mut product.document.attributes, e.attributes.clone());
            json!({"attributes": e.attributes, "was": was})
        }
        ProductEvent::OneOfAKindDeclared(_) => {
            product.document.one_of_a_kind = true;
            json!({})
        }
        ProductEvent::ProductArchived(_) => {
            product.document.status = ProductStatus::Archived;
            json!({})
        }
        ProductEvent::ProductActivated(_) => {
            // What wasn't added has no number under which the full text would find it.
            if product.number > 0 {
                product.document.status = ProductStatus::Active;
            }
            json!({})
        }
        ProductEvent::OwnershipMoved(e) => {
            product.document.seller = Some(e.to);
            product.document.status = ProductStatus::Archived;
            json!({"from": e.from, "to": e.to, "order_id": e.order_id})
        }
        ProductEvent::ProductRemoved(_) => {
            product.document.status = ProductStatus::Removed;
            json!({})
        }
        ProductEvent::ImageAdded(_)
        | ProductEvent::ImageProcessed(_)
        | ProductEvent::ImageRejected(_)
        | ProductEvent::ImageDescribed(_)
        | ProductEvent::ImageMoved(_)
        | ProductEvent::ImageRemoved(_) => images::change(product, event),
    }
}

fn add(product: &mut Product, event: &ProductAdded) {
    let document = &mut product.document;
    document.status = ProductStatus::Active;
    document.seller = event.seller;
    document.name.clone_from(&event.name);
    document.description.clone_from(&event.description);
    document.category = event.category;
    document.added_at = event.added_at;
    for variant in &event.variants {
        list(product, variant);
    }
}

/// Counts a review's rating; what the product's history tells of it.
fn count(product: &mut Product, event: &ReviewEvent) -> Value {
    let (no_longer, from_now_on) = reviews::counted(event);
    product.count_review(no_longer, from_now_on);
    let reason = match event {
        ReviewEvent::ReviewHidden(e) => Some(&e.reason),
        ReviewEvent::ReviewRestored(e) => Some(&e.reason),
        _ => None,
    };
    json!({"rating": from_now_on, "was": no_longer, "reason": reason})
}

/// Adds a variant, with the stock that its SKU has already.
fn list(product: &mut Product, variant: &Variant) {
    let stock = product.unlisted.remove(&variant.sku).unwrap_or_default();
    product.document.variants.push(ProductVariant {
        sku: variant.sku.clone(),
        options: variant.options.clone(),
        price: variant.price,
        stock,
        available: stock.available(),
    });
}

/// Removes a variant; its stock is kept, since it is still on the shelf and may be sold again.
fn unlist(product: &mut Product, sku: &Sku) {
    let variants = &mut product.document.variants;
    let Some(index) = variants.iter().position(|variant| variant.sku == *sku) else {
        return;
    };
    let variant = variants.remove(index);
    product.unlisted.insert(variant.sku, variant.stock);
}

fn move_stock(product: &mut Product, event: &StockEvent) -> StockMovement {
    let movement = stock::movement(event);
    let mut variants = product.document.variants.iter_mut();
    let level = match variants.find(|variant| variant.sku == *movement.sku) {
        Some(variant) => {
            variant.stock = stock::after(variant.stock, movement.change);
            variant.available = variant.stock.available();
            variant.stock
        }
        None => move_unlisted(product, movement.sku, movement.change),
    };
    StockMovement {
        sku: movement.sku.clone(),
        change: movement.change,
        level,
        order_id: movement.order_id,
        reason: movement.reason.map(str::to_owned),
    }
}

fn move_unlisted(product: &mut Product, sku: &Sku, change: StockLevel) -> StockLevel {
    let level = product.unlisted.entry(sku.clone()).or_default();
    *level = stock::after(*level, change);
    *level
}

fn product_of(event: &ProductEvent) -> ProductId {
    match event {
        ProductEvent::ProductAdded(e) => e.product_id,
        ProductEvent::ProductDetailsChanged(e) => e.product_id,
        ProductEvent::VariantAdded(e) => e.product_id,
        ProductEvent::VariantPriceChanged(e) => e.product_id,
        ProductEvent::VariantRemoved(e) => e.product_id,
        ProductEvent::ProductRemoved(e) => e.product_id,
        ProductEvent::OneOfAKindDeclared(e) => e.product_id,
        ProductEvent::ProductArchived(e) => e.product_id,
        ProductEvent::ProductActivated(e) => e.product_id,
        ProductEvent::OwnershipMoved(e) => e.product_id,
        ProductEvent::VariantOptionsChanged(e) => e.product_id,
        ProductEvent::ProductAttributesChanged(e) => e.product_id,
        ProductEvent::ImageAdded(e) => e.product_id,
        ProductEvent::ImageProcessed(e) => e.product_id,
        ProductEvent::ImageRejected(e) => e.product_id,
        ProductEvent::ImageDescribed(e) => e.product_id,
        ProductEvent::ImageMoved(e) => e.product_id,
        ProductEvent::ImageRemoved(e) => e.product_id,
    }
}

/// The SKU that an event is about, if it is about one.
fn sku_of(event: &ProductEvent) -> Option<&Sku> {
    match event {
        ProductEvent::VariantAdded(e) => Some(&e.variant.sku),
        ProductEvent::VariantPriceChanged(e) => Some(&e.sku),
        ProductEvent::VariantOptionsChanged(e) => Some(&e.sku),
        ProductEvent::VariantRemoved(e) => Some(&e.sku),
        _ => None,
    }
}
