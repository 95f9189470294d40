//! Real invoices, sold by three branches of a chain and by several sellers at each: every report that can be asked says
//! the same, to the penny, and headquarters what the branches say.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::Client;
use crate::forms::on_each_form;
use crate::import;
use crate::process::{Shop, run};

const BRANCHES: [&str; 3] = ["Leeds", "York", "Dover"];
/// The branch that is a process per role where headquarters is; the others are one process on either form, so that what
/// both come to is in one sum.
const LIKE_HEADQUARTERS: &str = "York";
/// At each branch; what is neither's is the shop's own.
const SELLERS: [&str; 2] = ["sally", "sam"];
/// More than half a year sells of anything.
const PLENTY: u32 = 1_000_000;
/// As many requests at once as the registration of a whole catalogue takes to be quick.
const AT_ONCE: usize = 16;
/// The days of the invoices, and some around them.
const SPAN: &str = "from=2010-11-25&to=2011-06-30";

/// Such as `12.50`, in pence.
fn pence(amount: &Value) -> i64 {
    let text = amount["amount"].as_str().unwrap();
    text.replace('.', "").parse().unwrap()
}

/// What some sales came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sold {
    orders: i64,
    units: i64,
    revenue: i64,
    loss: i64,
}

impl Sold {
    /// As a sales report says it.
    fn of_sales(sums: &Value) -> Self {
        Self {
            orders: sums["orders"].as_i64().unwrap(),
            units: sums["units"].as_i64().unwrap(),
            revenue: pence(&sums["revenue"]),
            loss: pence(&sums["cancelled_amount"]),
        }
    }

    /// As headquarters says it.
    fn of_reports(sums: &Value) -> Self {
        Self {
            orders: sums["orders"].as_i64().unwrap(),
            units: sums["units"].as_i64().unwrap(),
            revenue: pence(&sums["revenue"]),
            loss: pence(&sums["loss"]),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders + other.orders,
            units: self.units + other.units,
            revenue: self.revenue + other.revenue,
            loss: self.loss + other.loss,
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A part of the invoices: every third invoice, so that a cancellation and its lines stay together.
struct Part {
    file: PathBuf,
    /// The stock codes that anybody may list, by how they are written in the file.
    codes: Vec<String>,
}

fn parts(folder: &Path) -> Vec<Part> {
    let path = import::file(folder);
    let mut text = Vec::new();
    let mut file = File::open(&path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(file).read_to_end(&mut text).unwrap();
    } else {
        file.read_to_end(&mut text).unwrap();
    }
    let mut reader = csv::Reader::from_reader(&text[..]);
    let head = reader.headers().unwrap().clone();
    let mut parts: Vec<_> = BRANCHES
        .iter()
        .map(|_| (csv::Writer::from_writer(vec![]), vec![]))
        .collect();
    for (writer, _) in &mut parts {
        writer.write_record(&head).unwrap();
    }
    for row in reader.records() {
        let row = row.unwrap();
        let digits: String = row[0].chars().filter(char::is_ascii_digit).collect();
        let which = digits.parse::<usize>().unwrap() % BRANCHES.len();
        let (writer, codes) = &mut parts[which];
        writer.write_record(&row).unwrap();
        // What is written in another way is the same article to the import; that has its own test.
        let is_plain = |letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase();
        if row[1].chars().all(is_plain) && !row[2].trim().is_empty() {
            codes.push(row[1].to_owned());
        }
    }
    let parts = parts.into_iter().zip(BRANCHES);
    let save = |((writer, mut codes), name): ((csv::Writer<Vec<u8>>, Vec<String>), &str)| {
        let file = folder.join(format!("{name}.csv"));
        fs::write(&file, writer.into_inner().unwrap()).unwrap();
        codes.sort_unstable();
        codes.dedup();
        Part { file, codes }
    };
    parts.map(save).collect()
}

struct Branch {
    id: String,
    shop: Shop,
    admin: Client,
    /// Who listed what.
    sellers: BTreeMap<String, String>,
}

impl Branch {
    async fn open(folder: &Path, headquarters: &Shop, boss: &Client, name: &str) -> Self {
        let body = json!({"name": name, "location": name, "region": "England",
            "url": format!("https://{}.example", name.to_lowercase())});
        let registered = boss.post("/api/branches", &body).await.expect(201);
        let settings = [
            ("TILLSTREAM_DEMO", "false"),
            ("TILLSTREAM_CHAIN__HEADQUARTERS", headquarters.url.as_str()),
            ("TILLSTREAM_CHAIN__TOKEN", registered["token"].as_str().unwrap()),
        ];
        let start = if name == LIKE_HEADQUARTERS {
            Shop::start_with
        } else {
            Shop::start_as_one_process
        };
        let shop = start(&folder.join(name), &settings);
        Self {
            id: registered["branch_id"].as_str().unwrap().to_owned(),
            admin: Client::admin(&shop).await,
            shop,
            sellers: BTreeMap::new(),
        }
    }

    /// The sellers list two thirds of the articles, with as many as will be sold; their prices don't matter, since a sale of
    /// the past brings its own.
    async fn list(&mut self, codes: &[String]) {
        for (number, name) in SELLERS.iter().enumerate() {
            let seller = Client::buyer(&self.shop, name).await;
            let account = seller.account();
            let own = codes.iter().enumerate().filter(|(at, _)| at % 3 == number);
            let own: Vec<_> = own.map(|(_, code)| code.clone()).collect();
            for some in own.chunks(AT_ONCE) {
                let listed = some.iter().map(|code| {
                    let item = json!({"name": code, "sku": code, "price": "1.00", "quantity": PLENTY});
                    let seller = seller.clone();
                    tokio::spawn(async move { seller.post("/api/products", &item).await.expect(201) })
                });
                for listed in listed.collect::<Vec<_>>() {
                    listed.await.unwrap();
                }
            }
            let own = own.into_iter().map(|code| (code, account.to_owned()));
            self.sellers.extend(own);
        }
    }

    /// Its sales report, by day or by product, without what has no sales.
    async fn sales(&self, group: &str) -> BTreeMap<String, Sold> {
        let path = format!("/api/analytics/sales?{SPAN}&group={group}");
        let report = self.admin.get(&path).await.expect(200);
        let sums = by_key(&report, Sold::of_sales);
        let total = sums.values().fold(Sold::default(), |sum, one| sum.plus(*one));
        let said = Sold::of_sales(&report["total"]);
        assert_eq!(
            (total.units, total.revenue, total.loss),
            (said.units, said.revenue, said.loss)
        );
        sums
    }

    /// What sellers, categories and countries have in the sales adds up to the sales; each seller has what their articles
    /// have.
    async fn figures_agree(&self) {
        let by_product = self.sales("product").await;
        let total = by_product
            .values()
            .fold(Sold::default(), |sum, one| sum.plus(*one));
        let mut of_sellers = BTreeMap::<&str, i64>::new();
        for (sku, sold) in &by_product {
            let seller = self.sellers.get(sku).map_or("", String::as_str);
            *of_sellers.entry(seller).or_default() += sold.revenue - sold.loss;
        }
        for by in ["seller", "category", "country"] {
            let path = format!("/api/analytics/revenue?by={by}&period=all&limit=100");
            let report = self.admin.get(&path).await.expect(200);
            assert_eq!(pence(&report["total"]["gross"]), total.revenue, "{by}");
            assert_eq!(pence(&report["total"]["refunds"]), total.loss, "{by}");
            let items = report["items"].as_array().unwrap();
            let net: i64 = items.iter().map(|item| pence(&item["net"])).sum();
            assert_eq!(
                net + pence(&report["others_net"]),
                total.revenue - total.loss,
                "{by}"
            );
            if by == "seller" {
                for item in items {
                    let seller = item["key"].as_str().unwrap_or_default();
                    assert_eq!(pence(&item["net"]), of_sellers[seller], "{item}");
                }
            }
        }
    }
}

fn by_key(report: &Value, read: fn(&Value) -> Sold) -> BTreeMap<String, Sold> {
    let items = report["items"].as_array().unwrap().iter();
    let sums = items.map(|item| (item["key"].as_str().unwrap().to_owned(), read(item)));
    sums.filter(|(_, sold)| !sold.is_nothing()).collect()
}

fn reports(group_by: &str) -> String {
    format!("/api/reports/daily-revenue?{SPAN}&group_by={group_by}")
}

on_each_form!(invoices_of_branches_and_sellers_agree_everywhere_to_the_penny);
async fn invoices_of_branches_and_sellers_agree_everywhere_to_the_penny() {
    let folder = tempfile::tempdir().unwrap();
    let headquarters = Shop::start_with(
        &folder.path().join("headquarters"),
        &[("TILLSTREAM_DEMO", "false")],
    );
    let boss = Client::admin(&headquarters).await;
    let mut branches = vec![];
    let mut days = BTreeMap::<String, Sold>::new();
    let mut totals = BTreeMap::new();
    for (part, name) in parts(folder.path()).iter().zip(BRANCHES) {
        let mut branch = Branch::open(folder.path(), &headquarters, &boss, name).await;
        branch.list(&part.codes).await;
        let file = part.file.to_str().unwrap();
        let import = ["import", "online-retail", file, "--server", &branch.shop.url];
        println!("{name}: {}", run(&branch.shop.data_dir, &import));
        import::caught_up(&branch.shop).await;
        // The sales report beside the file's own totals; it fails where they differ.
        run(&branch.shop.data_dir, &[&import[..], &["--check"]].concat());
        branch.figures_agree().await;
        let sold = branch.sales("day").await;
        let total = sold.values().fold(Sold::default(), |sum, one| sum.plus(*one));
        totals.insert(branch.id.clone(), total);
        for (day, sold) in sold {
            let sum = days.entry(day).or_default();
            *sum = sum.plus(sold);
        }
        branches.push(branch);
    }
    // The days are long over, so each branch reports them by itself.
    let all = totals.values().fold(Sold::default(), |sum, one| sum.plus(*one));
    let is_all = |report: &Value| Sold::of_reports(&report["total"]) == all;
    let report = boss.wait_for(&reports("branch"), is_all).await;
    assert_eq!(by_key(&report, Sold::of_reports), totals);
    let report = boss.get(&reports("day")).await.expect(200);
    assert_eq!(by_key(&report, Sold::of_reports), days);

    let folders = branches.iter().map(|branch| branch.shop.data_dir.clone());
    let folders: Vec<_> = folders.chain([headquarters.data_dir.clone()]).collect();
    for shop in branches
        .into_iter()
        .map(|branch| branch.shop)
        .chain([headquarters])
    {
        assert!(shop.stop().success());
    }
    for data_dir in folders {
        assert!(run(&data_dir, &["verify", "--views"]).contains("Everything holds."));
    }
}
