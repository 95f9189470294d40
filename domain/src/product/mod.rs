//! A product and the variants in which it is sold, with their prices. What is on the shelf is
//! stock's; that its category is open and its SKUs are free is checked in `catalogue`.

mod command;
mod error;
#[cfg(test)]
mod image_tests;
mod images;
mod options;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use events::ids::{AccountId, ProductId, Sku};
use events::money::Money;
use events::product::{
    OneOfAKindDeclared, OwnershipMoved, ProductActivated, ProductAdded, ProductArchived,
    ProductAttributesChanged, ProductDetailsChanged, ProductEvent, ProductRemoved, Variant, VariantAdded,
    VariantPriceChanged, VariantRemoved,
};
use serde::{Deserialize, Serialize};

use crate::amount;
use crate::text;

pub use command::{Details, ProductCommand};
pub use error::ProductError;
pub use images::{ALT_MAX_CHARS, IMAGES_MAX, ImageCommand, ImageError, Images};

/// As long as a name may be, in characters: it still fits a list and an email's line.
const NAME_MAX_CHARS: usize = 200;
/// As long as a description may be, in characters: some ten pages.
const DESCRIPTION_MAX_CHARS: usize = 20_000;
/// More variants than sizes times colours of any real product.
const VARIANTS_MAX: usize = 200;

/// See the module. The default is a product that nobody has added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    id: Option<ProductId>,
    seller: Option<AccountId>,
    details: Details,
    variants: BTreeMap<Sku, Variant>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    one_of_a_kind: bool,
    archived: bool,
    removed: bool,
    images: Images,
}

impl Product {
    /// Whether it is there, on sale or not: its owner can edit it.
    pub fn exists(&self) -> bool {
        self.id.is_some() && !self.removed
    }

    /// Whether it can be bought.
    pub fn is_listed(&self) -> bool {
        self.exists() && !self.archived
    }

    /// Whether there is one unit of it, with which its ownership moves.
    pub fn is_one_of_a_kind(&self) -> bool {
        self.one_of_a_kind
    }

    pub fn seller(&self) -> Option<AccountId> {
        self.seller
    }

    pub fn images(&self) -> &Images {
        &self.images
    }

    pub fn details(&self) -> &Details {
        &self.details
    }

    /// What else is told of it, such as a book's author.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.variants.keys()
    }

    /// In the order of the SKUs, on sale or not.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.variants.values()
    }

    /// Whether it comes in this variant, on sale or not.
    pub fn has(&self, sku: &Sku) -> bool {
        self.exists() && self.variants.contains_key(sku)
    }

    /// The variant's price, if it is on sale.
    pub fn price(&self, sku: &Sku) -> Option<Money> {
        if !self.is_listed() {
            return None;
        }
        self.variants.get(sku).map(|variant| variant.price)
    }

    /// The variant, on sale or not.
    pub fn variant(&self, sku: &Sku) -> Option<&Variant> {
        self.variants.get(sku).filter(|_| self.exists())
    }

    fn decide(&self, command: ProductCommand) -> Result<Vec<ProductEvent>, ProductError> {
        if let ProductCommand::Add(added) = command {
            return self.add(added).map(|event| vec![event]);
        }
        let product_id = self.id.filter(|_| !self.removed).ok_or(ProductError::NotFound)?;
        let event = match command {
            ProductCommand::Add(_) => Err(ProductError::AlreadyExists),
            ProductCommand::ChangeDetails(details) => self.change_details(product_id, details),
            ProductCommand::AddVariant(variant) => self.add_variant(product_id, variant).map(Some),
            ProductCommand::ChangePrice { sku, price } => self.change_price(product_id, sku, price),
            ProductCommand::ChangeOptions(changes) => return self.change_options(product_id, changes),
            ProductCommand::ChangeAttributes(attributes) => {
                options::check_attributes(&attributes)?;
                let changed = attributes != self.attributes;
                let event = ProductAttributesChanged {
                    product_id,
                    attributes,
                };
                Ok(changed.then(|| event.into()))
            }
            ProductCommand::RemoveVariant { sku } => self.remove_variant(product_id, sku).map(Some),
            ProductCommand::DeclareOneOfAKind => self.declare_one_of_a_kind(product_id).map(Some),
            ProductCommand::Archive => Ok((!self.archived).then(|| ProductArchived { product_id }.into())),
            ProductCommand::Activate => Ok(self.archived.then(|| ProductActivated { product_id }.into())),
            ProductCommand::MoveOwnership { to, order_id, at } => {
                let from = self.seller.filter(|_| self.one_of_a_kind);
                let moved = OwnershipMoved {
                    product_id,
                    from: from.ok_or(ProductError::OneOfAKind)?,
                    to,
                    order_id,
                    moved_at: at,
                };
                Ok((moved.from != to).then(|| moved.into()))
            }
            ProductCommand::Image(command) => Ok(self.images.decide(product_id, command)?),
            ProductCommand::Remove => Ok(Some(ProductRemoved { product_id }.into())),
        };
        Ok(event?.into_iter().collect())
    }

    fn add(&self, added: ProductAdded) -> Result<ProductEvent, ProductError> {
        if self.id.is_some() {
            return Err(ProductError::AlreadyExists);
        }
        check_name(&added.name)?;
        check_description(&added.description)?;
        if added.variants.is_empty() || added.variants.len() > VARIANTS_MAX {
            return Err(ProductError::VariantCount { max: VARIANTS_MAX });
        }
        for (index, variant) in added.variants.iter().enumerate() {
            check_variant(variant, added.variants[0].price)?;
            if added.variants[..index]
                .iter()
                .any(|earlier| earlier.sku == variant.sku)
            {
                return Err(ProductError::DuplicateSku {
                    sku: variant.sku.clone(),
                });
            }
        }
        options::check_choices(&added.variants)?;
        Ok(added.into())
    }

    fn declare_one_of_a_kind(&self, product_id: ProductId) -> Result<ProductEvent, ProductError> {
        if self.variants.len() != 1 || self.seller.is_none() {
            return Err(ProductError::OneOfAKind);
        }
        Ok(OneOfAKindDeclared { product_id }.into())
    }

    fn change_details(
        &self,
        product_id: ProductId,
        details: Details,
    ) -> Result<Option<ProductEvent>, ProductError> {
        check_name(&details.name)?;
        check_description(&details.description)?;
        if details == self.details {
            return Ok(None);
        }
        let Details {
            name,
            description,
            category,
        } = details;
        Ok(Some(
            ProductDetailsChanged {
                product_id,
                name,
                description,
                category,
            }
            .into(),
        ))
    }

    fn add_variant(&self, product_id: ProductId, variant: Variant) -> Result<ProductEvent, ProductError> {
        if self.one_of_a_kind {
            return Err(ProductError::OneOfAKind);
        }
        if self.variants.contains_key(&variant.sku) {
            return Err(ProductError::DuplicateSku { sku: variant.sku });
        }
        if self.variants.len() >= VARIANTS_MAX {
            return Err(ProductError::VariantCount { max: VARIANTS_MAX });
        }
        check_variant(&variant, self.any_price().unwrap_or(variant.price))?;
        options::check_choices(self.variants.values().chain([&variant]))?;
        Ok(VariantAdded { product_id, variant }.into())
    }

    fn change_price(
        &self,
        product_id: ProductId,
        sku: Sku,
        price: Money,
    ) -> Result<Option<ProductEvent>, ProductError> {
        let variant = self
            .variants
            .get(&sku)
            .ok_or_else(|| ProductError::UnknownSku { sku: sku.clone() })?;
        check_price(price, variant.price)?;
        Ok((variant.price != price).then(|| {
            VariantPriceChanged {
                product_id,
                sku,
                price,
            }
            .into()
        }))
    }

    fn remove_variant(&self, product_id: ProductId, sku: Sku) -> Result<ProductEvent, ProductError> {
        if !self.variants.contains_key(&sku) {
            return Err(ProductError::UnknownSku { sku });
        }
        if self.variants.len() == 1 {
            return Err(ProductError::LastVariant);
        }
        Ok(VariantRemoved { product_id, sku }.into())
    }

    fn any_price(&self) -> Option<Money> {
        self.variants.values().next().map(|variant| variant.price)
    }
}

fn check_name(name: &str) -> Result<(), ProductError> {
    if !text::is_line(name, NAME_MAX_CHARS) {
        return Err(ProductError::Name {
            max_chars: NAME_MAX_CHARS,
        });
    }
    Ok(())
}

fn check_description(description: &str) -> Result<(), ProductError> {
    if !text::is_prose(description, DESCRIPTION_MAX_CHARS) {
        return Err(ProductError::Description {
            max_chars: DESCRIPTION_MAX_CHARS,
        });
    }
    Ok(())
}

fn check_variant(variant: &Variant, other: Money) -> Result<(), ProductError> {
    check_price(variant.price, other)?;
    options::check(&variant.options)
}

fn check_price(price: Money, other: Money) -> Result<(), ProductError> {
    if price.is_negative() {
        return Err(ProductError::NegativePrice { price });
    }
    if amount::is_too_large(price) {
        return Err(ProductError::PriceTooHigh { price });
    }
    if price.currency() != other.currency() {
        return Err(ProductError::MixedCurrencies);
    }
    Ok(())
}

impl Aggregate for Product {
    const TYPE: &'static str = "product";
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Error = ProductError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ProductCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ProductError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ProductEvent) {
        match event {
            ProductEvent::ProductAdded(event) => {
                self.id = Some(event.product_id);
                self.seller = event.seller;
                self.details = Details {
                    name: event.name,
                    description: event.description,
                    category: event.category,
                };
                self.variants = event.variants.into_iter().map(|v| (v.sku.clone(), v)).collect();
            }
            ProductEvent::ProductDetailsChanged(event) => {
                self.details = Details {
                    name: event.name,
                    description: event.description,
                    category: event.category,
                };
            }
            ProductEvent::VariantAdded(event) => {
                self.variants.insert(event.variant.sku.clone(), event.variant);
            }
            ProductEvent::VariantPriceChanged(event) => {
                if let Some(variant) = self.variants.get_mut(&event.sku) {
                    variant.price = event.price;
                }
            }
            ProductEvent::VariantOptionsChanged(event) => {
                if let Some(variant) = self.variants.get_mut(&event.sku) {
                    variant.options = event.options;
                }
            }
            ProductEvent::ProductAttributesChanged(event) => self.attributes = event.attributes,
            ProductEvent::VariantRemoved(event) => {
                self.variants.remove(&event.sku);
            }
            ProductEvent::ProductRemoved(_) => self.removed = true,
            ProductEvent::OneOfAKindDeclared(_) => self.one_of_a_kind = true,
            ProductEvent::ProductArchived(_) => self.archived = true,
            ProductEvent::ProductActivated(_) => self.archived = false,
            ProductEvent::OwnershipMoved(event) => {
                self.seller = Some(event.to);
                self.archived = true;
            }
            ProductEvent::ImageAdded(_)
            | ProductEvent::ImageProcessed(_)
            | ProductEvent::ImageRejected(_)
            | ProductEvent::ImageDescribed(_)
            | ProductEvent::ImageMoved(_)
            | ProductEvent::ImageRemoved(_) => self.images.apply(event),
        }
    }
}
