//! Images of products: what is taken, what is refused before anything is kept, and whose word counts.

use std::io::Cursor;

use axum::body::Body;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::harness::{Call, Person, Shop, payload};

/// A shop with a person's mug, and somebody else.
async fn with_mug() -> (Shop, Person, String, Person) {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person().await, shop.person().await);
    let (mug, _) = shop.product(&ann, "2.55", 6).await;
    (shop, ann, format!("/api/products/{mug}/images"), bob)
}

fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = vec![];
    DynamicImage::from(RgbImage::new(width, height))
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn png() -> Vec<u8> {
    picture(ImageFormat::Png, 40, 30)
}

fn upload<'s>(shop: &'s Shop, path: &str, media_type: &str, bytes: impl Into<Body>) -> Call<'s> {
    shop.post(path).header("content-type", media_type).bytes(bytes)
}

/// A form of these fields, as browsers send one; those with a file's name are files.
fn form(boundary: &str, fields: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = vec![];
    for (name, file, value) in fields {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: image/png"));
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{}\r\n\r\n",
            file.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

async fn added(shop: &Shop, images: &str) -> Value {
    let product = images.split('/').nth(3).unwrap();
    let events = shop.events_of(&format!("product-{product}")).await;
    let added = events.iter().rfind(|event| event.event_type == "ImageAdded");
    payload(added.expect("an image was added"))
}

#[tokio::test]
async fn every_kind_is_taken_with_its_sides_and_kept_as_it_came() {
    let (shop, ann, images, _) = with_mug().await;
    for (kind, media_type, named) in [
        (ImageFormat::Png, "image/png", "png"),
        (ImageFormat::Jpeg, "image/jpeg", "jpeg"),
        // What it is called doesn't matter.
        (ImageFormat::WebP, "image/png", "webp"),
    ] {
        let bytes = picture(kind, 40, 30);
        let path = format!("{images}?alt=A%20blue%20mug.");
        let answer = upload(&shop, &path, media_type, bytes.clone()).by(&ann).await;
        let answer = answer.expect(201);
        let event = added(&shop, &images).await;
        assert_eq!(event["image_id"], answer.body["image_id"]);
        assert_eq!(
            (&event["format"], &event["width"], &event["height"], &event["alt"]),
            (&json!(named), &json!(40), &json!(30), &json!("A blue mug."))
        );
        let key = format!(
            "images/{}/{}/original-{}",
            answer.text("product_id"),
            answer.text("image_id"),
            event["original"].as_str().unwrap()
        );
        let kept = shop.deps.blobs.get(&key).await.unwrap().expect("it is kept");
        assert_eq!(kept.into_bytes(u64::MAX).await.unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_form_is_taken_and_says_what_it_shows() {
    let (shop, ann, images, _) = with_mug().await;
    let image = png();
    let (media_type, body) = form(
        "xyz",
        &[
            ("alt", None, "Blå kopp".as_bytes()),
            ("image", Some("mug.png"), &image),
        ],
    );
    upload(&shop, &images, &media_type, body)
        .by(&ann)
        .await
        .expect(201);
    assert_eq!(added(&shop, &images).await["alt"], "Blå kopp");
}

#[tokio::test]
async fn a_form_that_makes_no_sense_is_told_what_is_wrong() {
    let (shop, ann, images, _) = with_mug().await;
    let send = |media_type: String, body: Vec<u8>| upload(&shop, &images, &media_type, body).by(&ann);
    let image = png();
    let (media_type, body) = form("b", &[("alt", None, b"no image")]);
    send(media_type, body).await.refused_field("image", "missing");
    let twice = [
        ("image", Some("a.png"), image.as_slice()),
        ("image", Some("b.png"), &image),
    ];
    let (media_type, body) = form("b", &twice);
    send(media_type, body).await.refused_field("image", "duplicate");
    let (media_type, body) = form("b", &[("picture", Some("a.png"), &image)]);
    send(media_type, body).await.refused_field("picture", "unknown");
    let (media_type, body) = form(
        "b",
        &[("alt", None, b"\xff\xfe"), ("image", Some("a.png"), &image)],
    );
    send(media_type, body).await.refused_field("alt", "invalid");
    let long = "x".repeat(501);
    let (media_type, body) = form(
        "b",
        &[("alt", None, long.as_bytes()), ("image", Some("a.png"), &image)],
    );
    send(media_type, body).await.refused_field("alt", "too_long");
    let (media_type, mut body) = form("b", &[("image", Some("a.png"), &image)]);
    body.truncate(body.len() / 2);
    send(media_type, body).await.refused(400, "malformed_form");
    send("multipart/form-data".to_owned(), vec![])
        .await
        .refused(400, "malformed_form");
    assert_eq!(shop.blobs().await, [], "nothing is kept of any");
}

#[tokio::test]
async fn what_is_no_image_is_refused_whatever_it_is_called() {
    let (shop, ann, images, _) = with_mug().await;
    let send = |media_type: &str, body: &[u8]| upload(&shop, &images, media_type, body.to_vec()).by(&ann);
    let text = b"just words, in a file that is called mug.png";
    send("image/png", text)
        .await
        .refused(415, "image_type_unsupported");
    send("image/png", b"")
        .await
        .refused(415, "image_type_unsupported");
    send("image/png", b"<svg onload='alert(1)'/>")
        .await
        .refused(415, "image_type_unsupported");
    send("image/gif", b"GIF89a")
        .await
        .refused(415, "unsupported_media_type");
    send("application/json", b"{}")
        .await
        .refused(415, "unsupported_media_type");
    shop.post(&images)
        .by(&ann)
        .await
        .refused(415, "unsupported_media_type");
    send("image/png", &png()[..20])
        .await
        .refused(422, "image_unreadable");
    assert_eq!(shop.blobs().await, []);
}

#[tokio::test]
async fn too_many_bytes_are_not_read_and_too_many_pixels_not_decoded() {
    let (shop, ann, images, _) = with_mug().await;
    let bytes = png();
    let length = bytes.len();
    let shop = shop.changed(|deps| {
        deps.image_limits.max_bytes = length;
        deps.image_limits.max_pixels = 40 * 30;
    });
    let send = |bytes: Vec<u8>| upload(&shop, &images, "image/png", bytes).by(&ann);
    send(bytes.clone()).await.expect(201);
    let mut longer = bytes.clone();
    longer.push(0);
    send(longer.clone()).await.refused(413, "payload_too_large");
    let (media_type, body) = form("b", &[("image", Some("a.png"), &longer)]);
    upload(&shop, &images, &media_type, body)
        .by(&ann)
        .await
        .refused(413, "payload_too_large");
    // Without a length in its head, it is counted as it comes.
    let pieces = futures::stream::iter([Ok::<_, std::io::Error>(bytes.clone()), Ok(bytes)]);
    upload(&shop, &images, "image/png", Body::from_stream(pieces))
        .by(&ann)
        .await
        .refused(413, "payload_too_large");
    let wider = picture(ImageFormat::Png, 41, 30);
    let roomy = shop.changed(|deps| deps.image_limits.max_bytes = 1_000_000);
    upload(&roomy, &images, "image/png", wider)
        .by(&ann)
        .await
        .refused(422, "image_too_large");
    assert_eq!(roomy.blobs().await.len(), 1);
}

/// A header that promises what no memory holds, in a few bytes.
#[tokio::test]
async fn a_decompression_bomb_is_refused_by_its_header() {
    let (shop, ann, images, _) = with_mug().await;
    let mut bomb = png();
    // Width and height stand behind the signature and the chunk's head; the checksum behind them is then wrong, or not looked at.
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let answer = upload(&shop, &images, "image/png", bomb)
        .by(&ann)
        .await
        .expect(422);
    let code = answer.text("code");
    assert!(
        ["image_too_large", "image_unreadable"].contains(&code.as_str()),
        "{code}"
    );
    let wide = picture(ImageFormat::Png, 16_384, 1);
    upload(&shop, &images, "image/png", wide)
        .by(&ann)
        .await
        .refused(422, "image_too_large");
}

#[tokio::test]
async fn a_product_is_its_owners_and_to_others_it_is_not_there() {
    let (shop, ann, images, bob) = with_mug().await;
    let head = shop.head().await;
    upload(&shop, &images, "image/png", png())
        .await
        .refused(401, "token_missing");
    upload(&shop, &images, "image/png", png())
        .by(&bob)
        .await
        .refused(404, "product_not_found");
    assert_eq!((shop.head().await, shop.blobs().await), (head, vec![]));
    let image = upload(&shop, &images, "image/png", png())
        .by(&ann)
        .await
        .expect(201);
    let one = format!("{images}/{}", image.text("image_id"));
    shop.patch(&one)
        .by(&bob)
        .json(&json!({"alt": "mine now"}))
        .await
        .refused(404, "product_not_found");
    shop.delete(&one).by(&bob).await.refused(404, "product_not_found");
    let admin = shop.admin().await;
    let words = json!({"alt": "A mug."});
    shop.patch(&one).by(&admin).json(&words).await.expect(200);
    shop.delete(&one).by(&admin).await.expect(204);
    shop.delete(&one).by(&admin).await.refused(404, "image_not_found");
}

#[tokio::test]
async fn images_are_described_moved_and_removed() {
    let (shop, ann, images, _) = with_mug().await;
    let mut ids = vec![];
    for _ in 0..3 {
        let answer = upload(&shop, &images, "image/png", png())
            .by(&ann)
            .await
            .expect(201);
        ids.push(answer.text("image_id"));
    }
    let head = shop.head().await;
    let edit = |id: &str, body: Value| shop.patch(format!("{images}/{id}")).by(&ann).json(&body);
    edit(&ids[2], json!({"place": 0, "alt": "The front."}))
        .await
        .expect(200);
    edit(&ids[2], json!({"place": 0, "alt": "The front."}))
        .await
        .expect(200);
    edit(&ids[0], json!({})).await.expect(200);
    shop.delete(format!("{images}/{}", ids[1]))
        .by(&ann)
        .await
        .expect(204);
    assert_eq!(
        shop.types_after(head).await,
        ["ImageDescribed", "ImageMoved", "ImageRemoved"],
        "the same again is no news"
    );
    edit(&ids[1], json!({"place": 0}))
        .await
        .refused(404, "image_not_found");
    edit(&ids[0], json!({"alt": "x".repeat(501)}))
        .await
        .refused_field("alt", "too_long");
    edit(&ids[0], json!({"place": -1}))
        .await
        .refused_field("place", "invalid");
    // Added, three images, described, moved, removed: 7 events.
    shop.delete(format!("{images}/{}", ids[0]))
        .by(&ann)
        .if_match(6)
        .await
        .refused(412, "precondition_failed");
    shop.delete(format!("{images}/{}", ids[0]))
        .by(&ann)
        .if_match(7)
        .await
        .expect(204);
}

#[tokio::test]
async fn the_same_key_adds_one_image_also_when_the_form_is_put_together_anew() {
    let (shop, ann, images, _) = with_mug().await;
    let image = png();
    let send = |boundary: &str, alt: &str| {
        let fields = [
            ("alt", None, alt.as_bytes()),
            ("image", Some("a.png"), &image[..]),
        ];
        let (media_type, body) = form(boundary, &fields);
        upload(&shop, &images, &media_type, body).by(&ann).key("once")
    };
    let first = send("one", "A mug.").await.expect(201);
    let again = send("another", "A mug.").await.expect(201);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.text("image_id"), first.text("image_id"));
    assert_eq!(shop.blobs().await.len(), 1);
    send("one", "Another mug.")
        .await
        .refused(422, "idempotency_key_reused");
    let at_once = futures::future::join_all((0..4).map(|_| {
        upload(&shop, &images, "image/png", png())
            .by(&ann)
            .key("at-once")
            .into_future()
    }));
    let ids: std::collections::BTreeSet<_> = at_once
        .await
        .into_iter()
        .map(|answer| answer.expect(201).text("image_id"))
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(shop.blobs().await.len(), 2, "what came second is thrown away");
}

#[tokio::test]
async fn a_full_product_keeps_nothing_more() {
    let (shop, ann, images, _) = with_mug().await;
    for _ in 0..12 {
        upload(&shop, &images, "image/png", png())
            .by(&ann)
            .await
            .expect(201);
    }
    upload(&shop, &images, "image/png", png())
        .by(&ann)
        .await
        .refused(409, "too_many_images");
    assert_eq!(shop.blobs().await.len(), 12);
}
