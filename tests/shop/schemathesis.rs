//! The running shop held against its own document by schemathesis, a program that makes requests of it: valid ones,
//! broken ones, and those at the edges of every schema.
//!
//! `cargo xtask schemathesis` installs it and runs this at its full size; `cargo xtask test` runs a small size where
//! Python is there. What needs more than one request, such as who may do what to whose things, is
//! [`permissions`](crate::permissions)'s.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, order};
use crate::process::{Shop, run};
use crate::size;

/// Where the program is.
const PROGRAM: &str = "TILLSTREAM_TEST_SCHEMATHESIS";
/// What every answer is held against.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
response_schema_conformance,response_headers_conformance,ignored_auth,unsupported_method,allow_header_conformance";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: cargo xtask schemathesis"]
async fn every_answer_is_as_documented() {
    let program = std::env::var_os(PROGRAM)
        .unwrap_or_else(|| panic!("{PROGRAM} says where schemathesis is: cargo xtask schemathesis sets it"));
    let examples = size::of("TILLSTREAM_SCHEMATHESIS_EXAMPLES", 5);
    let seed = size::of("TILLSTREAM_SCHEMATHESIS_SEED", 1);
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let admin = Client::admin(&shop).await;
    let things = Things::make(&admin).await;
    let configuration = things.configuration(folder.path(), admin.token());

    let mut schemathesis = Command::new(program);
    schemathesis
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(&configuration)
        .args(["run", &format!("{}/api/openapi.json", shop.url)])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", &examples.to_string()])
        .args(["--seed", &seed.to_string()])
        .args(["--continue-on-failure", "--no-color"]);
    let output = tokio::task::block_in_place(|| schemathesis.output().unwrap());
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{}", told.split("= SUMMARY =").last().unwrap_or_default());
    assert!(!shop.log().contains("ERROR"), "{}", shop.log());
    assert!(shop.stop().success());
    run(&data_dir, &["verify", "--views"]);
}

/// One of each, so that requests are about something that is there.
struct Things {
    /// A part of a path, the methods if not all, and the parameter with its value.
    parameters: Vec<(&'static str, Option<&'static str>, &'static str, String)>,
    /// A branch's id and its token, which opens what no account's does.
    branch: (String, String),
}

impl Things {
    async fn make(admin: &Client) -> Self {
        let mut parameters = vec![];
        for method in [None, Some("DELETE")] {
            let category = admin
                .post("/api/categories", &json!({"name": name(method)}))
                .await;
            let category = id(&category.expect(201), "category_id");
            parameters.push(("/api/categories/", method, "path.id", category));
            let product =
                json!({"name": name(method), "sku": name(method), "price": "1.00", "quantity": 1_000});
            let product = id(
                &admin.post("/api/products", &product).await.expect(201),
                "product_id",
            );
            parameters.push(("/api/products/", method, "path.id", product));
        }
        let product = parameters[1].3.clone();
        parameters.push(("/api/wishlist/items/", None, "path.product", product.clone()));
        parameters.push(("/api/cart/items/", None, "path.sku", name(None).to_owned()));
        let placed = admin.post("/api/orders", &order(name(None), 1)).await.expect(201);
        parameters.push(("/api/orders/", None, "path.id", id(&placed, "order_id")));
        parameters.push(("/api/payments/", None, "path.id", id(&placed, "payment_id")));
        let review = json!({"rating": 5, "author": "A tester"});
        let review = admin
            .put(&format!("/api/products/{product}/reviews/mine"), &review)
            .await;
        parameters.push((
            "/api/reviews/",
            None,
            "path.id",
            id(&review.expect(200), "review_id"),
        ));
        let somebody = json!({"username": "somebody", "email": "somebody@example.com"});
        let somebody = admin.post("/api/auth/register", &somebody).await.expect(201);
        parameters.push(("/api/users/", None, "path.id", id(&somebody, "account_id")));
        let registered = branch(admin, "Leeds").await;
        parameters.push((
            "/api/branches/\\\\{id\\\\}(/token)?$",
            None,
            "path.id",
            id(&registered, "branch_id"),
        ));
        let registered = branch(admin, "York").await;
        let branch = (id(&registered, "branch_id"), id(&registered, "token"));
        Self { parameters, branch }
    }

    /// Written as a file; its path.
    fn configuration(&self, folder: &Path, token: &str) -> PathBuf {
        let mut text = format!("headers = {{ Authorization = \"Bearer {token}\" }}\n");
        // A position that the log will never reach is waited for, and answered 503 as documented.
        text += "\n[parameters]\n\"header.Tillstream-Min-Position\" = \"1\"\n";
        // Without a good token everything is refused, and nothing is tried.
        text += "\n[warnings]\nfail-on = [\"missing_auth\"]\n";
        let (branch, token) = &self.branch;
        for path in [
            "/api/chain/catalogue",
            "/api/branches/{id}/catalogue-outcomes",
            "/api/branches/{id}/daily-reports",
            "/api/branches/{id}/daily-reports/compare",
        ] {
            let _ = write!(text, "\n[[operations]]\ninclude-path = \"{path}\"\n");
            let _ = writeln!(text, "headers = {{ Authorization = \"Bearer {token}\" }}");
            let _ = writeln!(text, "parameters = {{ \"path.id\" = \"{branch}\" }}");
        }
        for (path, method, parameter, value) in &self.parameters {
            let _ = write!(text, "\n[[operations]]\ninclude-path-regex = \"^{path}\"\n");
            let _ = match method {
                Some(method) => writeln!(text, "include-method = \"{method}\""),
                None => writeln!(text, "exclude-method = \"DELETE\""),
            };
            let _ = writeln!(text, "parameters = {{ \"{parameter}\" = \"{value}\" }}");
        }
        let file = folder.join("schemathesis.toml");
        std::fs::write(&file, text).unwrap();
        file
    }
}

async fn branch(admin: &Client, name: &str) -> Value {
    let body = json!({"name": name, "location": name, "region": "North", "url": "https://branch.example"});
    admin.post("/api/branches", &body).await.expect(201)
}

/// What is deleted is another thing, so that the first one stays for all other requests.
fn name(method: Option<&str>) -> &'static str {
    if method.is_some() { "Goes" } else { "Stays" }
}

#[track_caller]
fn id(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap().to_owned()
}
