//! A person signs up, lists a lamp and uploads its pictures; the shop makes them small in the background, and shows them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use test_servers::{
    Cluster, ClusterSettings, ClusterSize, Daemon, Durability, Error, Folder, Program, Servers,
};
use tokio::task::block_in_place;

use crate::client::{Answer, Client};
use crate::process::{Shop, run};

/// What browsers put between the fields of a form, or nearly.
const BOUNDARY: &str = "----of-a-form-of-ours";

struct Story {
    anybody: Client,
    /// Sells the lamp.
    ann: Client,
    bob: Client,
    lamp: String,
}

impl Story {
    async fn begin(anybody: Client) -> Self {
        let ann = anybody.registered("ann").await;
        let lamp = json!({"name": "Brass lamp", "price": "40.00", "quantity": 2});
        let lamp = ann.post("/api/products", &lamp).await.expect(201);
        Self {
            bob: anybody.registered("bob").await,
            anybody,
            ann,
            lamp: format!("/api/products/{}", lamp["product_id"].as_str().unwrap()),
        }
    }

    async fn upload(&self, who: &Client, media_type: &str, body: Vec<u8>) -> Answer {
        self.try_upload(who, media_type, body).await.unwrap()
    }

    async fn try_upload(&self, who: &Client, media_type: &str, body: Vec<u8>) -> reqwest::Result<Answer> {
        let request = who.request(Method::POST, &format!("{}/images", self.lamp));
        request
            .header(CONTENT_TYPE.as_str(), media_type)
            .body(body)
            .answer()
            .await
    }

    /// An upload that a proxy refuses by its announced length: it may close the connection while the body is still being
    /// sent, and its answer is lost.
    async fn upload_too_long(&self, body: &[u8]) -> Answer {
        const TRIES: usize = 20;
        for _ in 1..TRIES {
            if let Ok(answer) = self.try_upload(&self.ann, "image/png", body.to_vec()).await {
                return answer;
            }
        }
        self.upload(&self.ann, "image/png", body.to_vec()).await
    }

    /// The image of this id in the lamp's document.
    fn image(document: &Value, id: &Value) -> Value {
        let images = document["images"].as_array().unwrap();
        let found = images.iter().find(|image| image["id"] == *id);
        found.cloned().unwrap_or_default()
    }

    async fn until(&self, id: &Value, status: &str) -> Value {
        let is_so = |document: &Value| Self::image(document, id)["status"] == status;
        Self::image(&self.anybody.wait_for(&self.lamp, is_so).await, id)
    }

    async fn fetch(&self, method: Method, url: &str) -> Response {
        self.anybody.request(method, url).send().await.unwrap()
    }
}

/// Left red, right blue, so that one sees how it was turned; a little noise keeps it from being nothing.
fn lamp(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let noise = u8::try_from((x * 7 + y * 13) % 16).unwrap();
        if x < width / 2 {
            Rgb([220, noise, noise])
        } else {
            Rgb([noise, noise, 220])
        }
    })
}

/// As a camera writes it that was held upright: on its side, with a note to turn it (EXIF, orientation 6).
fn photograph() -> Vec<u8> {
    let turn_right = [
        b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ];
    let mut bytes = vec![];
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    image::ImageEncoder::set_exif_metadata(&mut encoder, turn_right.to_vec()).unwrap();
    encoder.encode_image(&lamp(1600, 1400)).unwrap();
    bytes
}

fn png() -> Vec<u8> {
    let mut bytes = vec![];
    DynamicImage::from(lamp(300, 200))
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    bytes
}

fn form(file: &str, image: &[u8], alt: &str) -> (String, Vec<u8>) {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\n{alt}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"{file}\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    (
        format!("multipart/form-data; boundary={BOUNDARY}"),
        [head.as_bytes(), image, tail.as_bytes()].concat(),
    )
}

async fn a_photograph_is_made_ready(story: &Story) -> Value {
    let (media_type, body) = form("lamp.jpg", &photograph(), "A brass lamp, lit.");
    let added = story.upload(&story.ann, &media_type, body).await;
    let position = added.position();
    let id = added.expect(201)["image_id"].clone();
    let seen = story.anybody.get_after(&story.lamp, position).await.expect(200);
    let seen = Story::image(&seen, &id);
    assert_eq!(seen["alt"], "A brass lamp, lit.");
    assert!(["processing", "ready"].contains(&seen["status"].as_str().unwrap()));

    let ready = story.until(&id, "ready").await;
    let sides: Vec<_> = ready["sizes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|size| (size["width"].as_u64().unwrap(), size["height"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        sides,
        [(160, 183), (480, 549), (1200, 1371)],
        "turned upright, and in proportion"
    );
    // The list shows it, too.
    let list = story.anybody.get("/api/products?q=brass+lamp").await.expect(200);
    assert_eq!(list["items"][0]["images"][0], ready);
    ready
}

async fn every_size_can_be_fetched_and_kept(story: &Story, ready: &Value) {
    for size in ready["sizes"].as_array().unwrap() {
        let url = size["url"].as_str().unwrap();
        let got = story.fetch(Method::GET, url).await;
        assert_eq!(got.status(), StatusCode::OK, "{url}");
        let headers = got.headers().clone();
        assert_eq!(headers[CONTENT_TYPE], "image/webp");
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let bytes = got.bytes().await.unwrap();
        assert_eq!(headers[CONTENT_LENGTH].to_str().unwrap(), bytes.len().to_string());
        assert_eq!(size["bytes"], bytes.len());
        let shown = image::load_from_memory_with_format(&bytes, ImageFormat::WebP).unwrap();
        assert_eq!(
            (size["width"].clone(), size["height"].clone()),
            (json!(shown.width()), json!(shown.height()))
        );
        let pixels = shown.into_rgb8();
        let (top, bottom) = (
            pixels.get_pixel(shown_middle(&pixels), 5),
            pixels.get_pixel(shown_middle(&pixels), pixels.height() - 5),
        );
        assert!(top[0] > 150 && top[2] < 100, "red is on top: {top:?}");
        assert!(bottom[2] > 150 && bottom[0] < 100, "blue is below: {bottom:?}");

        let asked = story.anybody.request(Method::GET, url);
        let again = asked.header(IF_NONE_MATCH, &headers[ETAG]).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let head = story.fetch(Method::HEAD, url).await;
        assert_eq!(head.status(), StatusCode::OK);
        assert_eq!(head.headers()[CONTENT_LENGTH], headers[CONTENT_LENGTH]);
        assert!(head.bytes().await.unwrap().is_empty());
    }
    let of = |file: &str| format!("/api/images/{}/{file}", ready["id"].as_str().unwrap());
    for missing in ["161.webp", "160.png", "original", "0160.webp", "..%2foriginal"] {
        let status = story.fetch(Method::GET, &of(missing)).await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{missing}");
    }
}

fn shown_middle(pixels: &RgbImage) -> u32 {
    pixels.width() / 2
}

async fn what_is_no_good_is_refused(story: &Story) {
    let of = |answer: &Answer| (answer.status.as_u16(), answer.code().to_owned());
    let refused =
        async |who: &Client, media_type: &str, body: Vec<u8>| of(&story.upload(who, media_type, body).await);
    let told = |status: u16, code: &str| (status, code.to_owned());
    let text = b"No picture, only words.".to_vec();
    assert_eq!(
        refused(&story.ann, "image/png", text).await,
        told(415, "image_type_unsupported")
    );
    let (media_type, body) = form("notes.png", b"Words again.", "");
    assert_eq!(
        refused(&story.ann, &media_type, body).await,
        told(415, "image_type_unsupported")
    );
    let long = vec![0; 10 * 1024 * 1024 + 1];
    assert_eq!(
        of(&story.upload_too_long(&long).await),
        told(413, "payload_too_large")
    );
    assert_eq!(
        refused(&story.ann, "image/png", bomb()).await,
        told(422, "image_too_large")
    );
    assert_eq!(
        refused(&story.bob, "image/png", png()).await,
        told(404, "product_not_found")
    );
    assert_eq!(
        refused(&story.anybody, "image/png", png()).await,
        told(401, "token_missing")
    );
}

/// Ten thousand pixels each way, all alike: some hundred kilobytes that would be 300 megabytes.
fn bomb() -> Vec<u8> {
    let mut bytes = vec![];
    DynamicImage::from(image::GrayImage::new(10_000, 10_000))
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    assert!(bytes.len() < 1_000_000, "{}", bytes.len());
    bytes
}

async fn half_an_image_is_rejected(story: &Story) {
    let mut half = png();
    half.truncate(half.len() / 2);
    let added = story.upload(&story.ann, "image/png", half).await.expect(201);
    let rejected = story.until(&added["image_id"], "rejected").await;
    assert_eq!(
        (&rejected["fault"], &rejected["sizes"]),
        (&json!("undecodable"), &json!([]))
    );
    let path = format!("{}/images/{}", story.lamp, rejected["id"].as_str().unwrap());
    story.ann.delete(&path).await.expect(204);
}

async fn a_second_one_is_put_first(story: &Story, first: &Value) -> Value {
    let added = story.upload(&story.ann, "image/png", png()).await.expect(201);
    let second = story.until(&added["image_id"], "ready").await;
    let widths: Vec<_> = second["sizes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|size| &size["width"])
        .collect();
    assert_eq!(widths, [160, 300], "never larger than it was");
    let path = format!("{}/images/{}", story.lamp, second["id"].as_str().unwrap());
    let edit = json!({"place": 0, "alt": "The same, unlit."});
    let edited = story.ann.patch(&path, &edit).await;
    let position = edited.position();
    edited.expect(200);
    let lamp = story.anybody.get_after(&story.lamp, position).await.expect(200);
    assert_eq!(
        (&lamp["images"][0]["alt"], &lamp["images"][1]["id"]),
        (&json!("The same, unlit."), &first["id"])
    );
    second
}

async fn a_removed_image_is_gone(story: &Story, removed: &Value, kept: &Value) {
    let path = format!("{}/images/{}", story.lamp, removed["id"].as_str().unwrap());
    story.bob.delete(&path).await.expect(404);
    let gone = story.ann.delete(&path).await;
    let position = gone.position();
    gone.expect(204);
    for size in removed["sizes"].as_array().unwrap() {
        let url = size["url"].as_str().unwrap();
        story.anybody.get_after(url, position).await.expect(404);
    }
    let lamp = story.anybody.get_after(&story.lamp, position).await.expect(200);
    assert_eq!(lamp["images"].as_array().unwrap().len(), 1);

    let gone = story.ann.delete(&story.lamp).await;
    let position = gone.position();
    gone.expect(204);
    let url = kept["sizes"][0]["url"].as_str().unwrap();
    story.anybody.get_after(url, position).await.expect(404);
}

async fn play(anybody: Client) {
    let story = Story::begin(anybody).await;
    let first = a_photograph_is_made_ready(&story).await;
    every_size_can_be_fetched_and_kept(&story, &first).await;
    what_is_no_good_is_refused(&story).await;
    half_an_image_is_rejected(&story).await;
    let second = a_second_one_is_put_first(&story, &first).await;
    a_removed_image_is_gone(&story, &first, &second).await;
}

#[tokio::test]
async fn pictures_are_uploaded_made_small_shown_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    play(Client::new(&shop)).await;
    assert!(shop.stop().success());
    run(&data_dir, &["verify", "--views"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn so_they_are_by_roles_of_their_own_behind_haproxy() {
    distributed(Cluster::haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn so_they_are_by_roles_of_their_own_behind_nginx() {
    distributed(Cluster::nginx).await;
}

/// Two of each API, so that whoever fetches an image isn't who took it in.
async fn distributed<P: Program>(proxy: impl FnOnce(&Cluster) -> Result<Daemon<P>, Error>) {
    let size = ClusterSize {
        command_apis: 2,
        query_apis: 2,
        ..ClusterSize::ONE_OF_EACH
    };
    let folder = Folder::temporary().unwrap();
    let servers = block_in_place(|| Servers::start(Folder::temporary().unwrap(), Durability::None)).unwrap();
    let settings = ClusterSettings::new(env!("CARGO_BIN_EXE_tillstream"), folder.path(), size)
        .with("TILLSTREAM_DEMO", "false")
        .behind_proxy();
    let cluster = block_in_place(|| Cluster::start(&servers, settings)).unwrap();
    let proxy = block_in_place(|| proxy(&cluster)).unwrap();
    play(Client::at(&cluster.public_url())).await;
    block_in_place(|| cluster.run(&["verify", "--views"])).unwrap();
    block_in_place(|| drop(proxy));
    block_in_place(|| cluster.stop()).unwrap();
    block_in_place(|| servers.stop()).unwrap();
}
