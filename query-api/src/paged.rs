//! What the API's document says of the parameters of a page, told once for all lists. Reading them is `web::paging`'s.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::{OpenApi, RefOr};
use web::paging::Limit;

/// Describes every `limit` and `cursor` that has no description of its own.
pub fn describe(document: &mut OpenApi) {
    let queries = document.paths.paths.values_mut();
    let parameters = queries.filter_map(|item| item.get.as_mut()?.parameters.as_mut());
    for parameter in parameters.flatten() {
        if let RefOr::T(parameter) = parameter {
            describe_parameter(parameter);
        }
    }
}

fn describe_parameter(parameter: &mut Parameter) {
    let description = match parameter.name.as_str() {
        "limit" => format!(
            "How many items a page holds: 1 to {}; {}, if missing.",
            Limit::MAX,
            Limit::DEFAULT
        ),
        "cursor" => "The `next_cursor` of the page before, asked for in the same way.".to_owned(),
        _ => return,
    };
    parameter.description.get_or_insert(description);
}
