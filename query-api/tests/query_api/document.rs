//! The OpenAPI document, held against what the router really answers.

use std::collections::BTreeSet;

use events::product::ProductRemoved;
use serde_json::Value;

use crate::chain;
use crate::database::{Database, on_each_database};
use crate::shop::{Person, Shop, admin, customer, staff};
use crate::story::*;

on_each_database! {
    the_document_lists_every_route_and_each_of_them_answers,
    what_is_answered_is_what_is_documented,
    a_member_too_many_too_few_or_of_another_type_is_seen,
    everything_that_the_document_refers_to_is_in_it,
    every_route_that_takes_an_api_key_is_in_the_document,
}

/// Everything that can be asked, as its users know it.
const ROUTES: [&str; 41] = [
    "/api/analytics/best-sellers",
    "/api/analytics/conversion",
    "/api/analytics/customers",
    "/api/analytics/items",
    "/api/analytics/purchases",
    "/api/analytics/revenue",
    "/api/analytics/sales",
    "/api/analytics/sales-over-time",
    "/api/api-keys",
    "/api/branches",
    "/api/branches/{id}",
    "/api/cart",
    "/api/categories",
    "/api/categories/{id}",
    "/api/chain/calls",
    "/api/dashboard",
    "/api/dashboard/archived",
    "/api/dashboard/purchased",
    "/api/dashboard/sold",
    "/api/dashboard/unsold",
    "/api/images/{id}/{file}",
    "/api/orders",
    "/api/orders/{id}",
    "/api/orders/{id}/history",
    "/api/payments",
    "/api/payments/orphans",
    "/api/payments/orphans/{id}",
    "/api/payments/{id}",
    "/api/products",
    "/api/products/export",
    "/api/products/suggestions",
    "/api/products/{id}",
    "/api/products/{id}/history",
    "/api/products/{id}/reviews",
    "/api/reports/daily-revenue",
    "/api/users",
    "/api/users/me",
    "/api/users/{id}",
    "/api/wallet",
    "/api/wallet/entries",
    "/api/wishlist",
];

fn document(shop: &Shop) -> Value {
    serde_json::to_value(&shop.document).unwrap()
}

async fn the_document_lists_every_route_and_each_of_them_answers(database: Database) {
    let shop = Shop::open(database).await;
    let document = document(&shop);
    let documented: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(documented, ROUTES);
    for path in ROUTES {
        let item = document["paths"][path].as_object().unwrap();
        assert_eq!(item.keys().collect::<Vec<_>>(), ["get"], "{path}");
        let operation = &item["get"];
        assert!(operation["summary"].is_string(), "{path}");
        assert!(operation["operationId"].is_string(), "{path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let of_page = parameter["name"] == "limit" || parameter["name"] == "cursor";
            assert!(
                !of_page || parameter["description"].is_string(),
                "{path}: {parameter}"
            );
        }
        let real = path.replace("{id}", &product(1).to_string());
        let real = real.replace("{file}", "160.webp");
        let answer = shop.get(&real).await;
        // With an empty requirement among them, nobody has to log in.
        let security = operation["security"].as_array();
        let secured = security.is_some_and(|ways| !ways.contains(&serde_json::json!({})));
        let expected = match answer.status.as_u16() {
            401 => secured,
            404 => !secured && path.contains("{id}") && !answer.text.contains("no such route"),
            status => !secured && status == 200,
        };
        assert!(expected, "{path}: {}", answer.text);
        let status = answer.status.as_str();
        assert!(
            operation["responses"].get(status).is_some(),
            "{path} documents no {status}"
        );
    }
    let unknown = shop.get("/api/nowhere").await.refused(404, "not_found");
    assert!(unknown.text.contains("no such route"));
}

/// A shop in which every member of every document has a value somewhere.
async fn full_shop(database: Database) -> Shop {
    let shop = Shop::open(database).await;
    let mut mug = added(1, "Mug", 150);
    mug.seller = Some(account(2));
    mug.category = Some(category(2));
    let story = [
        created(1, None, "Kitchen"),
        created(2, Some(1), "Mugs"),
        of_catalogue(mug),
        of_catalogue(added(2, "Plate", 1000)),
        received(1, 10),
        reserved(1, 1, 2),
        in_cart(1, 1, 2),
        in_cart(1, 2, 1),
        of_payment(requested(1, 1)),
        of_order(placed(&shop, 1, 1).await),
        of_payment(settled(1, 1)),
        of_order(paid(1, 1, 10)),
        of_catalogue(ProductRemoved {
            product_id: product(2),
        }),
        credited(1, 7, 500),
        of_review(posted(&shop, 1, 1, 4, false, 20).await),
        wished(1, 1),
        orphan_found(1),
        key_issued(1),
        of_account(registered(&shop, 1).await),
        of_account(registered(&shop, 2).await),
    ];
    shop.tell(story).await;
    let images = [
        image_added(1, 1),
        image_processed(1, 1),
        image_added(1, 2),
        image_rejected(1, 2),
    ];
    shop.tell(images).await;
    shop.tell(chain::a_branch_and_its_report()).await;
    shop
}

fn real(path: &str) -> String {
    let id = match path.split('/').nth(2) {
        Some("products") => product(1).to_string(),
        Some("branches") => chain::branch(1).to_string(),
        Some("categories") => category(1).to_string(),
        Some("orders") => order(1).to_string(),
        Some("users") => account(1).to_string(),
        _ => payment(1).to_string(),
    };
    path.replace("{id}", &id)
}

async fn what_is_answered_is_what_is_documented(database: Database) {
    let shop = Box::pin(full_shop(database)).await;
    let document = document(&shop);
    // An image is no document, and neither is the export.
    let is_document = |path: &&str| !path.contains("{file}") && *path != "/api/products/export";
    for path in ROUTES.into_iter().filter(is_document) {
        let who: Person = match path {
            "/api/users"
            | "/api/users/{id}"
            | "/api/chain/calls"
            | "/api/payments/orphans"
            | "/api/payments/orphans/{id}" => admin(),
            "/api/analytics/purchases" => customer(1),
            "/api/products/{id}/history"
            | "/api/branches"
            | "/api/branches/{id}"
            | "/api/reports/daily-revenue" => staff(),
            path if path.starts_with("/api/analytics/") => staff(),
            _ => customer(1),
        };
        let answer = shop.get(real(path)).by(&who).await.ok();
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
        let schema = &content["application/json"]["schema"];
        assert!(schema.is_object(), "{path}");
        let check = Check { document: &document };
        check.fits(&answer.body, schema, path).unwrap();
    }
    let problem = shop.get("/api/wallet").await.refused(401, "token_missing");
    let unauthenticated = &document["paths"]["/api/wallet"]["get"]["responses"]["401"]["content"];
    let schema = &unauthenticated["application/problem+json"]["schema"];
    let check = Check { document: &document };
    check.fits(&problem.body, schema, "problem").unwrap();
}

/// The check itself must see what is wrong.
async fn a_member_too_many_too_few_or_of_another_type_is_seen(database: Database) {
    let shop = Box::pin(full_shop(database)).await;
    let document = document(&shop);
    let check = Check { document: &document };
    let answer = shop.get(real("/api/orders/{id}")).by(&customer(1)).await.ok();
    let schema = serde_json::json!({"$ref": "#/components/schemas/Order"});
    check.fits(&answer.body, &schema, "order").unwrap();
    for (change, value) in [
        ("/total", Some(Value::Null)),
        ("/lines/0/unit_price", Some(Value::from(true))),
        ("/lines/0/quantity", Some(Value::from("2"))),
        ("/colour", Some(Value::from("red"))),
        ("/status", None),
    ] {
        let mut changed = answer.body.clone();
        let (parent, member) = change.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => parent.insert(member.to_owned(), value),
            None => parent.remove(member),
        };
        let seen = check.fits(&changed, &schema, "order");
        assert!(seen.is_err(), "{change}");
    }
}

async fn everything_that_the_document_refers_to_is_in_it(database: Database) {
    let shop = Shop::open(database).await;
    let document = document(&shop);
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.contains("#/components/schemas/Problem"));
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
}

async fn every_route_that_takes_an_api_key_is_in_the_document(database: Database) {
    let shop = Shop::open(database).await;
    assert!(web::scopes::stale(&shop.document, &["GET"]).is_empty());
    let document = document(&shop);
    let security = &document["paths"]["/api/orders"]["get"]["security"];
    let declared = serde_json::json!([{"bearer": []}, {"api_key": ["orders:read"]}]);
    assert_eq!(security, &declared);
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

/// Holds values against the schemas of a document: as much of JSON Schema as these use, and stricter in one thing: every
/// member must be documented.
struct Check<'d> {
    document: &'d Value,
}

impl Check<'_> {
    fn fits(&self, value: &Value, schema: &Value, place: &str) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = self.document.pointer(reference.trim_start_matches('#'));
            return self.fits(value, schema.ok_or(reference)?, place);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let fits = |choice| self.fits(value, choice, place);
            let refusals: Vec<_> = choices.iter().filter_map(|choice| fits(choice).err()).collect();
            let any = refusals.len() < choices.len();
            return if any { Ok(()) } else { Err(refusals.join("; ")) };
        }
        let types = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return Ok(()),
        };
        let found = type_of(value);
        let whole_number = found == "integer" && types.contains(&"number");
        if !types.contains(&found) && !whole_number {
            return Err(format!("{place} is {found}, and documented as {types:?}"));
        }
        match value {
            Value::Object(members) => self.members_fit(members, schema, place),
            Value::Array(items) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(n, item)| self.fits(item, &schema["items"], &format!("{place}[{n}]")))
            }
            _ => Ok(()),
        }
    }

    fn members_fit(
        &self,
        members: &serde_json::Map<String, Value>,
        schema: &Value,
        place: &str,
    ) -> Result<(), String> {
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Err(format!("{place} lacks {name}"));
            }
        }
        let (documented, others) = (&schema["properties"], &schema["additionalProperties"]);
        if documented.is_null() && !others.is_object() {
            return Ok(()); // any object
        }
        for (name, value) in members {
            let schema = documented.get(name).or(others.is_object().then_some(others));
            let schema = schema.ok_or_else(|| format!("{place}.{name} is not documented"))?;
            self.fits(value, schema, &format!("{place}.{name}"))?;
        }
        Ok(())
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
