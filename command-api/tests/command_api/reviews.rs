//! Reviews by their authors, moderation by staff.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Shop, payload};

/// A shop with a mug, whoever runs it, and somebody who has an opinion.
async fn with_mug() -> (Shop, Person, String, Person) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (mug, _) = shop.product(&admin, "2.55", 6).await;
    let ann = shop.person().await;
    (shop, admin, format!("/api/products/{mug}/reviews/mine"), ann)
}

fn review(rating: u8, text: &str) -> Value {
    json!({"rating": rating, "title": "A mug", "text": text, "author": "Ann L."})
}

#[tokio::test]
async fn a_review_is_posted_edited_and_removed_and_each_is_remembered() {
    let (shop, _, mine, ann) = with_mug().await;
    let head = shop.head().await;
    let put = |body: Value| shop.put(mine.clone()).by(&ann).json(&body);
    let first = put(review(5, "fine")).await.expect(200);
    let id = first.text("review_id");
    assert_eq!(put(review(2, "it broke")).await.expect(200).text("review_id"), id);
    let unchanged = put(review(2, "it broke")).await.expect(200);
    assert_eq!(
        unchanged.position(),
        shop.head().await,
        "the same again is no news"
    );
    for _ in 0..2 {
        shop.delete(mine.clone()).by(&ann).await.expect(204);
    }
    assert_eq!(put(review(4, "glued it")).await.expect(200).text("review_id"), id);
    assert_eq!(
        shop.types_after(head).await,
        ["ReviewPosted", "ReviewEdited", "ReviewRemoved", "ReviewPosted"]
    );
    let events = shop.events_of(&format!("review-{id}")).await;
    assert_eq!(events.len(), 4);
    let edited = payload(&events[1]);
    assert_eq!((&edited["was"], &edited["rating"]), (&json!(5), &json!(2)));
}

#[tokio::test]
async fn what_a_person_writes_is_sealed_with_their_own_key() {
    let (shop, _, mine, ann) = with_mug().await;
    let answer = shop.put(mine).by(&ann).json(&review(5, "fine")).await.expect(200);
    let events = shop
        .events_of(&format!("review-{}", answer.text("review_id")))
        .await;
    for personal in ["fine", "A mug", "Ann L."] {
        assert!(!events[0].payload.contains(personal), "{personal}");
    }
    let event = payload(&events[0]);
    let author = event["author"].as_str().unwrap();
    let opened: Value = serde_json::from_str(&shop.unseal(author, &event["content"]).await).unwrap();
    assert_eq!(
        opened,
        json!({"author": "Ann L.", "title": "A mug", "text": "fine"})
    );
}

#[tokio::test]
async fn an_author_is_called_by_the_first_name_unless_they_say_otherwise() {
    let (shop, _, mine, ann) = with_mug().await;
    let author = async |expected: Value| {
        shop.put(mine.clone())
            .by(&ann)
            .json(&json!({"rating": 3}))
            .await
            .expect(200);
        let event = shop.events_after(0).await.into_iter().next_back().unwrap();
        let event = payload(&event);
        let account = event["author"].as_str().unwrap();
        let opened = shop.unseal(account, &event["content"]).await;
        let opened: Value = serde_json::from_str(&opened).unwrap();
        assert_eq!(opened["author"], expected);
    };
    author(Value::Null).await;
    shop.call("PATCH", "/api/users/me")
        .by(&ann)
        .json(&json!({"first_name": "Ann"}))
        .await
        .expect(200);
    author(json!("Ann")).await;
}

#[tokio::test]
async fn a_review_has_one_to_five_stars_and_texts_of_bounded_length() {
    let (shop, _, mine, ann) = with_mug().await;
    let head = shop.head().await;
    let put = |body: Value| shop.put(mine.clone()).by(&ann).json(&body);
    for rating in [json!(0), json!(6), json!("good"), Value::Null] {
        let body = json!({"rating": rating});
        put(body).await.refused_field("rating", "invalid");
    }
    put(json!({})).await.expect(422);
    for (field, chars) in [("title", 151), ("text", 3_001), ("author", 101)] {
        let body = json!({"rating": 3, field: "x".repeat(chars)});
        put(body).await.refused_field(field, "too_long");
    }
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn only_what_others_sell_is_reviewed_by_customers() {
    let (shop, admin, mine, ann) = with_mug().await;
    shop.put(mine.clone())
        .json(&review(5, "x"))
        .await
        .refused(401, "token_missing");
    let nowhere = format!("/api/products/{}/reviews/mine", Uuid::now_v7());
    shop.put(nowhere.clone())
        .by(&ann)
        .json(&review(5, "x"))
        .await
        .refused(404, "product_not_found");
    shop.delete(nowhere).by(&ann).await.expect(204);
    let body = json!({"name": "Bowl", "price": "1.00"});
    let bowl = shop.post("/api/products").by(&ann).json(&body).await.expect(201);
    let bowl = bowl.text("product_id");
    let own = format!("/api/products/{bowl}/reviews/mine");
    shop.put(own.clone())
        .by(&ann)
        .json(&review(5, "best bowl ever"))
        .await
        .refused(409, "own_product");
    shop.put(own)
        .by(&admin)
        .json(&review(3, "well"))
        .await
        .expect(200);
}

#[tokio::test]
async fn two_people_have_two_reviews_and_a_repeated_command_one() {
    let (shop, admin, mine, ann) = with_mug().await;
    let put = |who: &Person| {
        shop.put(mine.clone())
            .by(who)
            .key("once")
            .json(&review(5, "fine"))
    };
    let head = shop.head().await;
    let (first, again) = (put(&ann).await.expect(200), put(&ann).await.expect(200));
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = put(&admin).await.expect(200);
    assert_ne!(other.text("review_id"), first.text("review_id"));
    assert_eq!(shop.types_after(head).await, ["ReviewPosted", "ReviewPosted"]);
}

#[tokio::test]
async fn staff_hide_and_restore_with_a_reason() {
    let (shop, admin, mine, ann) = with_mug().await;
    let posted = shop
        .put(mine.clone())
        .by(&ann)
        .json(&review(1, "lies"))
        .await
        .expect(200);
    let id = posted.text("review_id");
    let moderate = |verb: &str, who: &Person, body: Value| {
        shop.post(format!("/api/reviews/{id}/{verb}")).by(who).json(&body)
    };
    let because = json!({"reason": "It isn't about the mug."});
    let head = shop.head().await;
    for verb in ["hide", "restore"] {
        moderate(verb, &ann, because.clone())
            .await
            .refused(403, "role_required");
        moderate(verb, &admin, json!({"reason": " "}))
            .await
            .refused_field("reason", "reason_invalid");
        shop.post(format!("/api/reviews/{}/{verb}", Uuid::now_v7()))
            .by(&admin)
            .json(&because)
            .await
            .refused(404, "review_not_found");
    }
    assert_eq!(shop.head().await, head);
    for _ in 0..2 {
        moderate("hide", &admin, because.clone()).await.expect(200);
    }
    // Its author can't get it back into sight.
    shop.put(mine.clone())
        .by(&ann)
        .json(&review(1, "more lies"))
        .await
        .expect(200);
    shop.delete(mine.clone()).by(&ann).await.expect(204);
    shop.put(mine)
        .by(&ann)
        .json(&review(1, "lies again"))
        .await
        .expect(200);
    moderate("restore", &admin, because).await.expect(200);
    assert_eq!(
        shop.types_after(head).await,
        [
            "ReviewHidden",
            "ReviewEdited",
            "ReviewRemoved",
            "ReviewPosted",
            "ReviewRestored"
        ]
    );
    let events = shop.events_of(&format!("review-{id}")).await;
    let hidden: Vec<_> = events
        .iter()
        .map(|event| payload(event)["hidden"].clone())
        .collect();
    assert_eq!(hidden[2..5], [json!(true), json!(true), json!(true)]);
}
