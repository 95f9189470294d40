//! Pictures in backups: each is copied once, comes back with the shop, and leaves the backup with the last one that has it.
//! In folders, and in buckets of a server that checks signatures.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_servers::{S3, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY};

use crate::client::Client;
use crate::process::{Shop, run, tillstream};

/// Longer than a backup takes; what runs into it has failed.
const PATIENCE: Duration = Duration::from_mins(1);
/// One restore point, so that what was removed is needed by none soon.
const SETTINGS: &str = "\
demo = false
[payments]
sandbox_database = 'provider.db'
[backup]
interval_s = 1
keep_recent = 1
keep_hourly = 0
keep_daily = 0
";
/// An image this wide is shown in two sizes, and kept as it came: so many files.
const WIDTH: u32 = 300;
const FILES: usize = 3;

/// Where a shop and its backups lie on this disk, whoever writes them there.
struct Places {
    data_dir: PathBuf,
    /// The files of the backup's images.
    copies: PathBuf,
    /// The shop's own.
    blobs: PathBuf,
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_in(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn picture(shade: u8) -> Vec<u8> {
    let mut bytes = vec![];
    DynamicImage::from(RgbImage::from_pixel(WIDTH, 200, Rgb([shade, 40, 90])))
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    bytes
}

/// Uploads a picture and waits until it can be seen; its document.
async fn upload(seller: &Client, product: &str, shade: u8) -> Value {
    let request = seller.request(Method::POST, &format!("{product}/images"));
    let request = request.header(CONTENT_TYPE, "image/png").body(picture(shade));
    let added = request.answer().await.unwrap().expect(201);
    let found = |document: &Value| {
        let images = document["images"].as_array()?;
        let is_it = |image: &&Value| image["id"] == added["image_id"] && image["status"] == "ready";
        images.iter().find(is_it).cloned()
    };
    let document = seller
        .wait_for(product, |document| found(document).is_some())
        .await;
    found(&document).unwrap()
}

/// What each of the image's addresses answers.
async fn fetch(client: &Client, image: &Value) -> Vec<(StatusCode, Vec<u8>)> {
    let mut fetched = vec![];
    for size in image["sizes"].as_array().unwrap() {
        let url = size["url"].as_str().unwrap();
        let response = client.request(Method::GET, url).send().await.unwrap();
        fetched.push((response.status(), response.bytes().await.unwrap().to_vec()));
    }
    fetched
}

/// Waits until everything in the log is in a backup, with all its images.
async fn backed_up(client: &Client) {
    client
        .wait_for("/health/ready", |health| {
            let backups = &health["backups"];
            backups["failing"] == false
                && backups["position"] == health["log_position"]
                && backups["images_left"] == 0
        })
        .await;
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The shop takes commands again.
async fn reconciled(client: &Client) {
    client
        .wait_for("/health/ready", |health| health["restoring"] == false)
        .await;
}

async fn play(places: &Places) {
    let Places {
        data_dir,
        copies,
        blobs,
    } = places;
    let shop = Shop::start(data_dir);
    let ann = Client::new(&shop).registered("ann").await;
    let lamp = json!({"name": "Brass lamp", "price": "40.00", "quantity": 2});
    let lamp = ann.post("/api/products", &lamp).await.expect(201);
    let lamp = format!("/api/products/{}", lamp["product_id"].as_str().unwrap());
    let first = upload(&ann, &lamp, 10).await;
    let second = upload(&ann, &lamp, 200).await;
    let seen = [fetch(&ann, &first).await, fetch(&ann, &second).await];
    assert!(seen.iter().flatten().all(|(status, _)| *status == StatusCode::OK));
    backed_up(&ann).await;
    assert_eq!(files_in(copies).len(), 2 * FILES);

    // The machine is lost, and the pictures with it.
    shop.kill();
    fs::remove_dir_all(data_dir).unwrap();
    let _ = fs::remove_dir_all(blobs);
    let told = run(data_dir, &["restore"]);
    assert!(told.contains(&format!("Images: {} files", 2 * FILES)), "{told}");
    assert!(!told.contains("are lost"), "{told}");
    assert!(run(data_dir, &["verify"]).contains("Everything holds."));
    let shop = Shop::start(data_dir);
    let ann = ann.moved_to_restored(&shop);
    assert_eq!([fetch(&ann, &first).await, fetch(&ann, &second).await], seen);
    reconciled(&ann).await;

    // A picture that is taken away leaves the backup, since the one restore point that is kept doesn't need it.
    let path = format!("{lamp}/images/{}", first["id"].as_str().unwrap());
    let gone = ann.delete(&path).await;
    gone.expect(204);
    let third = upload(&ann, &lamp, 90).await;
    let seen = [fetch(&ann, &second).await, fetch(&ann, &third).await];
    backed_up(&ann).await;
    assert!(shop.stop().success());
    assert!(run(data_dir, &["backup"]).contains("has everything"));
    let shop = Shop::start(data_dir); // which is when old backups are looked for
    until("the backup has the pictures of the shop", || {
        files_in(copies).len() == 2 * FILES
    })
    .await;
    shop.kill();

    // What the backup has lost, too, is told; nothing else is missing, and nothing is a mystery.
    fs::remove_dir_all(data_dir).unwrap();
    let _ = fs::remove_dir_all(blobs);
    let is_smallest = |file: &PathBuf| fs::read(file).unwrap() == seen[1][0].1;
    let lost = files_in(copies).into_iter().find(is_smallest);
    fs::remove_file(lost.unwrap()).unwrap();
    let told = run(data_dir, &["restore"]);
    assert!(
        told.contains(&format!("Images: {} files", 2 * FILES - 1)),
        "{told}"
    );
    assert!(told.contains("1 files of images are lost"), "{told}");
    let shop = Shop::start(data_dir);
    let ann = ann.moved_to_restored(&shop);
    assert_eq!(fetch(&ann, &second).await, seen[0]);
    let third_now = fetch(&ann, &third).await;
    assert_eq!(third_now[0].0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(third_now[1..], seen[1][1..]);
    ann.get(&lamp).await.expect(200);
    assert!(shop.stop().success());
}

#[tokio::test]
async fn pictures_come_back_out_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SETTINGS.replace("[backup]", "[backup]\nto = 'backup'");
    fs::write(folder.path().join("tillstream.toml"), settings).unwrap();
    let data_dir = folder.path().join("data");
    let places = Places {
        copies: folder.path().join("backup/blobs"),
        blobs: data_dir.join("blobs"),
        data_dir,
    };
    play(&places).await;
}

/// What is set for a shop that keeps images and backups in buckets.
fn in_buckets(server: &S3, secret: &str) -> String {
    let (endpoint, key) = (server.endpoint(), S3_ACCESS_KEY_ID);
    let backup = format!(
        "[backup]\nto = 's3://backups/of/us'\ns3_endpoint = '{endpoint}'\ns3_region = 'local'\n\
         s3_access_key_id = '{key}'\ns3_secret_access_key = '{secret}'"
    );
    format!(
        "{}[blobs]\nurl = 's3://images/shop'\nendpoint = '{endpoint}'\nregion = 'local'\n\
         access_key_id = '{key}'\nsecret_access_key = '{secret}'\n",
        SETTINGS.replace("[backup]", &backup)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_come_back_out_of_a_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let buckets = folder.path().join("s3");
    let server = S3::start(&buckets, &["images", "backups"]).await.unwrap();
    let settings = in_buckets(&server, S3_SECRET_ACCESS_KEY);
    fs::write(folder.path().join("tillstream.toml"), settings).unwrap();
    let places = Places {
        data_dir: folder.path().join("data"),
        copies: buckets.join("backups/of/us/blobs"),
        blobs: buckets.join("images/shop"),
    };
    play(&places).await;
    let told = fs::read_to_string(folder.path().join("data.stderr")).unwrap();
    assert!(!told.contains(S3_SECRET_ACCESS_KEY));
    let shown = run(&places.data_dir, &["config"]);
    assert!(!shown.contains(S3_SECRET_ACCESS_KEY), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_told_at_the_start_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let buckets = folder.path().join("s3");
    let server = S3::start(&buckets, &["images", "backups"]).await.unwrap();
    let data_dir = folder.path().join("data");
    let right = in_buckets(&server, S3_SECRET_ACCESS_KEY);
    let wrong = "wrong-and-secret-all-the-same";
    let wrong_images = right.replace(
        &format!("\nsecret_access_key = '{S3_SECRET_ACCESS_KEY}'"),
        &format!("\nsecret_access_key = '{wrong}'"),
    );
    let wrong_backups = right.replace(
        &format!("s3_secret_access_key = '{S3_SECRET_ACCESS_KEY}'"),
        &format!("s3_secret_access_key = '{wrong}'"),
    );
    for (settings, setting, place) in [
        (wrong_images, "blobs.secret_access_key", "s3://images/shop"),
        (wrong_backups, "backup", "s3://backups/of/us"),
    ] {
        fs::write(folder.path().join("tillstream.toml"), settings).unwrap();
        let serve = tillstream(&data_dir)
            .args(["--listen", "127.0.0.1:0"])
            .output()
            .unwrap();
        assert!(!serve.status.success());
        let told = String::from_utf8_lossy(&serve.stderr);
        assert!(told.contains(setting) && told.contains(place), "{told}");
        assert!(!told.contains(wrong), "{told}");
    }
}
