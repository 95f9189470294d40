//! Opinions and wishes: a shopper wishes for a mug, buys it, says what they think of it; others read it, staff moderate.

use serde_json::{Value, json};

use crate::client::{Answer, Client, order};
use crate::forms::on_each_form;
use crate::process::{Shop, run};

struct Story {
    anybody: Client,
    staff: Client,
    /// Buys the mug.
    ann: Client,
    /// Only talks about it.
    bob: Client,
    mug: String,
}

impl Story {
    async fn begin(shop: &Shop) -> Self {
        let staff = Client::admin(shop).await;
        let mug = json!({"name": "Blue mug", "variants": [{"sku": "MUG", "price": "12.50", "quantity": 3}]});
        let mug = staff.post("/api/products", &mug).await.expect(201);
        Self {
            anybody: Client::new(shop),
            staff,
            ann: Client::buyer(shop, "ann").await,
            bob: Client::buyer(shop, "bob").await,
            mug: mug["product_id"].as_str().unwrap().to_owned(),
        }
    }

    fn mine(&self) -> String {
        format!("/api/products/{}/reviews/mine", self.mug)
    }

    async fn put(&self, who: &Client, rating: u8, text: &str) -> Answer {
        let body = json!({"rating": rating, "text": text, "author": "A shopper"});
        who.put(&self.mine(), &body).await
    }

    /// The reviews as somebody sees them, as of a position.
    async fn reviews(&self, who: &Client, position: u64) -> Value {
        let path = format!("/api/products/{}/reviews", self.mug);
        who.get_after(&path, position).await.expect(200)
    }

    /// Average and number of reviews in the product's detail, as of a position; the list says the same.
    async fn rating(&self, position: u64) -> (Value, Value) {
        let of = |product: &Value| (product["average_rating"].clone(), product["review_count"].clone());
        let detail = format!("/api/products/{}", self.mug);
        let detail = of(&self.anybody.get_after(&detail, position).await.expect(200));
        let list = "/api/products?q=blue+mug&sort=rating";
        let list = self.anybody.get_after(list, position).await.expect(200);
        assert_eq!(of(&list["items"][0]), detail);
        detail
    }
}

async fn wish_and_buy(story: &Story) {
    let item = format!("/api/wishlist/items/{}", story.mug);
    let wished = story.ann.put(&item, &json!({})).await;
    let position = wished.position();
    wished.expect(200);
    let list = story.ann.get_after("/api/wishlist", position).await.expect(200);
    let wish = &list["items"][0];
    assert_eq!(
        (&wish["name"], &wish["price"]["amount"]),
        (&json!("Blue mug"), &json!("12.50"))
    );
    assert_eq!(wish["available"], 3);
    let others = story.bob.get_after("/api/wishlist", position).await.expect(200);
    assert_eq!(others["items"], json!([]));

    let placed = story.ann.post("/api/orders", &order("MUG", 1)).await.expect(201);
    let path = format!("/api/orders/{}", placed["order_id"].as_str().unwrap());
    story.ann.wait_for(&path, |order| order["status"] == "paid").await;

    let gone = story.ann.delete(&item).await;
    let position = gone.position();
    gone.expect(204);
    let list = story.ann.get_after("/api/wishlist", position).await.expect(200);
    assert_eq!(list["items"], json!([]));
}

async fn speak(story: &Story) -> u64 {
    let refused = story.put(&story.anybody, 5, "I was never here").await;
    assert_eq!(refused.code(), "token_missing");
    story.put(&story.ann, 6, "more than five").await.expect(422);
    story.put(&story.ann, 5, "keeps tea warm").await.expect(200);
    let second = story.put(&story.ann, 4, "the glaze is thin").await;
    second.expect(200);
    let third = story.put(&story.bob, 1, "buy my tea instead").await;
    let position = third.position();
    third.expect(200);

    assert_eq!(story.rating(position).await, (json!(2.5), json!(2)));
    let seen = story.reviews(&story.anybody, position).await;
    assert_eq!(
        seen["rating_counts"],
        json!({"1": 1, "2": 0, "3": 0, "4": 1, "5": 0})
    );
    let items = seen["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let (bobs, anns) = (&items[0], &items[1]);
    assert_eq!(
        (&bobs["text"], &anns["text"]),
        (&json!("buy my tea instead"), &json!("the glaze is thin"))
    );
    assert_eq!(
        (&bobs["verified_purchase"], &anns["verified_purchase"]),
        (&json!(false), &json!(true))
    );
    assert!(anns["edited_at"].is_string() && bobs["edited_at"].is_null());
    position
}

async fn moderate(story: &Story, position: u64) {
    let seen = story.reviews(&story.anybody, position).await;
    let id = seen["items"][0]["id"].as_str().unwrap().to_owned();
    let because = json!({"reason": "advertising"});
    let hide = format!("/api/reviews/{id}/hide");
    let refused = story.ann.post(&hide, &because).await;
    assert_eq!(refused.code(), "role_required");
    let hidden = story.staff.post(&hide, &because).await;
    let position = hidden.position();
    hidden.expect(200);

    assert_eq!(story.rating(position).await, (json!(4.0), json!(1)));
    for (who, seen) in [
        (&story.anybody, 1),
        (&story.ann, 1),
        (&story.bob, 2),
        (&story.staff, 2),
    ] {
        let answer = story.reviews(who, position).await;
        assert_eq!(answer["items"].as_array().unwrap().len(), seen);
    }
    let bobs = &story.reviews(&story.bob, position).await["items"][0];
    assert_eq!(
        (&bobs["hidden_reason"], &bobs["mine"]),
        (&json!("advertising"), &json!(true))
    );

    let restore = format!("/api/reviews/{id}/restore");
    story
        .staff
        .post(&restore, &json!({"reason": "he apologised"}))
        .await
        .expect(200);
    let removed = story.bob.delete(&story.mine()).await;
    let position = removed.position();
    removed.expect(204);
    assert_eq!(story.rating(position).await, (json!(4.0), json!(1)));
    assert_eq!(
        story.reviews(&story.staff, position).await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

on_each_form!(opinions_and_wishes);
async fn opinions_and_wishes() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let story = Story::begin(&shop).await;
    wish_and_buy(&story).await;
    let position = speak(&story).await;
    moderate(&story, position).await;
    assert!(shop.stop().success());
    run(&data_dir, &["verify", "--views"]);
}
