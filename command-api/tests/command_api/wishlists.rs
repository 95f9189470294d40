//! Products on a wishlist and off it.

use uuid::Uuid;

use crate::harness::Shop;

#[tokio::test]
async fn a_product_is_wished_for_once() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (mug, _) = shop.product(&admin, "2.55", 0).await;
    let ann = shop.person().await;
    let item = format!("/api/wishlist/items/{mug}");
    let head = shop.head().await;
    for _ in 0..2 {
        let answer = shop.put(item.clone()).by(&ann).await.expect(200);
        assert_eq!(answer.text("product_id"), mug);
    }
    for _ in 0..2 {
        shop.delete(item.clone()).by(&ann).await.expect(204);
    }
    assert_eq!(
        shop.types_after(head).await,
        ["WishlistItemAdded", "WishlistItemRemoved"]
    );
}

#[tokio::test]
async fn only_what_is_in_the_catalogue_is_wished_for() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (mug, _) = shop.product(&admin, "2.55", 1).await;
    let ann = shop.person().await;
    let item = |product: &str| format!("/api/wishlist/items/{product}");
    shop.put(item(&mug)).await.refused(401, "token_missing");
    shop.put(item(&Uuid::now_v7().to_string()))
        .by(&ann)
        .await
        .refused(404, "product_not_found");
    shop.put(item(&mug)).by(&ann).await.expect(200);
    shop.delete(format!("/api/products/{mug}"))
        .by(&admin)
        .await
        .expect(204);
    let ben = shop.person().await;
    shop.put(item(&mug))
        .by(&ben)
        .await
        .refused(404, "product_not_found");
    // What has left the catalogue can still be taken off.
    let head = shop.head().await;
    shop.delete(item(&mug)).by(&ann).await.expect(204);
    assert_eq!(shop.types_after(head).await, ["WishlistItemRemoved"]);
}
