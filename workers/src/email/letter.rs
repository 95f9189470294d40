//! Gives a message its form: headers, a text part, and the same in HTML.
//!
//! Whatever comes from people goes into headers as one line without control characters, so that no name can add a
//! header of its own. What the message says is left to `messages`.

use chrono::{DateTime, Utc};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};

use super::messages::Content;
use super::settings::ShopIdentity;

/// Longer names than this are cut: it is some four lines of a folded header.
const NAME_MAX_CHARS: usize = 200;

/// To whom, and as which message.
pub(super) struct Envelope {
    pub to: String,
    /// May be empty.
    pub name: String,
    /// The left side of the `Message-ID`: `<kind>.<id>`, of letters, digits, dots and dashes.
    pub message: String,
}

/// Why a letter can't be written. Tells no address: it ends up in logs.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    #[error("the recipient's address is no email address")]
    Address,
    #[error("the letter has no valid form: {0}")]
    Form(#[from] lettre::error::Error),
}

pub(super) fn write(
    shop: &ShopIdentity,
    envelope: &Envelope,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<Message, LetterError> {
    let address: Address = envelope.to.parse().map_err(|_| LetterError::Address)?;
    let name: String = one_line(&envelope.name).chars().take(NAME_MAX_CHARS).collect();
    let to = Mailbox::new((!name.is_empty()).then_some(name), address);
    // A boundary that follows from the message makes a repeat the same to the byte, but for its date. No part can hold it:
    // the id is made after the last text that comes from people.
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("part.{}", envelope.message))
        .singlepart(SinglePart::plain(content.text.clone()))
        .singlepart(SinglePart::html(content.html.clone()));
    let message = Message::builder()
        .from(shop.from().clone())
        .to(to)
        .subject(one_line(&content.subject))
        .message_id(Some(format!("<{}@{}>", envelope.message, shop.domain())))
        .date(now.into())
        // RFC 3834: nobody's holiday answer comes back.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(parts)?;
    Ok(message)
}

/// The text on one line: every run of white space and control characters becomes one space.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> ShopIdentity {
        ShopIdentity::new(
            "Gift Shop",
            "orders@gifts.example",
            "https://gifts.example",
            "https://gifts.example/password",
            "https://gifts.example/verify",
        )
        .unwrap()
    }

    fn content(subject: &str) -> Content {
        Content {
            subject: subject.to_owned(),
            text: "Grüße\n".to_owned(),
            html: "<p>Gr&uuml;&szlig;e</p>".to_owned(),
        }
    }

    fn envelope(to: &str, name: &str) -> Envelope {
        Envelope {
            to: to.to_owned(),
            name: name.to_owned(),
            message: "order-confirmation.0190".to_owned(),
        }
    }

    fn written(to: &str, name: &str, subject: &str) -> Result<String, LetterError> {
        let now = DateTime::from_timestamp(1_750_000_000, 0).unwrap();
        let letter = write(&shop(), &envelope(to, name), &content(subject), now)?;
        Ok(String::from_utf8(letter.formatted()).unwrap())
    }

    #[test]
    fn a_letter_has_all_its_headers_and_both_parts() {
        insta::assert_snapshot!(written("ann@mail.example", "Ann Ärmel", "Your order 0190").unwrap());
    }

    #[test]
    fn no_name_and_no_subject_adds_a_header() {
        let letter = written(
            "ann@mail.example",
            "Ann\r\nBcc: eve@evil.example",
            "Hello\r\nBcc: eve@evil.example\r\n\r\nnew body",
        )
        .unwrap();
        let headers = letter.split("\r\n\r\n").next().unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        assert!(
            headers.contains("Subject: Hello Bcc: eve@evil.example new body"),
            "{headers}"
        );
    }

    #[test]
    fn an_address_with_a_line_break_is_refused() {
        for address in [
            "ann@mail.example\r\nBcc: eve@evil.example",
            "ann@mail.example>\r\n",
            "ann",
            "",
            "a b@c.example",
        ] {
            assert!(
                matches!(written(address, "", "s"), Err(LetterError::Address)),
                "{address:?}"
            );
        }
    }

    #[test]
    fn the_same_letter_comes_out_the_same() {
        let write = || written("ann@mail.example", "Ann", "s").unwrap();
        assert_eq!(write(), write());
    }
}
