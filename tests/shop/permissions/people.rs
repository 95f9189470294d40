//! Everybody who calls, and what they have. The owner is whose things the calls are about.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{TimeDelta, Utc};
use events::account::Role;
use events::ids::{AccountId, SessionId};
use reqwest::Method;
use serde_json::{Value, json};
use web::tokens::AccessTokens;

use crate::client::{Answer, Client, order};
use crate::process::{Shop, secret};

pub const PASSWORD: &str = "a password of a test";
/// What everybody can buy; the shop's own.
pub const PLENTY: &str = "PLENTY";

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Without a token.
    Nobody,
    /// The owner, whose token has run out.
    Expired,
    /// Says to be an admin, with a token that somebody else has signed.
    Forged,
    /// Another who buys and sells.
    Stranger,
    /// Another who only buys.
    Customer,
    Owner,
    /// With no other role.
    Staff,
    Admin,
    /// A shop of the chain, by the token that headquarters gave it.
    Branch,
    OtherBranch,
}

impl Who {
    pub const ALL: [Self; 10] = [
        Self::Nobody,
        Self::Expired,
        Self::Forged,
        Self::Stranger,
        Self::Customer,
        Self::Owner,
        Self::Staff,
        Self::Admin,
        Self::Branch,
        Self::OtherBranch,
    ];

    pub fn is_logged_in(self) -> bool {
        !matches!(
            self,
            Self::Nobody | Self::Expired | Self::Forged | Self::Branch | Self::OtherBranch
        )
    }
}

pub struct People {
    pub data_dir: PathBuf,
    /// Where the APIs answer by themselves; nowhere if they are one process.
    pub doors: Vec<String>,
    pub nobody: Client,
    expired: Client,
    forged: Client,
    stranger: Client,
    customer: Client,
    pub owner: Client,
    staff: Client,
    pub admin: Client,
    branch: Client,
    other_branch: Client,
    /// The id of the branch.
    pub branch_id: String,
    pub admin_password: String,
    /// The id of the owner's account.
    pub owner_id: String,
    /// The newest position that was answered.
    position: AtomicU64,
    newcomers: AtomicU64,
}

/// An account that nobody else uses.
pub struct Newcomer {
    pub id: String,
    pub username: String,
    nobody: Client,
}

impl Newcomer {
    /// The answer of a login.
    pub async fn session(&self) -> Value {
        let login = json!({"login": self.username, "password": PASSWORD});
        self.nobody.post("/api/auth/login", &login).await.expect(200)
    }
}

impl People {
    /// Everybody comes, with money in their wallets, and the shop has something to sell.
    pub async fn move_in(shop: &Shop) -> Self {
        let admin = Client::admin(shop).await;
        let nobody = Client::new(shop);
        let owner = Client::buyer(shop, "owner").await;
        let owner_id = owner.account().to_owned();
        let key = hex::decode(secret(&shop.data_dir, "access_tokens")).unwrap();
        let expired = token(&key, &owner_id, Role::Customer, TimeDelta::hours(1));
        let forged = token(&[7; 32], &owner_id, Role::Admin, TimeDelta::zero());
        let (branch_id, branch) = registered_branch(&admin, &nobody, "Leeds").await;
        let (_, other_branch) = registered_branch(&admin, &nobody, "York").await;
        let people = Self {
            branch,
            other_branch,
            branch_id,
            data_dir: shop.data_dir.clone(),
            doors: shop.doors(),
            expired: nobody.clone().with_token(&expired),
            forged: nobody.clone().with_token(&forged),
            stranger: Client::buyer(shop, "stranger").await,
            customer: with_roles(shop, &admin, "customer", &["customer"]).await,
            staff: with_roles(shop, &admin, "staff", &["staff"]).await,
            owner,
            owner_id,
            admin_password: shop.admin().password,
            admin,
            nobody,
            position: AtomicU64::new(0),
            newcomers: AtomicU64::new(0),
        };
        let plenty = json!({"name": "Plenty", "sku": PLENTY, "price": "1.00", "quantity": 1_000_000});
        people.made(people.admin.post("/api/products", &plenty).await);
        let deposit = json!({"amount": "1000.00", "token": "pm_card_visa"});
        for who in Who::ALL.into_iter().filter(|who| who.is_logged_in()) {
            let client = people.client(who);
            client.post("/api/wallet/deposits", &deposit).await.expect(202);
            let funded = |wallet: &Value| wallet["balances"][0]["balance"]["amount"] == "1000.00";
            client.wait_for("/api/wallet", funded).await;
        }
        people
    }

    pub fn client(&self, who: Who) -> &Client {
        match who {
            Who::Nobody => &self.nobody,
            Who::Expired => &self.expired,
            Who::Forged => &self.forged,
            Who::Stranger => &self.stranger,
            Who::Customer => &self.customer,
            Who::Owner => &self.owner,
            Who::Staff => &self.staff,
            Who::Admin => &self.admin,
            Who::Branch => &self.branch,
            Who::OtherBranch => &self.other_branch,
        }
    }

    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// The body of an answer that must be a success; queries will know of it.
    #[track_caller]
    pub fn made(&self, answer: Answer) -> Value {
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
        self.position.fetch_max(answer.position(), Ordering::Relaxed);
        answer.body
    }

    /// A number that wasn't used before.
    pub fn number(&self) -> u64 {
        self.newcomers.fetch_add(1, Ordering::Relaxed)
    }

    pub async fn newcomer(&self) -> Newcomer {
        let username = format!("newcomer-{}", self.number());
        let email = format!("{username}@example.com");
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        let made = self.made(self.nobody.post("/api/auth/register", &body).await);
        Newcomer {
            id: text(&made, "account_id"),
            username,
            nobody: self.nobody.clone(),
        }
    }

    /// Something new that the owner offers; its id.
    pub async fn product_of_owner(&self) -> String {
        let body = json!({"name": "The owner's", "price": "2.00", "quantity": 100});
        text(
            &self.made(self.owner.post("/api/products", &body).await),
            "product_id",
        )
    }

    /// Something new that the shop itself offers; its id.
    pub async fn product_of_shop(&self) -> String {
        let body = json!({"name": "The shop's", "price": "2.00", "quantity": 100});
        text(
            &self.made(self.admin.post("/api/products", &body).await),
            "product_id",
        )
    }

    /// An order of the owner's, which their wallet has paid.
    pub async fn paid_order(&self) -> Value {
        let mut body = order(PLENTY, 1);
        body["payment"] = json!({"method": "wallet"});
        self.made(self.owner.post("/api/orders", &body).await)
    }

    /// The path of an order of the owner's that has arrived.
    pub async fn delivered_order(&self) -> String {
        let path = self.shipped_order().await;
        self.made(self.admin.post(&format!("{path}/deliver"), &json!({})).await);
        path
    }

    /// The path of an order of the owner's that is on its way.
    pub async fn shipped_order(&self) -> String {
        let path = format!("/api/orders/{}", text(&self.paid_order().await, "order_id"));
        self.made(self.admin.post(&format!("{path}/ship"), &json!({})).await);
        path
    }

    /// The path of a payment of the owner's whose card was declined.
    pub async fn declined_payment(&self) -> String {
        let mut body = order(PLENTY, 1);
        body["payment"]["token"] = json!("pm_card_chargeDeclined");
        let placed = self.made(self.owner.post("/api/orders", &body).await);
        let path = format!("/api/payments/{}", text(&placed, "payment_id"));
        let is_declined = |payment: &Value| payment["status"] == "declined";
        self.owner.wait_for(&path, is_declined).await;
        path
    }

    /// The owner's review of something of the shop's: the product's id, and the review's.
    pub async fn review(&self) -> (String, String) {
        let product = self.product_of_shop().await;
        let path = format!("/api/products/{product}/reviews/mine");
        let body = json!({"rating": 4, "text": "holds", "author": "An owner"});
        let made = self.made(self.owner.put(&path, &body).await);
        (product, text(&made, "review_id"))
    }

    /// An image of something of the owner's, ready to be seen: the product's id, and the image's.
    pub async fn image(&self) -> (String, String) {
        let product = self.product_of_owner().await;
        let path = format!("/api/products/{product}/images");
        let upload = self.owner.request(Method::POST, &path).body(picture());
        let upload = upload.header("content-type", "image/png");
        let image = text(&self.made(upload.answer().await.unwrap()), "image_id");
        let is_ready = |product: &Value| product["images"][0]["status"] == "ready";
        self.nobody
            .wait_for(&format!("/api/products/{product}"), is_ready)
            .await;
        (product, image)
    }

    /// A new key of the owner's; its id.
    pub async fn api_key(&self) -> String {
        let body = json!({"name": "a system", "scopes": ["catalogue:read"]});
        text(
            &self.made(self.owner.post("/api/api-keys", &body).await),
            "api_key_id",
        )
    }

    /// A new category; its path.
    pub async fn category(&self) -> String {
        let body = json!({"name": format!("Category {}", self.number())});
        let made = self.made(self.admin.post("/api/categories", &body).await);
        format!("/api/categories/{}", text(&made, "category_id"))
    }
}

/// A small PNG.
pub fn picture() -> Vec<u8> {
    let mut png = std::io::Cursor::new(vec![]);
    let picture = image::DynamicImage::new_rgb8(200, 100);
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// Its id, and a client with its token.
async fn registered_branch(admin: &Client, nobody: &Client, name: &str) -> (String, Client) {
    let body = json!({"name": name, "location": name, "region": "North", "url": "https://branch.example"});
    let registered = admin.post("/api/branches", &body).await.expect(201);
    let client = nobody.clone().with_token(&text(&registered, "token"));
    (text(&registered, "branch_id"), client)
}

/// What the answer has under this name.
#[track_caller]
pub fn text(body: &Value, name: &str) -> String {
    let found = body[name].as_str();
    found.unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

/// Registers somebody, lets the admin give them these roles, and logs them in.
async fn with_roles(shop: &Shop, admin: &Client, username: &str, roles: &[&str]) -> Client {
    let client = Client::buyer(shop, username).await;
    let path = format!("/api/users/{}/roles", client.account());
    admin.put(&path, &json!({"roles": roles})).await.expect(200);
    Client::new(shop).login(username, PASSWORD).await
}

fn token(key: &[u8], account: &str, role: Role, age: TimeDelta) -> String {
    let account: AccountId = account.parse().unwrap();
    let roles = BTreeSet::from([role]);
    let tokens = AccessTokens::new(key).unwrap();
    tokens.issue(account, SessionId::generate(), &roles, Utc::now() - age)
}
