//! What a person reads when the shop is ready: where it is, how to get in, and what to try first.

use crate::settings::Settings;
use crate::shop::Shop;

pub fn print(settings: &Settings, shop: &Shop) {
    say!(
        "\n{} is open (tillstream {})\n",
        settings.shop_name,
        env!("CARGO_PKG_VERSION")
    );
    for (what, value) in places(settings, shop) {
        say!("  {what:<8}  {value}");
    }
    if settings.demo {
        say!("\nTry it: look around, register, log in, buy a mug, read the confirmation email.\n");
        for command in tour(shop) {
            say!("  $ {command}");
        }
    }
    say!("\nCtrl-C stops it.");
}

fn places(settings: &Settings, shop: &Shop) -> Vec<(&'static str, String)> {
    let mut places = vec![
        ("shop", shop.url.clone()),
        ("API docs", format!("{}/api/docs/", shop.url)),
    ];
    places.extend(shop.mailbox_url.clone().map(|url| ("mailbox", url)));
    places.push(("data", shop.dir.path().display().to_string()));
    places.extend(settings.backup.to.clone().map(|to| ("backups", to)));
    let (admin, kept) = (&shop.credentials.admin, shop.dir.credentials());
    if shop.is_new {
        places.push(("admin", format!("{} / {}", admin.username, admin.password)));
        places.push(("", format!("made now, and kept in {}", kept.display())));
    } else {
        places.push((
            "admin",
            format!("{}, password in {}", admin.username, kept.display()),
        ));
    }
    places
}

/// Commands to paste, each on a line of its own; they need curl and nothing else.
fn tour(shop: &Shop) -> Vec<String> {
    let url = &shop.url;
    let json = "-H 'content-type: application/json'";
    let person = r#"{"username":"ann","email":"ann@example.com","password":"correct horse battery"}"#;
    let login = r#"{"login":"ann","password":"correct horse battery"}"#;
    let lines = r#""lines":[{"sku":"MUG-BLUE","quantity":1}],"country":"GB""#;
    let payment = r#""payment":{"method":"card","token":"pm_card_visa"}"#;
    let token = r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#;
    let bearer = r#"-H "authorization: Bearer $TOKEN""#;
    let mut commands = vec![
        format!("curl -sf '{url}/api/products?q=mug'"),
        format!("curl -sf {url}/api/auth/register {json} -d '{person}'"),
        format!("TOKEN=$(curl -sf {url}/api/auth/login {json} -d '{login}' | {token})"),
        format!("curl -sf {url}/api/orders {bearer} {json} -d '{{{lines},{payment}}}'"),
    ];
    let mail = shop.mailbox_url.as_ref();
    commands.extend(mail.map(|mailbox| format!("sleep 1; curl -sf '{mailbox}&format=text'")));
    commands
}
