//! Products, as `bulk` reads them, among what an import reads.

use bulk::ProductsFile;
use bulk::products;

use super::{Input, Item, Sink, Survey};
use crate::error::ImportError;

fn file(input: &Input) -> ProductsFile<'_> {
    ProductsFile {
        source: &input.source,
        format: input.format,
        currency: input.currency,
    }
}

pub fn survey(input: &Input) -> Result<Survey, ImportError> {
    let products::Survey {
        rows,
        group_sizes,
        categories,
    } = file(input).survey()?;
    Ok(Survey {
        rows,
        group_sizes,
        categories,
        ..Survey::default()
    })
}

pub fn read(input: &Input, survey: &Survey, sink: &mut Sink) -> Result<(), ImportError> {
    let surveyed = products::Survey {
        rows: survey.rows,
        group_sizes: survey.group_sizes.clone(),
        categories: survey.categories.clone(),
    };
    let mut sink = |item| {
        sink(match item {
            products::Item::Product(product) => Item::Product(product),
            products::Item::Rejected(rejection) => Item::Rejected(rejection),
        })
    };
    Ok(file(input).read(&surveyed, &mut sink)?)
}
