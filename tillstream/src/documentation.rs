//! The one document of both APIs, as clients see one origin.

use utoipa::openapi::{Info, OpenApi};

use crate::settings::Settings;

pub fn document(settings: &Settings, commands: OpenApi, queries: OpenApi) -> OpenApi {
    let mut document = queries;
    document.merge(commands);
    let about = "Commands (POST, PUT, PATCH, DELETE) answer with `Tillstream-Position`; send it back as \
                 `Tillstream-Min-Position` with a query to read your own write.";
    document.info = Info::builder()
        .title(&settings.shop_name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .build();
    document
}
