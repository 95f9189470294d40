//! What a person reads when the shop is ready: where it is, how to get in, and what to try first.

use crate::settings::Settings;
use crate::shop::Shop;

pub fn print(settings: &Settings, shop: &Shop) {
    println!("{}", text(settings, shop));
}

fn text(settings: &Settings, shop: &Shop) -> String {
    let url = &shop.url;
    let mailbox = shop.mailbox_url.as_ref();
    let mut text = format!(
        "\n{} is open (tillstream {})\n\n",
        settings.shop_name,
        env!("CARGO_PKG_VERSION")
    );
    text += &format!("  shop      {url}\n  API docs  {url}/api/docs/\n");
    if let Some(mailbox) = mailbox {
        text += &format!("  mailbox   {mailbox}\n");
    }
    text += &format!("  data      {}\n", shop.dir.path().display());
    let admin = &shop.credentials.admin;
    if shop.is_new {
        text += &format!("  admin     {} / {}\n", admin.username, admin.password);
        text += &format!(
            "            made now, and kept in {}\n",
            shop.dir.credentials().display()
        );
    } else {
        text += &format!(
            "  admin     {}, password in {}\n",
            admin.username,
            shop.dir.credentials().display()
        );
    }
    if settings.demo {
        text += &tour(url, mailbox);
    }
    text += "\nCtrl-C stops it.";
    text
}

/// Commands to paste, each on a line of its own; they need curl and nothing else.
fn tour(url: &str, mailbox: Option<&String>) -> String {
    let json = "-H 'content-type: application/json'";
    let person = r#""username":"ann","email":"ann@example.com","password":"correct horse battery""#;
    let login = r#""login":"ann","password":"correct horse battery""#;
    let order = r#""lines":[{"sku":"MUG-BLUE","quantity":1}],"country":"GB","payment":{"method":"card","token":"pm_card_visa"}"#;
    let token = r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#;
    let mut tour = format!(
        "\nTry it: look around, register, log in, buy a mug, read the confirmation email.\n\n  \
         $ curl -sf '{url}/api/products?q=mug'\n  \
         $ curl -sf {url}/api/auth/register {json} -d '{{{person}}}'\n  \
         $ TOKEN=$(curl -sf {url}/api/auth/login {json} -d '{{{login}}}' | {token})\n  \
         $ curl -sf {url}/api/orders -H \"authorization: Bearer $TOKEN\" {json} -d '{{{order}}}'\n"
    );
    if let Some(mailbox) = mailbox {
        tour += &format!("  $ sleep 1; curl -sf '{mailbox}&format=text'\n");
    }
    tour
}
