//! The chain: one headquarters and three branches, each a shop with a database of its own. Customers buy and return at
//! the branches, the line is cut, a branch is killed while it reports, a refund corrects a day, tokens are rotated and
//! revoked; and headquarters has it all to the penny.

use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, order};
use crate::forms::on_each_form;
use crate::line::Line;
use crate::process::{Shop, run};

/// What the mug costs at first, in pence, and after headquarters has raised it.
const MUG: i64 = 7_99;
const DEARER: i64 = 8_49;
const PLATE: i64 = 12_50;
/// The branch that is one process on the distributed form, too: headquarters doesn't know what a branch runs as.
const ONE_PROCESS: &str = "Leeds";

fn pounds(pence: i64) -> Value {
    json!({"amount": format!("{}.{:02}", pence / 100, pence % 100), "currency": "GBP"})
}

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

/// What a branch has sold and lost, as the test knows it: in pence, and counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Books {
    revenue: i64,
    loss: i64,
    orders: i64,
    units: i64,
}

impl Books {
    fn sum(books: impl IntoIterator<Item = Self>) -> Self {
        books.into_iter().fold(Self::default(), |sum, one| Self {
            revenue: sum.revenue + one.revenue,
            loss: sum.loss + one.loss,
            orders: sum.orders + one.orders,
            units: sum.units + one.units,
        })
    }

    /// Whether a report's sums are these, to the penny.
    fn are(&self, sums: &Value) -> bool {
        sums["revenue"] == pounds(self.revenue)
            && sums["loss"] == pounds(self.loss)
            && sums["net"] == pounds(self.revenue - self.loss)
            && sums["orders"] == self.orders
            && sums["units"] == self.units
    }
}

/// A branch: its process, whoever works there, and its books.
struct Branch {
    id: String,
    /// What headquarters gave it last.
    token: String,
    region: &'static str,
    data_dir: PathBuf,
    shop: Shop,
    admin: Client,
    buyer: Client,
    books: Books,
}

fn start(data_dir: &Path, line: &Line, token: &str) -> Shop {
    let headquarters = line.url();
    let settings = [
        ("TILLSTREAM_DEMO", "false"),
        ("TILLSTREAM_CHAIN__HEADQUARTERS", headquarters.as_str()),
        ("TILLSTREAM_CHAIN__TOKEN", token),
        ("TILLSTREAM_CHAIN__CATALOGUE_EVERY_S", "1"),
    ];
    if data_dir.ends_with(ONE_PROCESS) {
        return Shop::start_as_one_process(data_dir, &settings);
    }
    Shop::start_with(data_dir, &settings)
}

/// Its id, and the token that nobody sees again.
async fn register(headquarters: &Client, name: &str, region: &str) -> (String, String) {
    let body = json!({"name": name, "location": format!("1 High Street, {name}"), "region": region,
        "url": format!("https://{}.example", name.to_lowercase())});
    let registered = headquarters.post("/api/branches", &body).await.expect(201);
    let text = |field: &str| registered[field].as_str().unwrap().to_owned();
    let (id, token) = (text("branch_id"), text("token"));
    assert!(token.starts_with("tsb_"));
    (id, token)
}

impl Branch {
    async fn open(
        folder: &Path,
        headquarters: &Client,
        line: &Line,
        name: &str,
        region: &'static str,
    ) -> Self {
        let (id, token) = register(headquarters, name, region).await;
        let data_dir = folder.join(name);
        let shop = start(&data_dir, line, &token);
        Self {
            id,
            token,
            region,
            admin: Client::admin(&shop).await,
            buyer: Client::buyer(&shop, "ann").await,
            data_dir,
            shop,
            books: Books::default(),
        }
    }

    /// The same branch after its process has died.
    async fn reopen(self, line: &Line) -> Self {
        let Self {
            data_dir,
            shop,
            token,
            ..
        } = self;
        shop.kill();
        let shop = start(&data_dir, line, &token);
        Self {
            admin: Client::admin(&shop).await,
            buyer: Client::new(&shop).login("ann", "a password of a test").await,
            data_dir,
            shop,
            token,
            ..self
        }
    }

    /// Somebody buys; the order's path, once it is paid.
    async fn sells(&mut self, sku: &str, price: i64, units: u32) -> String {
        let placed = self
            .buyer
            .post("/api/orders", &order(sku, units))
            .await
            .expect(201);
        let path = format!("/api/orders/{}", placed["order_id"].as_str().unwrap());
        self.buyer
            .wait_for(&path, |order| order["status"] == "paid")
            .await;
        self.books.revenue += price * i64::from(units);
        self.books.orders += 1;
        self.books.units += i64::from(units);
        path
    }

    /// One unit of an order comes back, and its price goes back.
    async fn takes_back(&mut self, order: &str, sku: &str, price: i64) {
        let lines = json!({"lines": [{"sku": sku, "quantity": 1}]});
        self.admin
            .post(&format!("{order}/return"), &lines)
            .await
            .expect(200);
        self.books.loss += price;
    }

    /// A sale of the past, as a till had it: a delivered order.
    async fn records(&mut self, sku: &str, price: i64, day: NaiveDate) -> String {
        let body = json!({"lines": [{"sku": sku, "quantity": 2, "unit_price": pounds(price)}],
            "placed_at": format!("{day}T12:00:00Z"), "country": "GB"});
        let recorded = self.admin.post("/api/orders", &body).await.expect(201);
        self.books.revenue += 2 * price;
        self.books.orders += 1;
        self.books.units += 2;
        format!("/api/orders/{}", recorded["order_id"].as_str().unwrap())
    }

    async fn reports(&self) {
        let body = json!({"day": today()});
        self.admin.post("/api/chain/reports", &body).await.expect(202);
    }

    /// Until a call of this branch to headquarters has failed so.
    async fn waits_for_failure(&self, error: &str) {
        let failed = |calls: &Value| {
            let mut calls = calls["items"].as_array().unwrap().iter();
            calls.any(|call| {
                let told = call["error"].as_str().unwrap_or_default();
                call["method"] == "POST" && told.contains(error)
            })
        };
        self.admin
            .wait_for("/api/chain/calls?direction=outgoing&limit=100", failed)
            .await;
    }
}

fn report_of(group_by: &str) -> String {
    let (from, to) = (today() - Days::new(7), today() + Days::new(1));
    format!("/api/reports/daily-revenue?from={from}&to={to}&group_by={group_by}")
}

/// Until headquarters has what all of them have in their books; then by branch, region and day alike.
async fn agree(headquarters: &Client, branches: &[Branch]) {
    let all = Books::sum(branches.iter().map(|branch| branch.books));
    let report = headquarters
        .wait_for(&report_of("branch"), |report| all.are(&report["total"]))
        .await;
    for branch in branches {
        let items = report["items"].as_array().unwrap();
        let own = items.iter().find(|item| item["key"] == branch.id).unwrap();
        assert!(branch.books.are(own), "{own} isn't {:?}", branch.books);
    }
    let report = headquarters.get(&report_of("region")).await.expect(200);
    for region in ["North", "South"] {
        let there = branches.iter().filter(|branch| branch.region == region);
        let books = Books::sum(there.map(|branch| branch.books));
        let items = report["items"].as_array().unwrap();
        let own = items.iter().find(|item| item["key"] == region).unwrap();
        assert!(books.are(own), "{own} isn't {books:?}");
    }
    let report = headquarters.get(&report_of("day")).await.expect(200);
    assert!(all.are(&report["total"]), "{report} isn't {all:?}");
}

/// Headquarters' two products, in a category; their paths.
async fn stock_the_shelves(headquarters: &Client) -> (String, String) {
    let kitchen = json!({"name": "Kitchen", "slug": "kitchen"});
    let kitchen = headquarters.post("/api/categories", &kitchen).await.expect(201);
    let mut paths = vec![];
    for (sku, price) in [("MUG", MUG), ("PLATE", PLATE)] {
        let product = json!({"name": format!("A {sku}"), "sku": sku, "price": pounds(price), "quantity": 5,
            "category": kitchen["category_id"]});
        let added = headquarters.post("/api/products", &product).await.expect(201);
        paths.push(format!("/api/products/{}", added["product_id"].as_str().unwrap()));
    }
    (paths[0].clone(), paths[1].clone())
}

/// The catalogue has come down, with its ids and prices and without its stock; nobody here edits it, and the stock is the
/// branch's own.
async fn takes_the_catalogue_over(branch: &Branch, mug: &str, plate: &str) {
    for (path, price) in [(mug, MUG), (plate, PLATE)] {
        let there = |product: &Value| product["variants"][0]["price"] == pounds(price);
        let product = branch.admin.wait_for(path, there).await;
        assert_eq!(product["variants"][0]["on_hand"], 0);
        let edit = branch.admin.patch(path, &json!({"name": "Ours"})).await;
        assert_eq!((edit.status.as_u16(), edit.code()), (409, "headquarters_product"));
        branch
            .admin
            .post(&format!("{path}/stock"), &json!({"receive": 100}))
            .await
            .expect(200);
    }
    let category = branch.admin.get("/api/categories/kitchen").await.expect(200);
    assert_eq!(category["name"], "Kitchen");
}

on_each_form!(three_branches_report_to_headquarters_to_the_penny);
async fn three_branches_report_to_headquarters_to_the_penny() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("headquarters");
    let without_demo = [("TILLSTREAM_DEMO", "false")];
    let headquarters = Shop::start_with(&data_dir, &without_demo);
    let boss = Client::admin(&headquarters).await;
    let (mug, plate) = stock_the_shelves(&boss).await;
    let line = Line::to(&headquarters).await;
    let mut branches = vec![];
    for (name, region) in [(ONE_PROCESS, "North"), ("York", "North"), ("Dover", "South")] {
        branches.push(Branch::open(folder.path(), &boss, &line, name, region).await);
    }

    for (branch, units) in branches.iter_mut().zip(1..) {
        takes_the_catalogue_over(branch, &mug, &plate).await;
        let sale = branch.sells("MUG", MUG, units + 1).await;
        branch.sells("PLATE", PLATE, units).await;
        branch
            .admin
            .post(&format!("{sale}/ship"), &json!({}))
            .await
            .expect(200);
        branch.takes_back(&sale, "MUG", MUG).await;
        // A plate breaks on the shelf.
        let broken = json!({"adjust": -1, "reason": "broken"});
        branch
            .admin
            .post(&format!("{plate}/stock"), &broken)
            .await
            .expect(200);
        branch.books.loss += PLATE;
    }
    wait_for_refunds(&branches).await;
    for branch in &branches {
        branch.reports().await;
    }
    agree(&boss, &branches).await;

    // A price goes up at headquarters, and so at the branches.
    let dearer = boss.patch(&mug, &json!({"price": pounds(DEARER)})).await;
    assert_eq!(dearer.status, 200, "{}", dearer.body);
    for branch in &mut branches {
        let risen = |product: &Value| product["variants"][0]["price"] == pounds(DEARER);
        branch.buyer.wait_for(&mug, risen).await;
        branch.sells("MUG", DEARER, 1).await;
    }

    let boss = the_line_is_cut(&line, headquarters, boss, &mut branches).await;
    a_refund_corrects_a_day(&boss.client, &mut branches, &plate).await;
    tokens_come_and_go(&boss.client, &line, &mut branches).await;
    calls_are_kept(&boss.client, &branches).await;

    let folders: Vec<_> = branches.iter().map(|branch| branch.data_dir.clone()).collect();
    assert!(boss.shop.stop().success());
    for branch in branches {
        assert!(branch.shop.stop().success());
    }
    for data_dir in folders.iter().chain([&data_dir]) {
        assert!(run(data_dir, &["verify", "--views"]).contains("Everything holds."));
    }
}

/// The provider gives the money back a moment after the goods came: only then it is lost.
async fn wait_for_refunds(branches: &[Branch]) {
    for branch in branches {
        let refunded = |payments: &Value| {
            let mut payments = payments["items"].as_array().unwrap().iter();
            payments.any(|payment| payment["status"] == "partially_refunded")
        };
        branch.buyer.wait_for("/api/payments", refunded).await;
    }
}

/// Headquarters, again.
struct Boss {
    shop: Shop,
    client: Client,
}

/// Nothing gets through; branches sell on, headquarters dies, a branch is killed while it tries to report; then all comes.
async fn the_line_is_cut(line: &Line, headquarters: Shop, boss: Client, branches: &mut Vec<Branch>) -> Boss {
    line.cut();
    let before = boss.get(&report_of("day")).await.expect(200);
    for branch in branches.iter_mut() {
        branch.sells("PLATE", PLATE, 3).await;
        branch.reports().await;
        branch.waits_for_failure("the line broke").await;
    }
    let meanwhile = boss.get(&report_of("day")).await.expect(200);
    assert_eq!(meanwhile["total"], before["total"]);
    let data_dir = headquarters.data_dir.clone();
    headquarters.kill();

    // York dies with its report on the way: what was prepared before is sent by the one that comes after it.
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let client = Client::admin(&shop).await;
    let york = branches.remove(1).reopen(line).await;
    branches.insert(1, york);
    line.mend(&shop);
    agree(&client, branches).await;
    Boss { shop, client }
}

async fn rotate(boss: &Client, id: &str) -> String {
    let rotated = boss
        .post(&format!("/api/branches/{id}/token"), &json!({}))
        .await
        .expect(200);
    rotated["token"].as_str().unwrap().to_owned()
}

/// A day that is over reports itself, and again when something of it is given back.
async fn a_refund_corrects_a_day(boss: &Client, branches: &mut [Branch], plate: &str) {
    let day = today() - Days::new(3);
    let sale = branches[0].records("PLATE", PLATE, day).await;
    agree(boss, branches).await;
    branches[0].takes_back(&sale, "PLATE", PLATE).await;
    agree(boss, branches).await;
    let report = boss.get(&report_of("day")).await.expect(200);
    let items = report["items"].as_array().unwrap();
    let corrected = items.iter().find(|item| item["key"] == day.to_string()).unwrap();
    assert_eq!(corrected["revenue"], pounds(2 * PLATE));
    assert_eq!(corrected["loss"], pounds(PLATE));
    // It is back on the branch's shelf, and on nobody else's.
    let product = branches[0].admin.get(plate).await.expect(200);
    assert!(product["variants"][0]["on_hand"].as_i64().unwrap() < 100);
}

/// A rotated token ends at once, and the branch reports again with the new one; a revoked one has no successor.
async fn tokens_come_and_go(boss: &Client, line: &Line, branches: &mut Vec<Branch>) {
    let token = rotate(boss, &branches[2].id).await;
    branches[2].sells("MUG", DEARER, 1).await;
    branches[2].reports().await;
    branches[2].waits_for_failure("token_invalid").await;
    branches[2].token.clone_from(&token);
    let dover = branches.remove(2).reopen(line).await;
    branches.push(dover);
    agree(boss, branches).await;

    // Whoever has the token can report for this branch, and for no other.
    let then = today() - Days::new(6);
    let reported = |id: &str, token: &str, (day, revision): (NaiveDate, u64), revenue: i64| {
        let body = json!({"day": day, "currency": "GBP", "revision": revision, "revenue": pounds(revenue),
            "loss": pounds(0), "orders": 1, "units": 1});
        let path = format!("/api/branches/{id}/daily-reports");
        let branch = boss.clone().with_token(token);
        async move { branch.post(&path, &body).await }
    };
    let id = branches[2].id.clone();
    for _ in 0..2 {
        reported(&id, &token, (then, 1), 1_00).await.expect(200);
    }
    branches[2].books.revenue += 1_00;
    branches[2].books.orders += 1;
    branches[2].books.units += 1;
    let other = reported(&id, &token, (then, 1), 2_00).await;
    assert_eq!((other.status.as_u16(), other.code()), (409, "report_outdated"));
    assert_eq!(other.body["newest_revision"], "1");
    assert_eq!(
        reported(&branches[0].id, &token, (then, 1), 1_00).await.status,
        404
    );
    agree(boss, branches).await;

    // It seems to have reported more often than it knows, as if it had been restored: it outbids what headquarters has.
    let foreign = reported(&id, &token, (today(), 50), 99_99).await;
    let position = foreign.position();
    foreign.expect(200);
    boss.get_after(&report_of("day"), position).await.expect(200);
    branches[2].reports().await;
    agree(boss, branches).await;

    let revoke = boss.request(Method::DELETE, &format!("/api/branches/{id}/token"));
    assert_eq!(revoke.answer().await.unwrap().status, 204);
    let refused = reported(&id, &token, (then, 1), 1_00).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "token_invalid"));
    let branch = boss
        .wait_for(&format!("/api/branches/{id}"), |branch| {
            branch["has_token"] == false
        })
        .await;
    assert_eq!(branch["late_days"], json!([]));
    assert!(branch["last_contact_at"].is_string() && branch["last_report"]["day"].is_string());
}

/// Both sides have kept who called, what came of it, and no token.
async fn calls_are_kept(boss: &Client, branches: &[Branch]) {
    for branch in branches {
        let calls = boss.all(&format!("/api/chain/calls?branch={}", branch.id)).await;
        let path = format!("/api/branches/{}/daily-reports", branch.id);
        let taken = calls
            .iter()
            .find(|call| call["path"] == *path && call["status"] == 200);
        let taken = taken.unwrap_or_else(|| panic!("no report of {} is among {calls:?}", branch.id));
        assert_eq!(
            (&taken["direction"], &taken["error"]),
            (&json!("incoming"), &Value::Null)
        );
        assert!(calls.iter().any(|call| call["path"] == "/api/chain/catalogue"));
        let own = branch.admin.all("/api/chain/calls").await;
        assert!(
            own.iter()
                .any(|call| call["path"] == *path && call["status"] == 200)
        );
        assert!(own.iter().any(|call| call["status"] == Value::Null), "{own:?}");
        assert!(!json!([calls, own]).to_string().contains("tsb_"));
        assert!(!branch.shop.log().contains("tsb_"));
        assert_eq!(branch.buyer.get("/api/chain/calls").await.status, 403);
    }
    let refused = boss.all("/api/chain/calls?direction=incoming").await;
    assert!(refused.iter().any(|call| call["error"] == "token_invalid"));
    let reports = boss
        .get(&format!("{}&format=csv", report_of("branch")))
        .await
        .expect(200);
    assert_eq!(reports.as_str().unwrap().lines().count(), branches.len() + 1);
}
