//! Looking: at the catalogue, and at what is one's own.

use super::Person;

/// Words that things here have in their names, and one that none has.
const WORDS: [&str; 4] = ["thing", "shop", "client", "zeppelin"];
const SORTS: [&str; 5] = ["newest", "price", "-price", "name", "rating"];
/// Pages that somebody turns.
const PAGES_MAX: u64 = 3;
/// A list of one's own, each with its route.
const OWN: [&str; 11] = [
    "/api/users/me",
    "/api/cart",
    "/api/wishlist",
    "/api/orders",
    "/api/payments",
    "/api/wallet",
    "/api/wallet/entries",
    "/api/dashboard",
    "/api/dashboard/purchased",
    "/api/dashboard/sold",
    "/api/dashboard/unsold",
];

pub async fn browse(person: &mut Person) {
    let thing = person.world.clone().a_thing(&mut person.random);
    let path = format!("/api/products/{}", thing.product);
    person.query("/api/products/{id}", &path).await;
    let reviews = format!("{path}/reviews");
    person.query("/api/products/{id}/reviews", &reviews).await;
    if person.one_in(4) {
        person.query("/api/categories", "/api/categories").await;
    }
    if person.one_in(4) {
        let history = format!("{path}/history");
        person.query("/api/products/{id}/history", &history).await;
    }
}

pub async fn search(person: &mut Person) {
    let word = WORDS[pick(person, WORDS.len())];
    let sort = SORTS[pick(person, SORTS.len())];
    let limit = 1 + person.random.below(20);
    let sort = if person.one_in(2) {
        format!("&sort={sort}")
    } else {
        String::new()
    };
    let in_stock = if person.one_in(3) { "&in_stock=true" } else { "" };
    let path = format!("/api/products?q={word}&limit={limit}{sort}{in_stock}");
    let mut next = path.clone();
    for _ in 0..PAGES_MAX {
        let page = person.query("/api/products", &next).await;
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            return;
        };
        next = format!("{path}&cursor={cursor}");
    }
}

pub async fn look_at_own(person: &mut Person) {
    let path = OWN[pick(person, OWN.len())];
    let seen = person.query(path, path).await;
    if seen.status != 200 {
        person.wrong(&format!("{path} of one's own is answered {}", seen.status));
    }
}

fn pick(person: &mut Person, many: usize) -> usize {
    usize::try_from(person.random.below(many as u64)).unwrap()
}
