//! Clients who do everything at random: browse, buy with cards that are declined and wallets that are empty, list and edit
//! things with stale tags, buy each other's, cancel, return, review, act as staff, send commands twice, and rubbish.
//!
//! `cargo xtask random-clients` is this test at full size. Every answer must be one that its route documents, and no 5xx
//! but a 503 that says "not now" by a code of the interface. What comes of it all is held against what the clients were
//! answered ([`audit`]), and against the log by `verify --views`. The seed says what each client tries; what it meets
//! depends on the others. On both forms: `--distributed` has it against a process per role.

mod audit;
mod deeds;
mod document;
mod person;
mod watch;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinSet;

use crate::client::Client;
use crate::forms::on_each_form;
use crate::process::{Shop, run};
use crate::random::Random;
use crate::size;
use document::Document;
use person::{Person, Tally};
use watch::Watch;
use world::World;

/// What each client does if no time is given: some hundred deeds in all.
const DEEDS: u64 = 60;
/// One client in so many works for the shop.
const STAFF_SHARE: u64 = 8;
/// Later answers are worth nothing if the first are wrong.
const WRONG_SHOWN: usize = 20;

on_each_form!(whatever_clients_do_nothing_breaks);
async fn whatever_clients_do_nothing_breaks() {
    let clients = size::of("TILLSTREAM_RANDOM_CLIENTS", 8);
    let seconds = size::of("TILLSTREAM_RANDOM_SECONDS", 0);
    let seed = size::of("TILLSTREAM_RANDOM_SEED", clock());
    println!("{clients} clients, seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let shop = Shop::start_with(&data_dir, &[("TILLSTREAM_DEMO", "false")]);
    let admin = Client::admin(&shop).await;
    let document = Document::read(&admin.get("/api/openapi.json").await.expect(200));
    let world = Arc::new(World::new(document));
    world.furnish(&admin).await;

    let watch = Watch::start(shop.processes());
    let began = Instant::now();
    let until = (seconds > 0).then(|| began + Duration::from_secs(seconds));
    let mut random = Random::new(seed);
    let mut crowd = JoinSet::new();
    for number in 0..clients {
        let works_here = number % STAFF_SHARE == 0;
        let person = Person::arrive(&shop, &admin, &world, number, works_here, random.next()).await;
        crowd.spawn(live(person, until));
    }
    let mut people = vec![];
    while let Some(ended) = crowd.join_next().await {
        people.push(ended.unwrap());
    }
    let memory = watch.stop().await;
    let tally = people
        .iter()
        .fold(Tally::default(), |sum, person| sum + person.tally);
    println!("{tally} in {:.1} s", began.elapsed().as_secs_f64());
    println!("{memory}");

    let mut wrong = world.wrong();
    wrong.extend(audit::violations(&admin, &world, &mut people).await);
    assert!(
        wrong.is_empty(),
        "{} things are wrong, with seed {seed}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(WRONG_SHOWN)].join("\n")
    );
    assert!(!shop.log().contains("ERROR"), "{}", shop.log());
    assert!(
        tally.accepted > clients * DEEDS / 10,
        "next to nothing was accepted"
    );
    assert!(shop.stop().success());
    println!("{}", run(&data_dir, &["verify", "--views"]));
    if until.is_some() {
        memory.assert_level();
    }
}

async fn live(mut person: Person, until: Option<Instant>) -> Person {
    match until {
        Some(until) => {
            while Instant::now() < until {
                deeds::any(&mut person).await;
            }
        }
        None => {
            for _ in 0..DEEDS {
                deeds::any(&mut person).await;
            }
        }
    }
    person
}

/// A seed that nobody has chosen.
fn clock() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::from(now.subsec_nanos())
}
