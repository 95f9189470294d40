//! What can be said of a field without knowing the shop: lengths, characters, forms. All faults of a
//! body are told together.
//!
//! What depends on the state of things is the domain's to refuse.

use domain::text::turns_direction;
use events::money::{Currency, Money};
use web::Problem;
use web::money::MoneyDto;
use web::problem::FieldError;

const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=40;
/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const EMAIL_MAX_CHARS: usize = 254;
/// RFC 5321, section 4.5.3.1.1.
const EMAIL_LOCAL_MAX_CHARS: usize = 64;
/// At least what OWASP asks for with a margin; at most what is no way to keep a core busy.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 10..=128;
/// What RFC 5322 calls `atext`, besides letters and digits, and the dot.
const EMAIL_LOCAL_SIGNS: &str = "!#$%&'*+-/=?^_`{|}~.";

/// As long as a person's first or last name may be, in characters.
pub const NAME_MAX_CHARS: usize = 100;
/// As long as a postal address may be, in characters.
pub const ADDRESS_MAX_CHARS: usize = 1_000;
/// As long as a reason, a carrier or another system's number may be, in characters.
pub const NOTE_MAX_CHARS: usize = 500;

/// As long as a review's title may be, in characters.
pub const REVIEW_TITLE_MAX_CHARS: usize = 150;
/// As long as a review may be, in characters; at four bytes each it fits into a small body.
pub const REVIEW_MAX_CHARS: usize = 3_000;

/// Collects what is wrong. The values that its methods return are good only once `done` has passed.
#[derive(Debug, Default)]
pub struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    /// 422 with everything that was wrong.
    pub fn done(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::unprocessable(self.errors))
        }
    }

    pub fn refuse(&mut self, field: &str, code: &'static str, message: impl std::fmt::Display) {
        self.errors.push(FieldError::new(field, code, message));
    }

    pub fn require(&mut self, holds: bool, field: &str, code: &'static str, message: &str) {
        if !holds {
            self.refuse(field, code, message);
        }
    }

    /// In lower case: names that differ in nothing else are one name.
    pub fn username(&mut self, field: &str, text: &str) -> String {
        let username = text.trim().to_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let good = USERNAME_CHARS.contains(&username.len()) && username.bytes().all(allowed);
        self.require(
            good,
            field,
            "username_invalid",
            "a user name has 3 to 40 letters a-z, digits, dots, dashes and underscores",
        );
        username
    }

    /// As it was written; `claimed` makes it what must be unique.
    pub fn email(&mut self, field: &str, text: &str) -> String {
        let email = text.trim().to_owned();
        self.require(
            is_email(&email),
            field,
            "email_invalid",
            "this is no email address",
        );
        email
    }

    pub fn password(&mut self, field: &str, password: &str, username: &str, email: Option<&str>) {
        let fits = PASSWORD_CHARS.contains(&password.chars().count());
        self.require(
            fits,
            field,
            "password_length",
            "a password has 10 to 128 characters",
        );
        let known = password.to_lowercase();
        let obvious = known == username || email.is_some_and(|email| claimed(email) == known);
        let message = "a password is neither the user name nor the email address";
        self.require(!obvious, field, "password_obvious", message);
    }

    /// A line of at most so many characters, none of them a control character.
    pub fn line(&mut self, field: &str, text: &str, max_chars: usize) -> String {
        let line = self.text(field, text, max_chars);
        let message = "this is one line";
        self.require(!line.contains(['\n', '\t']), field, "line_break", message);
        let message = "this holds a character that turns the direction of writing";
        self.require(
            !line.contains(turns_direction),
            field,
            "direction_control",
            message,
        );
        line
    }

    pub fn optional_line(&mut self, field: &str, text: Option<String>, max_chars: usize) -> Option<String> {
        let line = text.map(|text| self.line(field, &text, max_chars));
        line.filter(|line| !line.is_empty())
    }

    /// Text of at most so many characters, none of them a control character but tabs and the ends of lines. These
    /// become one character each, whatever the system that they come from: a form in a browser sends two.
    pub fn text(&mut self, field: &str, text: &str, max_chars: usize) -> String {
        let text = text.trim().replace("\r\n", "\n");
        if text.chars().count() > max_chars {
            self.refuse(
                field,
                "too_long",
                format_args!("this has at most {max_chars} characters"),
            );
        }
        let printable = text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control());
        self.require(
            printable,
            field,
            "control_character",
            "this holds a control character",
        );
        text
    }

    pub fn optional_text(&mut self, field: &str, text: Option<String>, max_chars: usize) -> Option<String> {
        let text = text.map(|text| self.text(field, &text, max_chars));
        text.filter(|text| !text.is_empty())
    }

    /// An amount, in the shop's currency if it came without one.
    pub fn money(&mut self, field: &str, amount: MoneyDto, shop_currency: Currency) -> Money {
        amount.into_money(shop_currency).unwrap_or_else(|error| {
            self.refuse(field, "amount_invalid", error);
            Money::zero(shop_currency)
        })
    }
}

/// The form in which an address is unique: nearly no mail server tells upper from lower case.
pub fn claimed(email: &str) -> String {
    email.to_lowercase()
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let in_local = |c: char| c.is_ascii_alphanumeric() || EMAIL_LOCAL_SIGNS.contains(c);
    let is_label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let local_good = (1..=EMAIL_LOCAL_MAX_CHARS).contains(&local.len())
        && local.chars().all(in_local)
        && local.split('.').all(|part| !part.is_empty());
    text.len() <= EMAIL_MAX_CHARS && local_good && domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in [
            "a@b.co",
            "ann.lee+shop@mail.example.org",
            "x_1@sub-domain.example",
        ] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@example.org", "x".repeat(65));
        for wrong in [
            "", "a", "@b.co", "a@b", "a@.co", "a@b..co", "a b@c.de", "a@b.co\n", "a@@b.co", ".a@b.co", &long,
        ] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }

    #[test]
    fn lines_end_alike_and_a_name_is_one() {
        let mut checks = Checks::default();
        assert_eq!(checks.text("text", " a\r\n\tb\r\n", 5), "a\n\tb");
        assert!(checks.done().is_ok());
        let mut checks = Checks::default();
        assert_eq!(checks.line("name", " Ann Lee ", 10), "Ann Lee");
        checks.line("name", "Ann\nLee", 10);
        checks.line("name", "Ann\u{202E}Lee", 10);
        let codes: Vec<_> = checks.errors.iter().map(|error| &*error.code).collect();
        assert_eq!(codes, ["line_break", "direction_control"]);
    }

    #[test]
    fn names_are_lowered_and_bounded() {
        let mut checks = Checks::default();
        assert_eq!(checks.username("username", " Ann.Lee-7 "), "ann.lee-7");
        assert!(checks.done().is_ok());
        for wrong in ["ab", "ann lee", "änne", &"x".repeat(41), ""] {
            let mut checks = Checks::default();
            checks.username("username", wrong);
            assert!(checks.done().is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_faults_are_told_together() {
        let mut checks = Checks::default();
        checks.email("email", "nobody");
        checks.password("password", "short", "ann", None);
        checks.text("first_name", "a\u{0}b", NAME_MAX_CHARS);
        let problem = checks.done().unwrap_err();
        let codes: Vec<_> = problem.errors().iter().map(|error| error.code.as_ref()).collect();
        assert_eq!(codes, ["email_invalid", "password_length", "control_character"]);
    }

    #[test]
    fn a_password_is_not_what_everybody_knows() {
        for (password, good) in [
            ("ANN.LEE.1970", false),
            ("Ann@example.org", false),
            ("quite another", true),
        ] {
            let mut checks = Checks::default();
            checks.password("password", password, "ann.lee.1970", Some("ann@Example.org"));
            assert_eq!(checks.done().is_ok(), good, "{password}");
        }
    }
}
