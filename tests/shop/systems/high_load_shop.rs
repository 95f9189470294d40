//! The high-load shop: somebody fills a cart before they have an account, registers, proves their address, buys by card,
//! gets the parcel, says what they think of it and sends a part back. The order's timeline tells all of it, and staff find
//! whom and what they look for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, visa};
use crate::forms::on_each_form;
use crate::process::{Shop, mailbox, run};

const TOKEN: &str = "tillstream-cart-token";
const PASSWORD: &str = "a password of a test";

struct Story {
    guest: Client,
    staff: Client,
    /// Product ids.
    mug: String,
    plate: String,
    mailbox: String,
}

impl Story {
    async fn begin(shop: &Shop) -> Self {
        let staff = Client::admin(shop).await;
        let kitchen = category(&staff, "Kitchen", None).await;
        let mugs = category(&staff, "Mugs", Some(&kitchen)).await;
        let mug = product(&staff, "Blue mug", "MUG", "12.50", &mugs).await;
        let plate = product(&staff, "White plate", "PLATE", "20.00", &kitchen).await;
        Self {
            guest: Client::new(shop),
            staff,
            mug,
            plate,
            mailbox: mailbox(&shop.data_dir),
        }
    }
}

async fn category(staff: &Client, name: &str, parent: Option<&str>) -> String {
    let body = json!({"name": name, "parent": parent});
    let created = staff.post("/api/categories", &body).await.expect(201);
    created["category_id"].as_str().unwrap().to_owned()
}

async fn product(staff: &Client, name: &str, sku: &str, price: &str, category: &str) -> String {
    let variants = json!([{"sku": sku, "price": price, "quantity": 10}]);
    let body = json!({"name": name, "category": category, "variants": variants});
    let added = staff.post("/api/products", &body).await.expect(201);
    added["product_id"].as_str().unwrap().to_owned()
}

/// Sends with a guest's token.
async fn as_guest(client: &Client, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
    let mut request = client.request(method, path).header(TOKEN, token);
    if let Some(body) = body {
        request = request.json(body);
    }
    request.answer().await.unwrap()
}

fn token(answer: &Answer) -> String {
    answer.headers[TOKEN].to_str().unwrap().to_owned()
}

async fn categories_are_a_tree(story: &Story) {
    let is_whole = |tree: &Value| {
        let tree = tree.to_string();
        ["Kitchen", "Mugs"].iter().all(|name| tree.contains(name))
    };
    story.guest.wait_for("/api/categories", is_whole).await;
}

/// Fills a cart before anybody knows them; the token, and the cart as of then.
async fn fill(story: &Story) -> String {
    let guest = &story.guest;
    let first = guest.put("/api/cart/items/MUG", &json!({"quantity": 1})).await;
    let token = token(&first);
    let cookie = first.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    first.expect(200);
    for (sku, quantity) in [("MUG", 2), ("PLATE", 3)] {
        let path = format!("/api/cart/items/{sku}");
        let body = json!({"quantity": quantity});
        let set = as_guest(guest, Method::PUT, &path, &token, Some(&body)).await;
        set.expect(200);
    }
    let removed = as_guest(guest, Method::DELETE, "/api/cart/items/PLATE", &token, None).await;
    let position = removed.position();
    removed.expect(204);
    let body = json!({"quantity": 1});
    let set = as_guest(guest, Method::PUT, "/api/cart/items/PLATE", &token, Some(&body)).await;
    assert!(set.position() > position);
    let request = guest.request(Method::GET, "/api/cart").header(TOKEN, &token);
    let request = request.header("tillstream-min-position", set.position());
    let cart = request.answer().await.unwrap().expect(200);
    assert_eq!(cart["total"], json!({"amount": "45.00", "currency": "GBP"}));
    let stranger = guest.get_after("/api/cart", set.position()).await.expect(200);
    assert_eq!(stranger["items"], json!([]));
    token
}

/// Registers with the cart, and logs in with another one that was begun on a second device.
async fn join(story: &Story, token_of_cart: &str) -> Client {
    let guest = &story.guest;
    let ann = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD});
    let registered = as_guest(
        guest,
        Method::POST,
        "/api/auth/register",
        token_of_cart,
        Some(&ann),
    )
    .await;
    let position = registered.position();
    registered.expect(201);
    let request = guest
        .request(Method::GET, "/api/cart")
        .header(TOKEN, token_of_cart);
    let request = request.header("tillstream-min-position", position);
    let spent = request.answer().await.unwrap().expect(200);
    assert_eq!(spent["items"], json!([]), "the token is spent");

    let second = guest.put("/api/cart/items/MUG", &json!({"quantity": 1})).await;
    let login = json!({"login": "ann", "password": PASSWORD});
    let logged_in = as_guest(
        guest,
        Method::POST,
        "/api/auth/login",
        &token(&second),
        Some(&login),
    )
    .await;
    let position = logged_in.position();
    logged_in.expect(200);
    let ann = guest.clone().login("ann", PASSWORD).await;
    let cart = ann.get_after("/api/cart", position).await.expect(200);
    let held: Vec<_> = cart["items"].as_array().unwrap().iter().collect();
    let of = |sku: &str| held.iter().find(|item| item["sku"] == sku).unwrap()["quantity"].clone();
    assert_eq!((of("MUG"), of("PLATE")), (json!(3), json!(1)));
    ann
}

async fn prove_address(story: &Story, ann: &Client) {
    let me = ann.wait_for("/api/users/me", |me| me["email_verified"].is_boolean());
    assert_eq!(me.await["email_verified"], false);
    let page = story
        .staff
        .wait_for(&story.mailbox, |page| {
            page.as_str().is_some_and(|text| text.contains("#token="))
        })
        .await;
    let (_, rest) = page.as_str().unwrap().split_once("#token=").unwrap();
    let token = rest.split_whitespace().next().unwrap();
    let body = json!({"token": token});
    let verified = story.guest.post("/api/auth/email/verify", &body).await;
    let position = verified.position();
    verified.expect(204);
    let again = story.guest.post("/api/auth/email/verify", &body).await;
    assert_eq!(again.code(), "verification_token_invalid");
    let me = ann.get_after("/api/users/me", position).await.expect(200);
    assert_eq!(me["email_verified"], true);
    let page = story.guest.get("/verify-email").await.expect(200);
    assert!(page.as_str().unwrap().contains("Confirm"));
}

/// Buys what is in the cart; the order's path.
async fn buy(story: &Story, ann: &Client) -> String {
    let wish = format!("/api/wishlist/items/{}", story.plate);
    ann.put(&wish, &json!({})).await.expect(200);
    let order = json!({"payment": visa(), "country": "GB"});
    let placed = ann.post("/api/orders", &order).await.expect(201);
    assert_eq!(placed["total"]["amount"], "57.50");
    let path = format!("/api/orders/{}", placed["order_id"].as_str().unwrap());
    ann.wait_for(&path, |order| order["status"] == "paid").await;
    let payment = format!("/api/payments/{}", placed["payment_id"].as_str().unwrap());
    let payment = ann
        .wait_for(&payment, |payment| payment["status"] == "settled")
        .await;
    let attempts = payment["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[0]["status"]), (1, &json!("settled")));
    path
}

async fn hand_over(story: &Story, path: &str) {
    let parcel = json!({"carrier": "Royal Mail", "tracking_number": "RM17"});
    let (ship, deliver) = (format!("{path}/ship"), format!("{path}/deliver"));
    story.staff.post(&ship, &parcel).await.expect(200);
    story.staff.post(&deliver, &json!({})).await.expect(200);
}

async fn speak_and_send_back(story: &Story, ann: &Client, path: &str) {
    let review = json!({"rating": 4, "text": "keeps tea warm", "author": "Ann"});
    let mine = format!("/api/products/{}/reviews/mine", story.mug);
    let written = ann.put(&mine, &review).await;
    let position = written.position();
    written.expect(200);
    let reviews = format!("/api/products/{}/reviews", story.mug);
    let reviews = story.guest.get_after(&reviews, position).await.expect(200);
    assert_eq!(reviews["items"][0]["verified_purchase"], true);

    let back = |quantity: u32| json!({"lines": [{"sku": "MUG", "quantity": quantity}], "reason": "chipped"});
    let path_back = format!("{path}/return");
    let too_many = ann.post(&path_back, &back(4)).await;
    assert_eq!(too_many.code(), "return_exceeds_order");
    let returned = ann.post(&path_back, &back(1)).await.expect(200);
    assert_eq!(returned["refund"]["amount"], "12.50");
    let order = ann
        .wait_for(path, |order| order["refunded"]["amount"] == "12.50")
        .await;
    assert_eq!(order["status"], "delivered", "only a part came back");
}

async fn the_timeline_tells_it(ann: &Client, path: &str) {
    let history = format!("{path}/history");
    let told = |page: &Value| {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                let text = |member: &str| item[member].as_str().unwrap().to_owned();
                (text("type"), text("by"), text("summary"))
            })
            .collect::<Vec<_>>()
    };
    let emails = |page: &Value| {
        let all = told(page).into_iter();
        all.filter(|(event, ..)| event == "OrderEmailSent").count()
    };
    let page = ann.wait_for(&history, |page| emails(page) == 2).await;
    let (mails, facts): (Vec<_>, Vec<_>) = told(&page)
        .into_iter()
        .partition(|(event, ..)| event == "OrderEmailSent");
    let facts: Vec<_> = facts
        .iter()
        .map(|(event, by, summary)| (event.as_str(), by.as_str(), summary.as_str()))
        .collect();
    assert_eq!(
        facts,
        [
            ("OrderPlaced", "customer", "Order placed: 4 units for 57.50 GBP"),
            (
                "PaymentRequested",
                "customer",
                "Payment of 57.50 GBP asked for by card"
            ),
            ("OrderPaid", "system", "Paid in full, 57.50 GBP"),
            ("PaymentSettled", "system", "Payment of 57.50 GBP received"),
            (
                "OrderShipped",
                "staff",
                "Shipped with Royal Mail, tracking number RM17"
            ),
            ("OrderDelivered", "staff", "Delivered"),
            (
                "OrderReturned",
                "customer",
                "Came back: 1 x MUG, worth 12.50 GBP: chipped"
            ),
            (
                "RefundRequested",
                "customer",
                "Refund of 12.50 GBP asked for: chipped"
            ),
            ("RefundSettled", "system", "Refund of 12.50 GBP paid"),
        ]
    );
    let mails: Vec<_> = mails
        .iter()
        .map(|(_, by, summary)| (by.as_str(), summary.as_str()))
        .collect();
    assert_eq!(
        mails,
        [
            ("system", "Email sent: order confirmation"),
            ("system", "Email sent: the parcel is on its way"),
        ]
    );
}

async fn staff_find_it(story: &Story, ann: &Client, path: &str) {
    let staff = &story.staff;
    let found = staff.get("/api/users?q=ANN&role=customer").await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let id = found["items"][0]["id"].as_str().unwrap();
    let user = format!("/api/users/{id}");
    assert_eq!(staff.get(&user).await.expect(200)["email"], "ann@example.com");
    assert_eq!(ann.get(&user).await.code(), "role_required");
    let placed_at = ann.get(path).await.expect(200)["placed_at"].clone();
    let placed_at = placed_at.as_str().unwrap();
    for (query, count) in [
        (format!("customer={id}&status=delivered&from={placed_at}"), 1),
        (format!("customer={id}&to={placed_at}"), 0),
    ] {
        let orders = staff.get(&format!("/api/orders?{query}")).await.expect(200);
        assert_eq!(orders["items"].as_array().unwrap().len(), count, "{query}");
    }
}

on_each_form!(a_guest_becomes_a_customer);
async fn a_guest_becomes_a_customer() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let story = Story::begin(&shop).await;
    categories_are_a_tree(&story).await;
    let token = fill(&story).await;
    let ann = join(&story, &token).await;
    prove_address(&story, &ann).await;
    let order = buy(&story, &ann).await;
    hand_over(&story, &order).await;
    speak_and_send_back(&story, &ann, &order).await;
    the_timeline_tells_it(&ann, &order).await;
    staff_find_it(&story, &ann, &order).await;
    let log = shop.log();
    assert!(
        !log.contains(token.split_once('.').unwrap().1),
        "a token is in the log"
    );
    assert!(shop.stop().success());
    assert!(run(&data_dir, &["verify", "--views"]).contains("Everything holds."));
}
