//! Analytics: after a handful of sales, a return, a cancellation and a credit note, an analyst reads what sold, where, whose,
//! to whom, and draws it; sellers and buyers read their own.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::client::{Client, visa};
use crate::forms::on_each_form;
use crate::process::{Shop, run};

struct Story {
    /// The analyst, who is also who runs the shop.
    admin: Client,
    /// Sells lamps.
    bob: Client,
    ann: Client,
    cat: Client,
    /// Of the last command.
    position: u64,
}

fn id(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or("?").to_owned()
}

impl Story {
    /// Two mugs of the shop's own at 12.50 and a lamp of Bob's at 10.10 are bought by Ann out of her cart, who sends one mug back;
    /// two lamps by Cat, who cancels one order of them; and a mug came back in the past.
    async fn play(shop: &Shop) -> Self {
        let admin = Client::admin(shop).await;
        let (ann, bob, cat) = (
            Client::buyer(shop, "ann").await,
            Client::buyer(shop, "bob").await,
            Client::buyer(shop, "cat").await,
        );
        let mut categories = vec![];
        for name in ["Kitchen ware", "Light & shade"] {
            let created = admin.post("/api/categories", &json!({"name": name})).await;
            categories.push(id(&created.expect(201), "category_id"));
        }
        let mug = json!({"name": "Tall mug", "category": categories[0],
            "variants": [{"sku": "TALL-MUG", "price": "12.50", "quantity": 5}]});
        admin.post("/api/products", &mug).await.expect(201);
        let lamp = json!({"name": "<b>Brass</b> lamp", "category": categories[1],
            "variants": [{"sku": "BRASS-LAMP", "price": "10.10", "quantity": 3}]});
        bob.post("/api/products", &lamp).await.expect(201);

        ann.put("/api/cart/items/TALL-MUG", &json!({"quantity": 2}))
            .await
            .expect(200);
        ann.put("/api/cart/items/BRASS-LAMP", &json!({"quantity": 1}))
            .await
            .expect(200);
        cat.put("/api/cart/items/TALL-MUG", &json!({"quantity": 1}))
            .await
            .expect(200);
        let of_ann = buy(&ann, &json!({"payment": visa(), "country": "GB"})).await;
        let one_lamp =
            json!({"lines": [{"sku": "BRASS-LAMP", "quantity": 1}], "payment": visa(), "country": "France"});
        buy(&cat, &one_lamp).await;
        let cancelled = buy(&cat, &one_lamp).await;
        cat.post(&format!("{cancelled}/cancel"), &json!({}))
            .await
            .expect(200);
        for step in ["ship", "deliver"] {
            admin
                .post(&format!("{of_ann}/{step}"), &json!({}))
                .await
                .expect(200);
        }
        let back = json!({"lines": [{"sku": "TALL-MUG", "quantity": 1}], "reason": "chipped"});
        ann.post(&format!("{of_ann}/return"), &back).await.expect(200);
        let note = json!({"issued_at": "2011-03-13T10:00:00Z", "country": "Spain",
            "lines": [{"sku": "TALL-MUG", "quantity": 1, "unit_price": "9.99"}]});
        let note = admin.post("/api/credit-notes", &note).await;
        let position = note.position();
        note.expect(201);
        Self {
            admin,
            bob,
            ann,
            cat,
            position,
        }
    }

    async fn report(&self, who: &Client, path: &str) -> Value {
        let path = format!("/api/analytics/{path}");
        who.get_after(&path, self.position).await.expect(200)
    }

    /// The net revenue of each part, and of all.
    async fn net_by(&self, by: &str, period: &str) -> (BTreeMap<String, String>, String) {
        let report = self
            .report(&self.admin, &format!("revenue?by={by}&period={period}"))
            .await;
        let items = report["items"].as_array().unwrap();
        let named = items
            .iter()
            .map(|item| (item["name"].as_str().unwrap_or("-").to_owned(), net(item)));
        (named.collect(), net(&report["total"]))
    }
}

/// Places an order and waits until it is paid; its path.
async fn buy(client: &Client, order: &Value) -> String {
    let placed = client.post("/api/orders", order).await.expect(201);
    let path = format!("/api/orders/{}", id(&placed, "order_id"));
    client.wait_for(&path, |order| order["status"] == "paid").await;
    path
}

fn net(figures: &Value) -> String {
    id(&figures["net"], "amount")
}

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(name, amount)| (name.to_owned(), amount.to_owned()))
        .into()
}

on_each_form!(an_analyst_reads_what_sold_where_and_to_whom);
async fn an_analyst_reads_what_sold_where_and_to_whom() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let story = Story::play(&shop).await;

    // 35.10 by Ann, 10.10 twice by Cat; 12.50 and 10.10 back; 9.99 back in 2011.
    let over_time = story.report(&story.admin, "sales-over-time?bucket=month").await;
    let now = over_time["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&now["orders"], &now["units"]), (&json!(3), &json!(5)));
    assert_eq!(now["gross"], json!({"amount": "55.30", "currency": "GBP"}));
    assert_eq!(now["refunds"]["amount"], "22.60");
    assert_eq!(net(now), "32.70");
    let then = "sales-over-time?bucket=day&from=2011-03-01&to=2011-03-31";
    assert_eq!(net(&story.report(&story.admin, then).await["total"]), "-9.99");

    let all = "22.71".to_owned();
    let by_category = texts([("Kitchen ware", "2.51"), ("Light & shade", "20.20")]);
    assert_eq!(story.net_by("category", "all").await, (by_category, all.clone()));
    let by_country = texts([("GB", "22.60"), ("France", "10.10"), ("Spain", "-9.99")]);
    assert_eq!(story.net_by("country", "all").await, (by_country, all.clone()));
    let by_seller = texts([("bob", "20.20"), ("-", "2.51")]);
    assert_eq!(story.net_by("seller", "all").await, (by_seller, all));
    let then = texts([("Spain", "-9.99")]);
    assert_eq!(
        story.net_by("country", "2011-03").await,
        (then, "-9.99".to_owned())
    );

    let best = story.report(&story.admin, "best-sellers?by=units&limit=1").await;
    assert_eq!(best["items"][0]["name"], "<b>Brass</b> lamp");
    assert_eq!(best["items"][0]["net_units"], 2);
    let items = story.report(&story.admin, "items").await;
    assert_eq!((&items["on_sale"], &items["sold_out"]), (&json!(2), &json!(0)));

    let customers = story.report(&story.admin, "customers?bucket=month").await;
    let customers = customers["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&customers["new"], &customers["returning"]),
        (&json!(2), &json!(0))
    );
    let carts = story.report(&story.admin, "conversion?bucket=month").await;
    let carts = carts["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (
            &carts["begun"],
            &carts["ordered"],
            &carts["conversion_basis_points"]
        ),
        (&json!(2), &json!(1), &json!(5_000))
    );

    everybody_reads_their_own(&story).await;
    it_is_drawn_and_saved(&story).await;
    assert!(!shop.log().contains("ERROR"), "{}", shop.log());
    assert!(shop.stop().success());
    assert!(run(&data_dir, &["verify", "--views"]).contains("Everything holds."));
}

async fn everybody_reads_their_own(story: &Story) {
    let sold = story
        .report(&story.bob, "sales-over-time?seller=me&bucket=month")
        .await;
    assert_eq!(
        (net(&sold["total"]), &sold["total"]["orders"]),
        ("20.20".to_owned(), &json!(3))
    );
    let best = story.report(&story.bob, "best-sellers?seller=me").await;
    assert_eq!(best["items"].as_array().unwrap().len(), 1);
    let bought = story.report(&story.ann, "purchases").await;
    assert_eq!(net(&bought["total"]), "22.60");
    let bought = story.report(&story.cat, "purchases").await;
    assert_eq!(net(&bought["total"]), "10.10");
    for path in [
        "sales-over-time",
        "best-sellers",
        "revenue",
        "items",
        "customers",
        "conversion",
    ] {
        let path = format!("/api/analytics/{path}");
        assert_eq!(story.bob.get(&path).await.status, 403, "{path}");
    }
    let me = story.bob.get("/api/users/me").await.expect(200);
    let of_bob = format!("/api/analytics/items?seller={}", id(&me, "id"));
    assert_eq!(story.ann.get(&of_bob).await.status, 403);
    assert_eq!(story.bob.get(&of_bob).await.expect(200)["on_sale"], 1);
    let wrong = story.admin.get("/api/analytics/revenue?by=branch").await;
    assert_eq!(wrong.body["errors"][0]["code"], "unknown_dimension");
    assert_eq!(wrong.status, 422);
}

/// Every report as a table that a spreadsheet reads, and as a chart that a browser shows.
async fn it_is_drawn_and_saved(story: &Story) {
    for report in [
        "sales-over-time?bucket=month",
        "best-sellers",
        "revenue?by=category",
        "revenue?by=country",
        "revenue?by=seller",
        "items",
        "customers",
        "conversion",
        "purchases",
    ] {
        let path = format!("/api/analytics/{report}");
        let in_form = async |form: &str| {
            let request = story.admin.request(Method::GET, &path).header(ACCEPT, form);
            let answer = request.answer().await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            let kind = answer.headers[CONTENT_TYPE].to_str().unwrap();
            assert!(kind.starts_with(form), "{kind}");
            (answer.headers, answer.body.as_str().unwrap().to_owned())
        };
        let (headers, table) = in_form("text/csv").await;
        let name = headers[CONTENT_DISPOSITION].to_str().unwrap();
        assert!(name.starts_with("attachment"), "{name}");
        let mut rows = csv::Reader::from_reader(table.as_bytes());
        for row in rows.records() {
            row.unwrap();
        }
        let (_, chart) = in_form("image/svg+xml").await;
        let chart = roxmltree::Document::parse(&chart).unwrap();
        assert!(
            chart
                .root_element()
                .has_tag_name(("http://www.w3.org/2000/svg", "svg"))
        );
        assert!(
            !chart.descendants().any(|node| node.has_tag_name("b")),
            "{report}"
        );
    }
}
