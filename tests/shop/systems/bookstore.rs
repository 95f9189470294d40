//! The bookstore: staff shelve books by subject; a reader looks a subject up, reads about a book, and buys it by its id in
//! one request. The last copy goes once; a book out of stock is refused, and one that was removed isn't there.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, visa};
use crate::forms::on_each_form;
use crate::process::{Shop, run};

struct Bookstore {
    staff: Client,
    reader: Client,
    /// Looks around and isn't logged in.
    visitor: Client,
}

/// What a reader has in hand: the book's id.
type Book = String;

fn path(book: &Book) -> String {
    format!("/api/products/{book}")
}

impl Bookstore {
    async fn open(shop: &Shop) -> Self {
        Self {
            staff: Client::admin(shop).await,
            reader: Client::buyer(shop, "ada").await,
            visitor: Client::new(shop),
        }
    }

    async fn subject(&self, name: &str, parent: Option<&Value>) -> Value {
        let body = json!({"name": name, "parent": parent});
        let created = self.staff.post("/api/categories", &body).await.expect(201);
        created["category_id"].clone()
    }

    async fn shelve(&self, title: &str, author: &str, subject: &Value, quantity: u32) -> Book {
        let body = json!({
            "name": title, "category": subject, "price": "12.50", "quantity": quantity, "attributes": {"author": author},
        });
        let added = self.staff.post("/api/products", &body).await.expect(201);
        added["product_id"].as_str().unwrap().to_owned()
    }

    async fn edit(&self, book: &Book, body: Value) -> Answer {
        self.staff.patch(&path(book), &body).await
    }

    /// The titles that a visitor finds, as of a position.
    async fn titles(&self, query: &str, position: u64) -> Vec<String> {
        let list = format!("/api/products?sort=name&{query}");
        let list = self.visitor.get_after(&list, position).await.expect(200);
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|book| book["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// One request: by the book's id, one copy, by card.
    async fn purchase(&self, book: &Book, key: &str) -> Answer {
        let request = self
            .reader
            .request(Method::PUT, &format!("{}/purchase", path(book)));
        let request = request
            .header("idempotency-key", key)
            .json(&json!({"payment": visa()}));
        request.answer().await.unwrap()
    }
}

on_each_form!(readers_look_up_subjects_and_buy_by_id);
async fn readers_look_up_subjects_and_buy_by_id() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start(&data_dir);
    let store = Bookstore::open(&shop).await;
    let science = store.subject("Science", None).await;
    let systems = store.subject("Distributed systems", Some(&science)).await;
    let logs = store.shelve("The Log", "Jay Kreps", &systems, 2).await;
    let clocks = store
        .shelve("Time and Clocks", "Leslie Lamport", &systems, 1)
        .await;
    store.shelve("On Numbers", "Ada Lovelace", &science, 1).await;

    looks_around(&store, &clocks).await;
    buys_the_last_copy(&store, &clocks).await;
    staff_edit_and_remove(&store, &logs, &science).await;

    assert!(shop.stop().success());
    assert!(run(&data_dir, &["verify", "--views"]).contains("Everything holds."));
}

async fn looks_around(store: &Bookstore, clocks: &Book) {
    let are_shelved = |page: &Value| page["items"].as_array().is_some_and(|books| books.len() == 3);
    store
        .reader
        .wait_for("/api/products?category=science", are_shelved)
        .await;
    let position = store.staff.get("/api/categories").await.position();
    let in_systems = store.titles("category=distributed-systems", position).await;
    assert_eq!(in_systems, ["The Log", "Time and Clocks"]);
    let in_science = store.titles("category=science", position).await;
    assert_eq!(in_science, ["On Numbers", "The Log", "Time and Clocks"]);
    assert_eq!(store.titles("q=lampo", position).await, ["Time and Clocks"]);
    assert_eq!(
        store.titles("category=science&q=clocks", position).await,
        ["Time and Clocks"]
    );

    let subject = store
        .visitor
        .get("/api/categories/distributed-systems")
        .await
        .expect(200);
    assert_eq!(
        (&subject["products"], &subject["path"][0]["slug"]),
        (&json!(2), &json!("science"))
    );
    let typed = store
        .visitor
        .get("/api/products/suggestions?q=clo")
        .await
        .expect(200);
    assert_eq!(
        typed["products"],
        json!([{"id": clocks, "name": "Time and Clocks"}])
    );

    let info = store.visitor.get(&path(clocks)).await.expect(200);
    assert_eq!(info["attributes"], json!({"author": "Leslie Lamport"}));
    assert_eq!(
        (
            &info["variants"][0]["price"]["amount"],
            &info["variants"][0]["available"]
        ),
        (&json!("12.50"), &json!(1))
    );
    let never = "/api/products/0190a000-0000-7000-8000-000000000000";
    assert_eq!(store.visitor.get(never).await.status, 404);
    let nobody = store
        .visitor
        .post(&format!("{}/purchase", path(clocks)), &json!({}))
        .await;
    assert_eq!((nobody.status.as_u16(), nobody.code()), (401, "token_missing"));
}

async fn buys_the_last_copy(store: &Bookstore, clocks: &Book) {
    let bought = store.purchase(clocks, "once").await;
    let position = bought.position();
    let order = bought.expect(201);
    // Asked for again by the same key, it is the same purchase; by another, there is no copy left.
    assert_eq!(store.purchase(clocks, "once").await.expect(201), order);
    let late = store.purchase(clocks, "twice").await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "out_of_stock"));

    let order = format!("/api/orders/{}", order["order_id"].as_str().unwrap());
    let paid = store
        .reader
        .wait_for(&order, |order| order["status"] == "paid")
        .await;
    assert_eq!(paid["total"]["amount"], "12.50");
    let info = store.visitor.get_after(&path(clocks), position).await.expect(200);
    assert_eq!(info["variants"][0]["available"], 0);
    assert_eq!(
        store
            .titles("category=distributed-systems&in_stock=true", position)
            .await,
        ["The Log"]
    );

    // Why is there none left? Staff see it in words.
    let sku = info["variants"][0]["sku"].as_str().unwrap();
    let history = format!("{}/history?sku={sku}", path(clocks));
    let history = store.staff.get_after(&history, position).await.expect(200);
    let last = history["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["type"], "StockReserved");
    assert_eq!(
        (
            &last["stock"]["before"]["available"],
            &last["stock"]["level"]["available"]
        ),
        (&json!(1), &json!(0))
    );
    let told = last["summary"].as_str().unwrap();
    let expected = format!("1 × {sku} promised to order ");
    assert!(
        told.starts_with(&expected) && told.contains("1 → 0 left to buy"),
        "{told}"
    );
    assert_eq!(
        store
            .reader
            .get(&format!("{}/history", path(clocks)))
            .await
            .status,
        404
    );
}

async fn staff_edit_and_remove(store: &Bookstore, logs: &Book, science: &Value) {
    let cheaper = json!({"price": "0.01"});
    assert_eq!(store.reader.patch(&path(logs), &cheaper).await.status, 404);
    let edited = store
        .edit(
            logs,
            json!({"name": "I Heart Logs", "price": "9.99", "category": science, "attributes": {"author": "Jay Kreps", "isbn": "978-1491909386"}}),
        )
        .await;
    let position = edited.position();
    edited.expect(200);
    let info = store.visitor.get_after(&path(logs), position).await.expect(200);
    assert_eq!(
        (&info["name"], &info["variants"][0]["price"]["amount"]),
        (&json!("I Heart Logs"), &json!("9.99"))
    );
    assert_eq!(store.titles("q=1491909386", position).await, ["I Heart Logs"]);
    assert_eq!(
        store.titles("category=distributed-systems", position).await,
        ["Time and Clocks"]
    );

    let removed = store.staff.delete(&path(logs)).await;
    let position = removed.position();
    removed.expect(204);
    assert_eq!(store.visitor.get_after(&path(logs), position).await.status, 404);
    assert_eq!(store.purchase(logs, "gone").await.status, 404);
    assert_eq!(store.titles("q=heart", position).await, [] as [&str; 0]);
    let facets = "/api/products?facets=category&limit=1";
    let facets = store.visitor.get_after(facets, position).await.expect(200);
    let counts = facets["facets"]["category"].as_array().unwrap().iter();
    let counts: Vec<_> = counts
        .map(|facet| {
            (
                facet["slug"].as_str().unwrap(),
                facet["products"].as_i64().unwrap(),
            )
        })
        .filter(|(slug, _)| ["science", "distributed-systems"].contains(slug))
        .collect();
    assert_eq!(counts, [("science", 2), ("distributed-systems", 1)]);
}
